"""Responses of a torch module's layers, batch by batch, by hooks or by a faster way that was held against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, STILL, CodingKey
from spikeatlas.snn.device import Device
from spikeatlas.snn.modules import (
    CLASSES,
    ClassMode,
    FasterWay,
    LayerPlace,
    NaturalReference,
    PixelScaling,
    Readout,
    Silence,
    SpikeReading,
    SpikeSum,
    ThreadCaptures,
    Trial,
    class_responses,
)
from spikeatlas.snn.readings import RATE, TrainReading, UnitChoice
from spikeatlas.snn.showing import Showing, check_stimuli
from spikeatlas.snn.subjects.base import Images, Responses

Means = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class ModuleParts:
    """A module with weights, and all that its trial told."""

    captures: ThreadCaptures
    trial: Trial
    scaling: PixelScaling
    readout: Readout | None
    class_mode: ClassMode | None
    examples: Images
    """Stimuli uint8 (8, c, h, w) that ways are tried with; of data that are sequences (8, F, c, h, w)."""
    truncations: dict[frozenset[str], bool] = field(default_factory=dict)
    """Layers (together) that were tried, and True where a call that ends at the deepest answers the same."""

    @property
    def stochastic(self) -> bool:
        """True where one stimulus is answered differently at each showing."""
        return self.trial.answers == "stochastic" or CODINGS[self.scaling.coding].stochastic

    def is_class_layer(self, name: str) -> bool:
        """Tell whether a layer is that of the read-out's classes: without class mode a module may have any name."""
        return self.class_mode is not None and name == CLASSES

    def tries(self, stimuli: Images) -> bool:
        """Tell whether faster ways were tried with the like: stills, and sequences where the data are sequences."""
        return stimuli.ndim in (STILL, self.examples.ndim)

    def frames(self, images: Images, key: CodingKey | None) -> Tensor:
        """Frames of a showing, see ``PixelScaling.frames``."""
        return self.scaling.frames(images, key, self.trial.drive.time_steps)

    def seed(self, batch: Images, key: CodingKey | None) -> int | None:
        """Seed of the module's own random numbers for one batch; None where it draws none."""
        if self.trial.answers != "stochastic" or key is None:
            return None
        return int(key.generator(batch.tobytes()).random_raw())


class LayerActivity:
    """Mean outputs of some neurons of some layers over time and positions, or another reading of them, by hooks."""

    def __init__(
        self,
        parts: ModuleParts,
        neurons: Mapping[str, Sequence[int]],
        silence: Silence | None = None,
        *,
        class_neurons: Sequence[int] | None = None,
        reading: TrainReading = RATE,
        unit: UnitChoice = "channel",
        device: Device = "cpu",
    ) -> None:
        self._parts = parts
        self._device = device
        self._reading = reading
        self._unit = unit
        self._neurons = {name: np.array(row, np.int64) for name, row in neurons.items()}
        self._silence = silence
        self._class_neurons = class_neurons

    @cached_property
    def truncated(self) -> bool:
        """True where a call ends at the deepest layer; tried only where hooks answer at all."""
        whole = self._class_neurons is not None or self._silence is not None
        return not whole and self._is_truncatable()

    def __call__(self, frames: Tensor, seed: int | None = None) -> Means:
        """Means (n, neurons) of each layer for frames (T or 1, n, c, h, w); the read-out's under ``classes``."""
        return self._show(frames, seed, truncate=self.truncated)

    def _show(self, frames: Tensor, seed: int | None, *, truncate: bool) -> Means:
        sums = self._sums()
        scores = SpikeSum()
        readout = self._parts.readout if self._class_neurons is not None else None
        images = frames.shape[1]
        self._parts.captures.mine(self._device).show(
            frames,
            sums,
            silence=self._silence,
            on_output=None
            if readout is None or readout.layer is not None
            else lambda output: scores.add(readout.frames(output, images)),
            truncate=truncate,
            seed=seed,
        )
        means = {name: self._means(sums[self._place(name)], name) for name in self._neurons}
        if readout is not None:
            means[CLASSES] = self._classes(
                readout, scores if readout.layer is None else sums[readout.layer]
            )
        return means

    def _place(self, name: str) -> LayerPlace:
        return self._parts.trial.layers[name].place

    def _sums(self) -> dict[LayerPlace, SpikeSum]:
        sums = {self._place(name): self._sum(row.tolist()) for name, row in self._neurons.items()}
        readout = self._parts.readout
        if self._class_neurons is not None and readout is not None and readout.layer is not None:
            # all of its neurons, of which a study may ask some as well
            sums[readout.layer] = SpikeSum()
        return sums

    def _sum(self, neurons: Sequence[int]) -> SpikeSum:
        if self._reading == RATE and self._unit == "channel":
            return SpikeSum(neurons)
        return SpikeReading(neurons, self._reading, self._unit)

    def _means(self, total: SpikeSum, name: str) -> NDArray[np.float64]:
        means = total.means()
        return means[:, self._neurons[name]] if total.is_whole else means

    def _classes(self, readout: Readout, total: SpikeSum) -> NDArray[np.float64]:
        mode, neurons = self._parts.class_mode, self._class_neurons
        assert mode is not None
        assert neurons is not None
        return class_responses(readout.scores(total), mode)[:, list(neurons)]

    def _is_truncatable(self) -> bool:
        """Hold the truncated call against the whole one: recurrence from deeper layers would change the answer."""
        tried, layers = self._parts.truncations, frozenset(self._neurons)
        if layers and layers not in tried:
            frames = self._parts.trial.pictures[None]
            whole, cut = (self._show(frames, 0, truncate=truncate) for truncate in (False, True))
            tried[layers] = all(
                np.array_equal(whole[name], cut[name], equal_nan=True) for name in whole
            )
        return bool(layers) and tried[layers]


