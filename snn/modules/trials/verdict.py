"""Verdict on a module: its answer to an image is that image's alone and can be had again, or it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.capture import Capture, LayerPlace
from spikeatlas.snn.modules.drive import first_tensor
from spikeatlas.snn.modules.spike_sum import SpikeSum

Answers = Literal["deterministic", "stochastic"]


class BatchDependenceError(ValueError):
    """A response depends on the other images of its batch."""


def verdict(
    capture: Capture, layers: dict[str, LayerPlace], pictures: Tensor
) -> tuple[dict[str, LayerPlace], Answers]:
    """Show the same images again, with another seed, and among others; refuse what is no number or cannot be replayed."""
    require_numbers(capture, layers, pictures)
    if not _alone(capture, layers, pictures):
        # steps may be folded into the images' axis in the other order
        layers = {
            name: replace(place, shape=replace(place.shape, fold="batch"))
            for name, place in layers.items()
        }
    first = responses(capture, layers, pictures, seed=0)
    if not _equal(first, responses(capture, layers, pictures, seed=0)):
        raise ValueError(
            "network.factory: the module answers the same images otherwise when it is called again: it keeps state outside "
            "of the module's attributes and buffers (a global, a closure, or a random generator that it seeds anew), which "
            "cannot be put back; keep it in the module, and draw from torch's, numpy's or Python's own generator."
        )
    if not _alone(capture, layers, pictures):
        raise BatchDependenceError(
            "a response depends on the other images of its batch (BatchNorm with track_running_stats=False does so): "
            "such a module has no answer to one image."
        )
    drawn_alike = _equal(first, responses(capture, layers, pictures, seed=1))
    return layers, "deterministic" if drawn_alike else "stochastic"


def require_numbers(capture: Capture, layers: Mapping[str, LayerPlace], pictures: Tensor) -> None:
    """Raise ValueError for a layer that gets or gives what is no number: neurons that get NaN are silent for ever."""
    problems: dict[str, None] = {}

    def notice(path: str) -> Any:
        def look(_module: nn.Module, inputs: Any, output: Any) -> None:
            values = {"gets": first_tensor(inputs), "gives": first_tensor(output)}
            for verb, tensor in values.items():
                if tensor is not None and not tensor.isfinite().all():
                    problems[f"{path or 'the module'} {verb}"] = None

        return look

    handles = [
        capture.module.get_submodule(path).register_forward_hook(notice(path))
        for path in dict.fromkeys(place.path for place in layers.values())
    ]
    try:
        capture.show(pictures[None], {}, seed=0)
    finally:
        for handle in handles:
            handle.remove()
    if problems:
        raise ValueError(
            f"network.factory: {next(iter(problems))} numbers that are NaN or infinite for some of {len(pictures)} training "
            "images, with weights that are finite: is something before it divided by 0, or the logarithm or root of a "
            "number that may be 0 or negative?"
        )


def responses(
    capture: Capture, layers: Mapping[str, LayerPlace], pictures: Tensor, *, seed: int | None
) -> dict[str, Tensor]:
    """Sums over time (n, channels, *map) of the layers' outputs for normalised pictures (n, c, h, w)."""
    sums = {place: SpikeSum() for place in layers.values()}
    capture.show(pictures[None], sums, seed=seed)
    totals = {name: sums[place].total for name, place in layers.items()}
    return {name: total for name, total in totals.items() if total is not None}


def _alone(capture: Capture, layers: Mapping[str, LayerPlace], pictures: Tensor) -> bool:
    """Tell whether each half of pictures is answered the same, at the same places, among others."""
    half = len(pictures) // 2
    first, second = pictures[:half], pictures[half:]
    whole = responses(capture, layers, pictures, seed=0)
    for batch, rows in (
        (torch.cat([first, -second.flip(0)]), slice(0, half)),
        (torch.cat([-first.flip(0), second]), slice(half, None)),
    ):
        other = responses(capture, layers, batch, seed=0)
        if not _equal(
            *({name: total[rows] for name, total in sums.items()} for sums in (whole, other))
        ):
            return False
    return True


def _equal(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)
