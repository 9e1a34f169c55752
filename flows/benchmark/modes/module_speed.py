"""The speed of a user's own module: the faster ways of its graph against its own loop, side by side in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from spikeatlas.flows.benchmark.library_networks import jelly_resnet, neuron_paths, tutorial_net
from spikeatlas.snn.generators.base import Images
from spikeatlas.snn.graph import Drive, FastWay, fast_way
from spikeatlas.snn.networks import pixel_statistics

SEED = 0
BATCH = 32
COUNTED = 96
"""Images whose counts are compared."""
_LEAST = 0.05
"""Seconds that the faster way is timed for in a round."""

Run = Callable[[Tensor], None]
Neurons = Mapping[str, Sequence[int]]


class Contest(NamedTuple):
    """A module, its own loop, and its faster way."""

    title: str
    net: nn.Module
    loop: Run
    """Shows the module normalised images, for all time steps."""
    way: FastWay
    sizes: dict[str, int]
    """Neurons of each layer, shallow to deep."""
    rates: dict[str, float]
    """Spikes a step and position of each layer."""
    gap: float
    """Largest difference of a response where sums are in the fastest order (``responder.kind: fast``)."""
    share: float
    """Of the responses of all layers that differ then."""
    differing: int
    """Responses of all layers that differ from the module's own, of ``COUNTED`` images."""
    plainer: int
    """The same by the plainer way, where there is one."""


def module_lines(natural: Images, rounds: int) -> Iterator[str]:
    """Yield a table for each network: ratios to the module's own loop; ``natural``: uint8 (n, 3, 32, 32), n >= 96."""
    yield from _table(tutorial_contest(natural), _tutorial_targets, natural, rounds)
    try:
        for width, stem in ((16, 7), (16, 3), (64, 7)):
            contest = resnet_contest(natural, width, stem)
            yield from _table(contest, _resnet_targets, natural, rounds)
    except ModuleNotFoundError as error:
        yield str(error)


def tutorial_contest(natural: Images, time_steps: int = 25) -> Contest:
    """Return snnTorch's network, T=25, whose layers are lowered to ours."""
    net = tutorial_net(normalised(natural, natural[:16]), time_steps, SEED)
    title = f"a user's snnTorch module, conv 64 k5, conv 64 k5, fc 100, fc 10, T={time_steps}"
    return _contest(title, net, net, natural, "image", time_steps)


def resnet_contest(natural: Images, width: int, stem: int, time_steps: int = 20) -> Contest:
    """Return SpikingJelly's spiking ResNet-18, whose layers are run all time steps at once."""
    net = jelly_resnet(width, stem=stem, images=normalised(natural, natural[:128]), seed=SEED)

    def loop(images: Tensor) -> None:
        _reset(net)
        for _ in range(time_steps):
            net(images)
        _reset(net)

    title = f"SpikingJelly's spiking ResNet-18, width {width}, {stem}x{stem} stem, T={time_steps}"
    return _contest(title, net, loop, natural, "steps", time_steps)


def _reset(net: nn.Module) -> None:
    for part in net.modules():
        reset = getattr(part, "reset", None)
        if callable(reset) and part is not net:
            reset()


def normalised(natural: Images, images: Images) -> Tensor:
    """Normalise images by the statistics of the natural ones, as the lowered network does."""
    mean, std = (torch.tensor(row)[:, None, None] for row in pixel_statistics(natural))
    return (torch.from_numpy(images).to(torch.float32) / 255 - mean) / std


def _contest(
    title: str, net: nn.Module, loop: Run, natural: Images, drive: Drive, time_steps: int
) -> Contest:
    mean, std = pixel_statistics(natural)
    paths = neuron_paths(net)
    way = fast_way(
        net,
        {path: (path, 1) for path in paths},
        drive=drive,
        time_steps=time_steps,
        example=normalised(natural, natural[:2]),
        mean=mean,
        std=std,
    )
    if isinstance(way, str):
        raise TypeError(f"{title} has no faster way: {way}.")
    images = natural[:COUNTED]
    rates = _recorded(net, loop, normalised(natural, images), paths, time_steps)
    sizes = {path: row.shape[1] for path, row in rates.items()}
    everyone = {path: range(sizes[path]) for path in paths}
    gaps = []
    for other in (way, way.plainer() or way, way.reordered() or way):
        answers = other.counts(images, paths, everyone)
        gaps.append(np.concatenate([np.abs(answers[p] - rates[p]).ravel() for p in paths]))
    means = {path: float(row.mean()) for path, row in rates.items()}
    differing, plainer, _ = (int((gap > 0).sum()) for gap in gaps)
    largest, share = float(gaps[2].max()), float((gaps[2] > 0).mean())
    return Contest(title, net, loop, way, sizes, means, largest, share, differing, plainer)


