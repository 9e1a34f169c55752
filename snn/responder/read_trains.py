"""Readings other than the rate: layer by layer, over whole spike trains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, encode
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.readings import TrainReading, UnitChoice
from spikeatlas.snn.readings.positions import place_of
from spikeatlas.snn.responder.plain import Responses
from spikeatlas.snn.responder.planner import Plan
from spikeatlas.snn.responder.receptive_field import ReceptiveField
from spikeatlas.snn.responder.shapes import layer_shapes
from spikeatlas.snn.showing import Showing, check_stimuli

Images = npt.NDArray[np.uint8]
Rows = dict[str, npt.NDArray[np.float64]]
# Currents, spikes and what is folded of them, with the arrays that making them takes, in float32 numbers.
_COPIES = 6
# Frames (images times steps) in one call of torch's operator: enough for its full speed.
_FRAMES = 512


class TrainResponder:
    """Readings of neurons' whole spike trains, spike for spike those of the plain loop.

    Every layer runs over all time steps before the next; stimuli go through in chunks of always the same
    size. Of a position of a map no more is computed than it depends on, where the layers are known. Calls
    change nothing: threads may share it.
    """

    def __init__(
        self,
        network: SpikingNetwork,
        neurons: Mapping[str, tuple[int, ...]],
        showing: Showing,
        *,
        memory: int,
        reading: TrainReading,
        unit: UnitChoice,
    ) -> None:
        """``neurons``: those asked for, by layer; ``memory``: bytes that working arrays may take."""
        self.network = network
        self.neurons = {name: list(row) for name, row in neurons.items()}
        self.reading = reading
        self.unit = unit
        self._layers = network.upto(neurons)
        self._showing = showing
        self._showings = showing.presentations if CODINGS[network.coding].stochastic else 1
        fitting = min(memory // self._image_bytes(), _FRAMES // network.time_steps)
        self._chunk = max(1, min(showing.batch_size, fitting))
        self._fields = self._receptive_fields()
        self.plan = Plan((), tuple(map(self._line, self.neurons)))

    def _receptive_fields(self) -> dict[str, ReceptiveField]:
        """Layers asked for of which one position is read, where no more than it depends on need be computed."""
        shapes = layer_shapes(self.network, self._layers)
        fields = {}
        for depth, layer in enumerate(self._layers, 1):
            place = place_of(self.unit, shapes[depth - 1].target[1:])
            chain = self._layers[:depth], shapes[:depth]
            if layer.name in self.neurons and place is not None and ReceptiveField.fits(*chain):
                fields[layer.name] = ReceptiveField(*chain, place, self.network.time_steps)
        return fields

    def _line(self, name: str) -> str:
        """Describe a layer's way in a line of the plan."""
        field = "over the receptive field of its position, " if name in self._fields else ""
        device = "" if self._showing.device == "cpu" else f", on {self._showing.device}"
        reading = f"reading {self.reading.kind}, unit {self.unit}{device}"
        return f"{name}: {field}whole spike trains, layer by layer; {reading}"

    def _image_bytes(self) -> int:
        """Memory of one image in the largest layer, its inputs included."""
        shapes = layer_shapes(self.network, self._layers)
        numbers = max(shape.input_map + shape.positions * shape.filters for shape in shapes)
        return 4 * _COPIES * self.network.time_steps * numbers

    def __call__(self, images: Images) -> Responses:
        """Readings {layer: (n, neurons asked for) float32} of stimuli uint8 (n, c, h, w) or (n, F, c, h, w)."""
        check_stimuli(images, self.network.input_shape, sequences=True)
        parts: dict[str, list[npt.NDArray[np.float32]]] = {
            name: [np.empty((0, len(row)), np.float32)] for name, row in self.neurons.items()
        }
        for chunk, count in padded_batches(images, self._chunk):
            for name, responses in self._mean(chunk).items():
                parts[name].append(responses[:count].astype(np.float32))
        return {name: np.concatenate(rows) for name, rows in parts.items()}

    def _mean(self, chunk: Images) -> Rows:
        """Mean over the presentations."""
        rows = [self._present(chunk, number) for number in range(self._showings)]
        return {name: np.mean([row[name] for row in rows], axis=0) for name in self.neurons}

    @torch.no_grad()
    def _present(self, chunk: Images, number: int) -> Rows:
        """Readings of one showing, its number from 0."""
        key = self._showing.key
        key = None if key is None else key.shifted(number)
        inputs = encode(self.network, chunk, key).to(self.network.device)
        return {
            name: self._read(spikes, name)[:, self.neurons[name]]
            for name, spikes in self._trains(inputs)
        }

    def _trains(self, inputs: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Spikes (T, n, ...) of layers, those asked for among them, in units of their height."""
        for name, field in self._fields.items():
            yield name, field.spikes(inputs)
        rest = self.neurons.keys() - self._fields.keys()
        depth = len(self.network.upto(rest)) if rest else 0
        for name, spikes in self.network.capture(inputs, depth):
            if name in rest:
                yield name, self.network.neurons(name).relative(spikes)

    def _read(self, spikes: Tensor, name: str) -> npt.NDArray[np.float64]:
        # a receptive field has the one position alone
        unit: UnitChoice = "channel" if name in self._fields else self.unit
        value = self.reading.fold(None, spikes, 0).cpu()
        return self.reading.responses(value, self.network.time_steps, unit)
