"""The fast responder: each layer in the cheapest way that is exact."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import Noise
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder.available import COMPILED
from spikeatlas.snn.responder.build import Builder
from spikeatlas.snn.responder.plain import Responses, check_images
from spikeatlas.snn.responder.plan import WAYS, Plan, Question, Way, make_plan
from spikeatlas.snn.responder.shapes import layer_shapes
from spikeatlas.snn.responder.ways.encoded import Encoded
from spikeatlas.snn.responder.ways.signal import Counts, Signal

if COMPILED:
    from spikeatlas.snn.responder.lookup import layer_lookup

Images = npt.NDArray[np.uint8]
# Nanoseconds an image above which finding duplicates, about 3000 each, pays.
_DEAR = 50_000


@dataclasses.dataclass(frozen=True)
class Showing:
    """How stimuli are shown."""

    batch_size: int = 256
    noise: Noise | None = None
    """What a stochastic coding draws from."""
    presentations: int = 1
    """Showings of each stimulus, for a stochastic coding."""


class FastResponder:
    """Responses of neurons to stimuli, spike for spike those of the plain loop.

    The network's weights are read once, when the responder is made. A call changes nothing: threads
    may share it. A response depends on nothing but its stimulus (and the noise).
    """

    def __init__(
        self,
        network: SpikingNetwork,
        neurons: Mapping[str, tuple[int, ...]],
        showing: Showing,
        *,
        memory: int,
        ways: Collection[Way] = WAYS,
    ) -> None:
        """``neurons``: those asked for, by layer; the network has no unknown module.

        ``ways``: those to choose from, "steps" and "frames" among them, or nothing may be possible.
        """
        self.network = network
        self.neurons = dict(neurons)
        self._batch_size = showing.batch_size
        self._noise = showing.noise
        self._presentations = showing.presentations if network.coding == "poisson" else 1
        stages = network.upto(neurons)
        self._names = tuple(stage.name for stage in stages)
        self._shapes = tuple(layer_shapes(network, stages))
        constant = network.coding == "current"
        lookup = layer_lookup(stages[0], network.time_steps) if COMPILED and constant else None
        question = Question(
            self._names,
            self._shapes,
            self.neurons,
            network.time_steps,
            constant,
            lookup,
            COMPILED,
            memory,
            frozenset(ways),
        )
        self.plan: Plan = make_plan(question)
        self._ways = Builder(
            network, stages, question, self.plan, lookup, showing.batch_size
        ).build()

    def __call__(self, images: Images) -> Responses:
        """Spike rates in [0, 1], {layer: (n, neurons asked for) float32}, of uint8 (n, c, h, w)."""
        check_images(self.network, images)
        if self.network.coding == "current" and self.plan.cost > _DEAR:
            different, places = distinct(images)
            return {name: rates[places] for name, rates in self._respond(different).items()}
        return self._respond(images)

    def _respond(self, images: Images) -> Responses:
        parts: dict[str, list[npt.NDArray[np.float32]]] = {
            name: [np.empty((0, len(chosen)), np.float32)] for name, chosen in self.neurons.items()
        }
        for batch, count in padded_batches(images, self._batch_size):
            for name, rates in self._mean(batch, count).items():
                parts[name].append(rates)
        return {name: np.concatenate(found) for name, found in parts.items()}

    def _mean(self, batch: Images, count: int) -> Responses:
        """Mean responses to the first ``count`` images of a batch, over the presentations."""
        total = {name: np.zeros((count, len(chosen))) for name, chosen in self.neurons.items()}
        for number in range(self._presentations):
            noise = None if self._noise is None else self._noise.shifted(number)
            for name, counts in self._count(batch, count, noise).items():
                shape = self._shapes[self._names.index(name)]
                total[name] += counts / (self.network.time_steps * shape.outputs)
        return {
            name: (rates / self._presentations).astype(np.float32) for name, rates in total.items()
        }

    def _count(self, batch: Images, count: int, noise: Noise | None) -> dict[str, Counts]:
        """Spike counts int64 (count, neurons asked for) of every layer asked for."""
        parts: dict[str, list[Counts]] = {name: [] for name in self.neurons}
        for found in self._chunks(batch, count, noise):
            for place, counts in enumerate(found):
                name = self._names[place]
                if name in parts:
                    parts[name].append(self._asked(place, counts))
        return {name: np.concatenate(found) for name, found in parts.items()}

    def _chunks(self, batch: Images, count: int, noise: Noise | None) -> Iterator[list[Counts]]:
        """Spike counts of all layers, chunk by chunk."""
        if isinstance(self._ways.source, Encoded):
            for spikes in self._ways.source.chunks(batch, count, noise):
                yield self._layers([], spikes)
        else:
            for counts, signal in self._ways.source.chunks(batch, count):
                yield self._layers([counts], signal)

    def _layers(self, counts: list[Counts], signal: Signal) -> list[Counts]:
        """Counts of the layers behind the source, added to those known."""
        for layer in self._ways.layers:
            found, signal = layer(signal)
            counts.append(found)
        return counts

    def _asked(self, place: int, counts: Counts) -> Counts:
        """Pick the neurons asked for; the deepest layer computes no others."""
        deepest = place == len(self._names) - 1
        return counts if deepest else counts[:, list(self.neurons[self._names[place]])]


def distinct(images: Images) -> tuple[Images, npt.NDArray[np.int64]]:
    """Return the different images, in order of appearance, and which of them each image is."""
    seen: dict[bytes, int] = {}
    places = [seen.setdefault(image.tobytes(), len(seen)) for image in images]
    if len(seen) == len(images):
        return images, np.arange(len(images))
    first = np.unique(np.array(places, np.int64), return_index=True)[1]
    return images[first], np.array(places, np.int64)
