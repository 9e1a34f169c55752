"""A spiking actor as a subject: what its neurons want to observe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import encode
from spikeatlas.snn.layer_info import LayerInfo, require_rows
from spikeatlas.snn.networks import ActorArchitecture, ActorNetwork, TrainableNetwork
from spikeatlas.snn.readings import TrainReading
from spikeatlas.snn.registry import SPEC, UserPath
from spikeatlas.snn.responder import check_counts, check_weights
from spikeatlas.snn.showing import Showing, check_stimuli
from spikeatlas.snn.subjects.base import Images, Neurons, Responses, Subject
from spikeatlas.snn.subjects.trained import TrainedSpec

ACTOR_LACKS = ("readout", "ablation", "gradients")
"""An actor reads no classes, and so no accuracy that silencing a neuron could change."""


class ActorResponder:
    """Responses of some neurons of some layers to observations, down to the deepest asked for.

    Calls change nothing, so threads may share it. ValueError for unknown layers or neurons, and for NaN or infinite
    weights.
    """

    def __init__(
        self,
        network: ActorNetwork,
        layers: Mapping[str, LayerInfo],
        neurons: Neurons,
        showing: Showing,
    ) -> None:
        """``layers``: all of the network's."""
        check_weights(network)
        check_counts(showing.batch_size, showing.presentations)
        self.network, self.showing = network, showing
        self._depth = network.upto(neurons)
        self._neurons = require_rows(layers, neurons)

    @torch.no_grad()
    def __call__(self, images: Images) -> Responses:
        """See ``Respond``: spikes are counted exactly, over all time steps."""
        check_stimuli(images, self.network.input_shape)
        parts = {name: [np.empty((0, len(row)), np.float32)] for name, row in self._neurons.items()}
        for batch, count in padded_batches(images, self.showing.batch_size):
            for name, responses in self._responses(batch).items():
                parts[name].append(responses[:count])
        return {name: np.concatenate(responses) for name, responses in parts.items()}

    def _responses(self, batch: Images) -> Responses:
        """Responses (n, neurons) to one batch."""
        inputs, steps = encode(self.network, batch, None), self.network.time_steps
        responses, reading = {}, self.showing.reading
        for name, value in self._folded(inputs, reading).items():
            values = reading.responses(value, steps, self.showing.unit)
            responses[name] = values[:, self._neurons[name]].astype(np.float32)
        return responses

    def _folded(self, inputs: Tensor, reading: TrainReading) -> dict[str, Tensor]:
        """Spikes of the layers asked for, folded over all time steps."""
        values: dict[str, Tensor] = {}
        for first, row in self._rows(inputs):
            for name in self._neurons.keys() & row.keys():
                spikes = self.network.neurons(name).relative(row[name])
                values[name] = reading.fold(values.get(name), spikes, first)
        return values

    def _rows(self, inputs: Tensor) -> Iterator[tuple[int, dict[str, Tensor]]]:
        """Spikes (k, n, units) by layer, and the number of their first step: layer by layer, or the plain loop."""
        if self.showing.kind != "plain":
            for name, spikes in self.network.capture(inputs, self._depth):
                yield 0, {name: spikes}
            return
        for step, row in enumerate(self.network.steps(inputs, self._depth)):
            yield step, {name: spikes[None] for name, spikes in row.items()}

    def describe(self) -> list[str]:
        """See ``Respond``."""
        if self.showing.kind == "plain":
            return ["all layers: plain loop; kind is 'plain'"]
        names = self.network.layers[: self._depth]
        return [f"{name}: torch's layers, all time steps at once" for name in names]


class ActorSubject(Subject):
    """A spiking actor."""

    lacks = ACTOR_LACKS

    def __init__(self, network: ActorNetwork, layers: Mapping[str, LayerInfo]) -> None:
        """``layers``: of the network, as its architecture describes them."""
        self.network = network
        self.input_shape = network.input_shape
        self.layers = layers
        self.time_steps = network.time_steps

    def check(self) -> None:
        """See ``Subject``."""
        check_weights(self.network)

    def responder(self, neurons: Neurons, showing: Showing) -> ActorResponder:
        """See ``Subject``."""
        return ActorResponder(self.network, self.layers, neurons, showing)


@dataclass(frozen=True, config=SPEC)
class ActorSpec(ActorArchitecture, TrainedSpec):
    """A spiking actor, trained here by td3: its stimuli are observations of an environment."""

    kind: Literal["actor"] = "actor"
    checkpoints: UserPath | None = None
    """Folder of checkpoints to load instead of training."""
    lacks: ClassVar[tuple[str, ...]] = ACTOR_LACKS
    acts: ClassVar[bool] = True

    @property
    def architecture(self) -> ActorArchitecture:
        """See ``TrainedSpec``."""
        return self

    def subject(self, network: TrainableNetwork) -> ActorSubject:
        """See ``TrainedSpec``."""
        assert isinstance(network, ActorNetwork)
        return ActorSubject(network, self.layer_infos(network.input_shape, network.classes))