@torch.no_grad()
def _recorded(
    net: nn.Module, loop: Run, images: Tensor, paths: Sequence[str], time_steps: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Rates (n, neurons) of all layers, recorded by hooks in batches."""
    parts: dict[str, list[npt.NDArray[np.float64]]] = {path: [] for path in paths}
    for start in range(0, len(images), BATCH):
        sums: dict[str, Tensor] = {}
        handles = [
            net.get_submodule(path).register_forward_hook(_adder(path, sums)) for path in paths
        ]
        loop(images[start : start + BATCH])
        for handle in handles:
            handle.remove()
        for path, counts in sums.items():
            maps = counts.double().reshape(*counts.shape[:2], -1)
            parts[path].append(maps.sum(2).numpy() / (time_steps * maps.shape[2]))
    return {path: np.concatenate(rows) for path, rows in parts.items()}


def _adder(path: str, sums: dict[str, Tensor]) -> Callable[..., None]:
    def add(_: nn.Module, __: object, output: Tensor | tuple[Tensor, ...]) -> None:
        spikes = output[0] if isinstance(output, tuple) else output
        sums[path] = sums[path] + spikes if path in sums else spikes

    return add


def _tutorial_targets(contest: Contest) -> dict[str, Neurons]:
    """Return all layers, the second one, one neuron of it, and one of the first."""
    first, second = list(contest.sizes)[:2]
    return {
        "all layers": _everyone(contest, list(contest.sizes)),
        f"{second}, all neurons": _everyone(contest, [second]),
        f"{second}, one neuron": {second: [contest.sizes[second] // 2]},
        f"{first}, one neuron": {first: [contest.sizes[first] // 2]},
    }


def _resnet_targets(contest: Contest) -> dict[str, Neurons]:
    """Return three layers, each alone, and all 17."""
    alone = ("layer1.0.sn1", "layer2.0.sn1", "layer4.1.sn1")
    return {name: _everyone(contest, [name]) for name in alone} | {
        "all layers": _everyone(contest, list(contest.sizes))
    }


def _everyone(contest: Contest, names: Sequence[str]) -> Neurons:
    return {name: range(contest.sizes[name]) for name in names}


def _table(
    contest: Contest,
    targets: Callable[[Contest], dict[str, Neurons]],
    natural: Images,
    rounds: int,
) -> Iterator[str]:
    rates = list(contest.rates.values())
    lines = [
        f"{contest.title}, batch {BATCH}: {contest.way.name}",
        (
            f"  {contest.differing} responses of {COUNTED} images differ; layers fire {min(rates):.3f} to "
            f"{max(rates):.3f} spikes a step"
        ),
    ]
    for name, neurons in targets(contest).items():
        lines.append(_line(name, time_turns(contest, neurons, natural, rounds)))
    lines += _other_ways(contest, natural, rounds)
    yield "\n".join(lines) + "\n"


def _other_ways(contest: Contest, natural: Images, rounds: int) -> Iterator[str]:
    """Time all layers the plainer way, and with sums in the fastest order, where there is such."""
    everyone = _everyone(contest, list(contest.sizes))
    moved = f"{contest.share:.2%} of the responses differ, by at most {contest.gap:.3f}"
    for name, note, way in (
        ("layer by layer", f"{contest.plainer} responses differ", contest.way.plainer()),
        ("kind: fast", moved, contest.way.reordered()),
    ):
        if way is not None:
            speed = time_turns(contest._replace(way=way), everyone, natural, rounds)
            yield _line(f"all layers, {name}", speed) + f"; {note}"


def _line(name: str, speed: TurnSpeed) -> str:
    return f"  {name:26} {speed.images:8.0f} images/s {speed.ratio:8.1f} x the module's own loop"


class TurnSpeed(NamedTuple):
    """Speed of a faster way, on one core."""

    images: float
    """A second, median over rounds."""
    ratio: float
    """To the module's own loop over all its layers, in the same round; the median."""


def time_turns(contest: Contest, neurons: Neurons, natural: Images, rounds: int) -> TurnSpeed:
    """Time a batch both ways, in turn, by the time of this process alone, after a warm-up."""
    images, inputs = natural[:BATCH], normalised(natural, natural[:BATCH])

    def answer() -> None:
        contest.way.counts(images, list(neurons), neurons, batch_size=BATCH)

    @torch.no_grad()
    def loop() -> None:
        contest.loop(inputs)

    answer()
    repeats = 1 + int(_LEAST / max(_seconds(answer, 1), 1e-6))
    speeds, ratios = [], []
    for _ in range(rounds):
        slow, fast = _seconds(loop, 1), _seconds(answer, repeats)
        speeds.append(BATCH / fast)
        ratios.append(slow / fast)
    return TurnSpeed(median(speeds), median(ratios))


def _seconds(call: Callable[[], None], repeats: int) -> float:
    began = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - began) / repeats
