"""Benchmarks that print what the docs claim, as ratios measured side by side in one run."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spikeatlas.flows.benchmark.reference_loop import (
    Images,
    noise_images,
    reference_network,
    smooth_images,
)
from spikeatlas.flows.benchmark.response_speed import Row, benchmark, layer_targets, table, targets
from spikeatlas.flows.benchmark.training_speed import time_training_step
from spikeatlas.snn.data import Digits, FolderImages
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork, build_network, pixel_statistics
from spikeatlas.snn.responder import Responder
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.process import one_thread

BATCH = 100
LARGE_BATCH = 1000
TRAINING_BATCH = 128
SEED = 0


def responder_benchmark(root: Path | None, rounds: int, figure: Path | None) -> Iterator[str]:
    """Time the responder, part by part: ratios to the plain loop, training, memory.

    ``root``: an image folder with 32x32 colour images for the natural pictures; pictures with the
    spectrum of natural ones if left out.
    """
    one_thread()
    natural = natural_images(root)
    pictures = {"natural" if root else "1/f": natural[:BATCH], "noise": noise_images(BATCH)}
    rows: list[Row] = []
    for time_steps in (25, 128):
        network = reference_network(natural, time_steps, SEED)
        found = benchmark(network, pictures, targets(network), rounds=rounds)
        rows += found
        yield f"MANGO's shape, T={time_steps}; matrix product {found[0].gemm:.0f} GFLOP/s\n{table(found)}"
    found = digits_rows(rounds)
    yield f"the demo's network, digits, T=25\n{table(found)}"
    yield training_line(natural)
    yield memory_line(natural)
    if figure is not None:
        draw(rows, figure)
        yield f"figure: {figure}"


def natural_images(root: Path | None) -> Images:
    """Images (256, 3, 32, 32)."""
    if root is None:
        return smooth_images(256)
    return models.dataset(FolderImages(root=root, limit=256)).test.images


def digits_rows(rounds: int) -> list[Row]:
    """The demo's network, untrained, on its own images."""
    images = models.dataset(Digits()).test.images[:256]
    mean, std = pixel_statistics(images)
    network = build_network(
        NetworkSpec(), input_shape=(1, 8, 8), classes=10, mean=mean, std=std, seed=SEED
    )
    return benchmark(
        network, {"digits": images}, layer_targets(network), rounds=rounds, slow_images=256
    )


def training_line(natural: Images) -> str:
    """A training step of MANGO's shape, T=25, both ways."""
    labels = np.random.default_rng(SEED).integers(0, 10, TRAINING_BATCH)
    network = reference_network(natural, 25, SEED)
    times = time_training_step(network, natural[:TRAINING_BATCH], labels, rounds=1)
    return (
        f"training step, MANGO's shape, T=25, batch {TRAINING_BATCH}: layer by layer {times.layers:.2f} "
        f"core-seconds, snnTorch's loop {times.steps:.2f}, ratio {times.ratio:.2f}; gradients differ by "
        f"{times.difference:.1e} of the largest"
    )


def memory_line(natural: Images) -> str:
    """What a call with a large batch adds to a process's memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        network = reference_network(natural, 128, SEED)
        before, after = pool.submit(peak_memory, network, natural).result()
    return (
        f"memory, MANGO's shape, T=128, batch {LARGE_BATCH}: {(after - before) / 2**20:.0f} MiB above the "
        f"{before / 2**20:.0f} MiB of the process with the network (cap {2**10} MiB)"
    )


def peak_memory(network: SpikingNetwork, natural: Images) -> tuple[int, int]:
    """Peak bytes of this process before and after one call on a batch of 1,000, all layers."""
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


def draw(rows: list[Row], path: Path) -> None:
    """Ratios to the plain loop as bars, a group for each target."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    fast = [row for row in rows if row.variant == "auto"]
    names = list(dict.fromkeys(row.target for row in fast))
    kinds = list(dict.fromkeys((row.time_steps, row.pictures) for row in fast))
    for place, (steps, pictures) in enumerate(kinds):
        heights = [
            next(
                r.ratio
                for r in fast
                if (r.target, r.time_steps, r.pictures) == (name, steps, pictures)
            )
            for name in names
        ]
        at = np.arange(len(names)) + (place - (len(kinds) - 1) / 2) / (len(kinds) + 1)
        bars = axes.bar(at, heights, 1 / (len(kinds) + 1), label=f"T={steps}, {pictures}")
        axes.bar_label(bars, fmt="%.0f", fontsize=7)
    axes.set_xticks(range(len(names)), names)
    axes.set_yscale("log")
    axes.set_ylabel("images per second / plain loop's")
    axes.legend(ncols=2, fontsize=8)
    figure.savefig(path, dpi=110)
