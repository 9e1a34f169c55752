"""Verdict on a module: its answer to an image is that image's alone and can be had again, or it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from spikeatlas.snn.modules.capture import Capture, LayerPlace
from spikeatlas.snn.modules.spike_sum import SpikeSum

Answers = Literal["deterministic", "stochastic"]


class BatchDependenceError(ValueError):
    """A response depends on the other images of its batch."""


def verdict(
    capture: Capture, layers: dict[str, LayerPlace], pictures: Tensor
) -> tuple[dict[str, LayerPlace], Answers]:
    """Show the same images again, with another seed, and among others; refuse what cannot be replayed."""
    if not _alone(capture, layers, pictures):
        # steps may be folded into the images' axis in the other order
        layers = {
            name: replace(place, shape=replace(place.shape, fold="batch"))
            for name, place in layers.items()
        }
    first = responses(capture, layers, pictures, seed=0)
    if not _equal(first, responses(capture, layers, pictures, seed=0)):
        raise ValueError(
            "the module answers the same images otherwise when it is called again: it keeps state outside of the "
            "module's attributes and buffers (a global, or a closure), which cannot be put back; keep it in the module."
        )
    if not _alone(capture, layers, pictures):
        raise BatchDependenceError(
            "a response depends on the other images of its batch (BatchNorm with track_running_stats=False does so): "
            "such a module has no answer to one image."
        )
    drawn_alike = _equal(first, responses(capture, layers, pictures, seed=1))
    return layers, "deterministic" if drawn_alike else "stochastic"


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
    return all(torch.equal(first[name].nan_to_num(), second[name].nan_to_num()) for name in first)
