"""The responder's speed as the docs state it: ratios measured side by side in one run."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spikeatlas.flows.benchmark.modes.module_speed import module_lines
from spikeatlas.flows.benchmark.modes.training_speed import training_line
from spikeatlas.flows.benchmark.reference_network import (
    natural_images,
    noise_images,
    reference_network,
)
from spikeatlas.flows.benchmark.response_timing import (
    Speed,
    layer_targets,
    network_targets,
    table,
    time_responses,
)
from spikeatlas.snn.atomic import require_picture
from spikeatlas.snn.data import Digits
from spikeatlas.snn.generators.base import Images
from spikeatlas.snn.networks import NetworkSite, NetworkSpec, SpikingNetwork, pixel_statistics
from spikeatlas.snn.responder import Responder
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.process import one_thread

BATCH = 100
LARGE_BATCH = 1000
SEED = 0


def time_responder(
    images: Path | None = None, rounds: int = 3, figure: Path | None = None
) -> Iterator[str]:
    """Time the responder, part by part: ratios to the plain loop, training, memory.

    ``images``: an image folder with 32x32 colour images for the natural pictures; pictures with the
    spectrum of natural ones if left out.
    """
    if figure is not None:
        require_picture(figure)
    one_thread()
    natural = natural_images(images)
    pictures = {"natural" if images else "1/f": natural[:BATCH], "noise": noise_images(BATCH)}
    speeds: list[Speed] = []
    for time_steps in (25, 128):
        network = reference_network(natural, time_steps, SEED)
        rows = time_responses(network, pictures, network_targets(network), rounds=rounds)
        speeds += rows
        yield (
            f"MANGO's shape, T={time_steps}; matrix product {rows[0].gemm:.0f} GFLOP/s\n{table(rows)}\n"
        )
    yield f"the demo's network, digits, T=25\n{table(time_digits(rounds))}\n"
    for part in module_lines(natural, rounds):
        yield f"{part}\n"
    yield f"{training_line(natural, rounds=1)}\n"
    yield f"{memory_line(natural)}\n"
    if figure is not None:
        draw_ratios(speeds, figure)
        yield f"figure: {figure}\n"


def time_digits(rounds: int) -> list[Speed]:
    """Time the demo's network, untrained, on its own images."""
    images = models.dataset(Digits()).test.images[:256]
    mean, std = pixel_statistics(images)
    network = NetworkSpec().build(NetworkSite((1, 8, 8), 10, mean, std, SEED))
    return time_responses(
        network, {"digits": images}, layer_targets(network), rounds=rounds, slow_images=256
    )


def memory_line(natural: Images) -> str:
    """Measure the memory that a call with a large batch adds to a process, and return it as a line."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        network = reference_network(natural, 128, SEED)
        before, after = pool.submit(peak_memory, network, natural).result()
    return (
        f"memory, MANGO's shape, T=128, batch {LARGE_BATCH}: {(after - before) / 2**20:.0f} MiB above the "
        f"{before / 2**20:.0f} MiB of the process with the network (cap {2**10} MiB)"
    )


def peak_memory(network: SpikingNetwork, natural: Images) -> tuple[int, int]:
    """Return the peak bytes of this process before and after one call on a batch of 1,000, all layers."""
    one_thread()
    images = np.resize(natural, (LARGE_BATCH, *natural.shape[1:]))
    respond = Responder(network, network.layers, batch_size=LARGE_BATCH)
    before = _peak()
    respond(images)
    return before, _peak()


def _peak() -> int:
    """Peak bytes of this process alone, as Linux tells it (getrusage counts the parent's before exec)."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if "VmHWM" in line).split()[1])


def draw_ratios(speeds: list[Speed], path: Path) -> None:
    """Draw the ratios to the plain loop as bars, a group for each target."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    fast = [speed for speed in speeds if speed.variant == "auto"]
    names = list(dict.fromkeys(speed.target for speed in fast))
    groups = list(dict.fromkeys((speed.time_steps, speed.pictures) for speed in fast))
    ratios = {(speed.target, speed.time_steps, speed.pictures): speed.ratio for speed in fast}
    for number, (steps, pictures) in enumerate(groups):
        heights = [ratios[name, steps, pictures] for name in names]
        shift = (number - (len(groups) - 1) / 2) / (len(groups) + 1)
        _draw_bars(axes, heights, shift, 1 / (len(groups) + 1), f"T={steps}, {pictures}")
    axes.set_xticks(range(len(names)), names)
    axes.set_yscale("log")
    axes.set_ylabel("images per second / plain loop's")
    axes.legend(ncols=2, fontsize=8)
    figure.savefig(path, dpi=110)


def _draw_bars(axes: Axes, heights: list[float], shift: float, width: float, label: str) -> None:
    bars = axes.bar(np.arange(len(heights)) + shift, heights, width, label=label)
    axes.bar_label(bars, fmt="%.0f", fontsize=7)
