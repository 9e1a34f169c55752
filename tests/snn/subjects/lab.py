"""Functions as a lab would write them: numpy alone."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

INSIDE: list[int] = []
"""Calls that were under way when a call of ``slow`` began."""
_ACTIVE: list[int] = []


def recorder(neurons: int = 5, gain: float = 1.0, checkpoint: Path | None = None) -> Any:
    """Firing rates of neurons with random receptive fields."""
    seed = 0 if checkpoint is None else int(checkpoint.read_text())

    def respond(images: np.ndarray) -> dict[str, np.ndarray]:
        pixels = images.reshape(len(images), -1) / 255
        fields = np.random.default_rng(seed).normal(size=(pixels.shape[1], neurons))
        return {
            "v1": np.maximum(pixels @ fields, 0) * gain,
            "v2": (pixels.mean(1, keepdims=True) > 0.5).repeat(2, 1),
        }

    return respond


def noisy(seeded: bool = True) -> Any:
    """A number drawn anew at each showing."""

    def with_seeds(images: np.ndarray, seeds: np.ndarray) -> dict[str, np.ndarray]:
        draws = [np.random.default_rng(seed).random(3) for seed in seeds]
        return {"v1": np.array(draws)}

    def without(images: np.ndarray) -> dict[str, np.ndarray]:
        return {"v1": np.random.default_rng().random((len(images), 3))}

    return with_seeds if seeded else without


def slow() -> Any:
    def respond(images: np.ndarray) -> dict[str, np.ndarray]:
        INSIDE.append(len(_ACTIVE))
        _ACTIVE.append(threading.get_ident())
        time.sleep(0.02)
        _ACTIVE.pop()
        return {"v1": np.zeros((len(images), 1))}

    return respond


def wrong(what: str) -> Any:
    """Every mistake there is."""

    def respond(images: Any) -> Any:
        count = len(images)
        if what == "writes":
            images[:] = 0
        return {
            "list": [np.zeros((count, 2))],
            "missing": {"v2": np.zeros((count, 2))},
            "shape": {"v1": np.zeros((2, count + 1))},
            "complex": {"v1": np.zeros((count, 2), complex)},
            "text": {"v1": np.full((count, 2), "a")},
            "nan": {"v1": np.array([[0, np.nan]] * count)},
            "huge": {"v1": np.full((count, 2), 1e300)},
            "high": {"v1": np.full((count, 2), 1.5)},
            "low": {"v1": np.full((count, 2), -0.5)},
            "raises": None,
            "writes": None,
        }[what] or images.nowhere

    return respond


def no_function() -> int:
    return 3


def failing(neurons: int) -> Any:
    raise OSError(f"no amplifier for {neurons}")


def talking() -> Any:
    """A function that prints, as does its factory."""
    print("the factory talks")

    def respond(images: Any) -> Any:
        print("the function talks")
        return {"v1": np.ones((len(images), 2))}

    return respond