class ModuleResponder:
    """See ``Respond``: responses of a module's neurons, for all threads."""

    def __init__(
        self,
        parts: ModuleParts,
        neurons: Mapping[str, Sequence[int]],
        showing: Showing,
        *,
        activity: LayerActivity,
        references: Mapping[str, NaturalReference],
        way: FasterWay | str,
        shape: tuple[int, int, int],
    ) -> None:
        self._parts = parts
        self._neurons = {name: np.array(row, np.int64) for name, row in neurons.items()}
        self._showing = showing
        self._activity = activity
        self._references = references
        self._way = way
        self._shape = shape

    def __call__(self, images: Images) -> Responses:
        """See ``Respond``."""
        check_stimuli(images, self._shape, sequences=True)
        rows: dict[str, list[NDArray[np.float32]]] = {
            name: [np.empty((0, len(row)), np.float32)] for name, row in self._neurons.items()
        }
        for batch, count in padded_batches(images, self._showing.batch_size):
            for name, means in self._mean(batch).items():
                rows[name].append(self._scaled(name, means)[:count])
        return {name: np.concatenate(parts) for name, parts in rows.items()}

    def describe(self) -> list[str]:
        """See ``Respond``."""
        names = list(self._neurons)
        if not isinstance(self._way, str):
            return self._way.describe(names)
        end = "ends at the deepest layer" if self._activity.truncated else "runs whole"
        return [f"{name}: hooks, the module {end} ({self._way})" for name in names]

    def _mean(self, batch: Images) -> Means:
        """Mean activity over the presentations (one where nothing is drawn)."""
        if not isinstance(self._way, str) and self._parts.tries(batch):
            neurons = {name: row.tolist() for name, row in self._neurons.items()}
            return self._way.counts(batch, list(neurons), neurons, batch_size=len(batch))
        showings = self._showing.presentations if self._parts.stochastic else 1
        total: Means = {}
        for key in presentation_keys(self._showing.key, showings):
            frames = self._parts.frames(batch, key)
            for name, means in self._activity(frames, self._parts.seed(batch, key)).items():
                total[name] = total[name] + means if name in total else means
        return {name: total[name] / showings for name in self._neurons}

    def _scaled(self, name: str, means: NDArray[np.float64]) -> NDArray[np.float32]:
        if name in self._references:
            means = self._references[name].responses(means, self._neurons[name])
        return as_numbers(f"layer {name}", means).astype(np.float32)


def as_numbers(place: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a module's answers (n, ...); ValueError, naming the ``place`` they are of, where some are no numbers."""
    faults = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if faults.any():
        raise ValueError(
            f"network.factory: the module's answers in {place} are NaN or infinite for {faults.sum()} of {len(values)} images: "
            "let its forward divide by nothing that may be 0, and keep its numbers within float32."
        )
    return values


def presentation_keys(key: CodingKey | None, showings: int) -> list[CodingKey | None]:
    """Return the key of each of so many showings."""
    return [None if key is None else key.shifted(number) for number in range(showings)]
