"""A function whose layers have names that are no plain words, and whose responses may be negative."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.tiny import tiny

NAMES = ("layer 2.0#1", "0.2", "_bn $1$ [red]", 'a "b" <i>&')
"""Dots, #, blanks; what a page, a legend, a table of the terminal and a path take for something else."""

Function = Callable[[NDArray[np.uint8]], dict[str, NDArray[np.float64]]]


def signed(gain: float = 100.0, more: Sequence[str] = ()) -> Function:
    """Weighted sums of pixels, most of the last layer's below 0; ``gain``: of the first; ``more``: names of further ones."""
    weights = np.random.default_rng(0).standard_normal((len(NAMES), 64, 4))

    def respond(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
        pixels = images.reshape(len(images), -1) / 255 - 0.4
        first, second, third, last = (pixels @ layer for layer in weights)
        values = (gain * first, np.maximum(second, 0), third, last - 9)
        return {**dict(zip(NAMES, values, strict=True)), **dict.fromkeys(more, values[1])}

    return respond


def odd_study(output: Path, **sections: Any) -> dict[str, Any]:
    """A tiny study of it; ``sections`` as in ``tiny``."""
    network = {
        "kind": "callable",
        "factory": "tests.networks.odd_names:signed",
        "layers": dict.fromkeys(NAMES, 4),
        "unit": {"name": "dF/F", "bottom": None},
    }
    probe = {"epochs": "all", "layers": "all"}
    return tiny(output, **{"network": network, "probe": probe, **sections})


DEPTH = 17


def deep() -> Function:
    """As many layers as a ResNet-18 has, of one neuron each."""
    weights = np.random.default_rng(0).standard_normal((DEPTH, 64))

    def respond(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
        sums = abs(images.reshape(len(images), -1) / 255 @ weights.T)
        return {f"layer{n // 4}.{n % 4}.sn{n}": sums[:, [n]] for n in range(DEPTH)}

    return respond


def deep_study(output: Path) -> dict[str, Any]:
    """A tiny study of it."""
    layers = dict.fromkeys(deep()(np.zeros((1, 1, 8, 8), np.uint8)), 1)
    network = {"kind": "callable", "factory": "tests.networks.odd_names:deep", "layers": layers}
    search = {"methods": ["random"], "budget": 2, "repeats": 1, "screening_images": 4}
    probe = {"epochs": "all", "layers": "all"}
    return tiny(output, network=network, search=search, probe=probe, analysis={"images": 40})
