"""Responses of a user's function, called in padded batches, by one thread at a time unless it may be several."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.sentences import reason_of
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects.base import Images, Neurons, Responses
from spikeatlas.snn.subjects.functions.function_answers import checked_answers

Function = Callable[..., Mapping[str, NDArray[Any]]]
"""Stimuli uint8 (n, c, h, w) to ``{layer: (n, neurons)}``; it may take ``seeds``, uint64 (n,)."""


@dataclass(frozen=True)
class FunctionSite:
    """All that is known of a function beside itself."""

    factory: str
    input_shape: tuple[int, int, int]
    layers: Mapping[str, LayerInfo]
    stochastic: bool
    threads: bool
    """True if threads may call it at the same time."""


class FunctionRespond:
    """Some neurons' answers."""

    def __init__(
        self, function: Function, site: FunctionSite, neurons: Neurons, showing: Showing
    ) -> None:
        self._function = function
        self._site = site
        self._neurons = dict(neurons)
        self._showing = showing
        parameters = _parameters(function)
        if not site.stochastic and _needs_seeds(parameters):
            raise ValueError(
                f"network.stochastic: the function of {site.factory} takes seeds, but stochastic is false: write "
                "stochastic: true, or let it take images alone."
            )
        self._seeded = site.stochastic and "seeds" in parameters
        if self._seeded and showing.key is None:
            raise ValueError("key is missing: a stochastic function needs one, for its seeds.")
        self._turn: AbstractContextManager[Any] = (
            nullcontext() if site.threads else turns(site.factory)
        )

    def __call__(self, images: Images) -> Responses:
        """Answers float32 (n, neurons) of each layer, the mean over the presentations."""
        self._check(images)
        parts = {
            layer: [np.empty((0, len(row)), np.float32)] for layer, row in self._neurons.items()
        }
        for batch, count in padded_batches(images, self._showing.batch_size):
            for layer, rows in self._mean(batch).items():
                parts[layer].append(rows[:count].astype(np.float32))
        return {layer: np.concatenate(rows) for layer, rows in parts.items()}

    def describe(self) -> list[str]:
        """Say that it is a function, and who waits for whom."""
        turn = "threads call it together" if self._site.threads else "calls take turns"
        factory = self._site.factory
        return [f"{layer}: plain: the function of {factory}; {turn}" for layer in self._neurons]

    def _mean(self, batch: Images) -> dict[str, NDArray[np.float64]]:
        showings = self._showing.presentations if self._site.stochastic else 1
        rows = [self._present(batch, number) for number in range(showings)]
        return {layer: np.mean([row[layer] for row in rows], axis=0) for layer in self._neurons}

    def _present(self, batch: Images, number: int) -> dict[str, NDArray[np.float64]]:
        """Answers of one showing, its number from 0."""
        stimuli = batch.view()
        stimuli.flags.writeable = False
        seeds = self._seeds(batch, number)
        try:
            with self._turn:
                answers = self._function(stimuli, **seeds)
        except (Exception, SystemExit) as error:
            raise ValueError(
                f"network.factory: the function of {self._site.factory} failed on {len(batch)} images: "
                f"{reason_of(error)}."
            ) from error
        rows = checked_answers(answers, self._site.layers, len(batch), self._site.factory)
        return {layer: rows[layer][:, list(neurons)] for layer, neurons in self._neurons.items()}

    def _seeds(self, batch: Images, number: int) -> dict[str, NDArray[np.uint64]]:
        """Seeds of the stimuli, as an argument, where the function takes them."""
        key = self._showing.key
        if not self._seeded or key is None:
            return {}
        return {"seeds": stimulus_seeds(batch, key.shifted(number))}

    def _check(self, images: Images) -> None:
        shape = self._site.input_shape
        if images.dtype != np.uint8 or images.shape[1:] != shape:
            raise ValueError(
                f"images are {images.dtype} {images.shape}: this network takes uint8 (n, {', '.join(map(str, shape))})."
            )


def stimulus_seeds(images: Images, key: CodingKey) -> NDArray[np.uint64]:
    """Return one seed a stimulus, which depends on nothing but it and the key."""
    raw = [key.generator(image.tobytes()).random_raw() for image in images]
    return np.array(raw, np.uint64)


@functools.cache
def turns(factory: str) -> threading.Lock:
    """Return the lock of all functions of a factory: what stands behind them may be one device."""
    del factory
    return threading.Lock()


def _parameters(function: Function) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def _needs_seeds(parameters: Mapping[str, inspect.Parameter]) -> bool:
    return "seeds" in parameters and parameters["seeds"].default is inspect.Parameter.empty
