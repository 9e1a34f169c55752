"""The fast responder: each layer in the cheapest way that is exact."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, CodingKey
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.responder.plain import Responses
from spikeatlas.snn.responder.planner import Plan, make_plan
from spikeatlas.snn.responder.signals import Counts, Pixels, Signal
from spikeatlas.snn.responder.sites import network_sites, source_feed
from spikeatlas.snn.responder.sizes import chunk_images
from spikeatlas.snn.responder.ways import WAYS, Way
from spikeatlas.snn.responder.ways.base import Batches
from spikeatlas.snn.responder.ways.encoded import Encoded
from spikeatlas.snn.showing import Showing, check_stimuli

Images = npt.NDArray[np.uint8]
# Nanoseconds an image above which finding duplicates, about 3000 each, pays.
_DEAR = 50_000


class FastResponder:
    """Responses of neurons to stimuli, spike for spike those of the plain loop.

    The network's weights are read once, when the responder is made. A call changes nothing: threads
    may share it. A response depends on nothing but its stimulus (and the key).
    """

    def __init__(
        self,
        network: SpikingNetwork,
        neurons: Mapping[str, tuple[int, ...]],
        showing: Showing,
        *,
        memory: int,
        ways: Collection[str] = WAYS,
        guarded: bool = False,
    ) -> None:
        """``neurons``: those asked for, by layer; ``guarded``: see ``Responder``.

        ``ways``: those to choose from, "steps" and "frames" among them, or nothing may be possible.
        """
        self.network = network
        self.neurons = dict(neurons)
        self._batch_size = showing.batch_size
        self._key = showing.key
        stochastic = CODINGS[network.coding].stochastic
        self._presentations = showing.presentations if stochastic else 1
        self._sites = network_sites(network, neurons, memory, guarded=guarded)
        self._names = tuple(site.name for site in self._sites)
        self.plan: Plan = make_plan(self._sites, source_feed(network, self._sites[0]), ways)
        self._encoder, self._layers = self._prepare()

    def _prepare(self) -> tuple[Encoded | None, list[Way]]:
        """Prepare all layers, and before them the encoder of a coding whose images are no currents."""
        network, feed = self.network, source_feed(self.network, self._sites[0])
        constant = feed.signal is Pixels
        chunk = chunk_images(
            self._sites, self.plan.layers, constant=constant, batch_size=self._batch_size
        )
        batches = Batches(network, self._batch_size, chunk)
        layers = []
        for site, plan in zip(self._sites, self.plan.layers, strict=True):
            layers.append(WAYS[plan.way].prepare(site, plan, feed, batches))
            feed = WAYS[plan.way].gives(site, plan)
        return None if constant else Encoded(network, chunk), layers

    def __call__(self, images: Images) -> Responses:
        """Spike rates in [0, 1], {layer: (n, neurons asked for) float32}, of uint8 (n, c, h, w)."""
        check_stimuli(images, self.network.input_shape)
        if not CODINGS[self.network.coding].stochastic and self.plan.cost > _DEAR:
            different, places = distinct(images)
            return {name: rates[places] for name, rates in self._respond(different).items()}
        return self._respond(images)

    def _respond(self, images: Images) -> Responses:
        parts: dict[str, list[npt.NDArray[np.float32]]] = {
            name: [np.empty((0, len(row)), np.float32)] for name, row in self.neurons.items()
        }
        for batch, count in padded_batches(images, self._batch_size):
            for name, rates in self._mean(batch, count).items():
                parts[name].append(rates)
        return {name: np.concatenate(rates) for name, rates in parts.items()}

    def _mean(self, batch: Images, count: int) -> Responses:
        """Mean responses to the first ``count`` images of a batch, over the presentations."""
        total = {name: np.zeros((count, len(row))) for name, row in self.neurons.items()}
        for number in range(self._presentations):
            key = None if self._key is None else self._key.shifted(number)
            for name, counts in self._count(batch, count, key).items():
                outputs = self._sites[self._names.index(name)].shape.outputs
                total[name] += counts / (self.network.time_steps * outputs)
        return {
            name: (rates / self._presentations).astype(np.float32) for name, rates in total.items()
        }

    def _count(self, batch: Images, count: int, key: CodingKey | None) -> dict[str, Counts]:
        """Spike counts int64 (count, neurons asked for) of every layer asked for."""
        parts: dict[str, list[Counts]] = {name: [] for name in self.neurons}
        for row in self._chunks(batch, count, key):
            for place, counts in enumerate(row):
                name = self._names[place]
                if name in parts:
                    parts[name].append(self._requested(place, counts))
        return {name: np.concatenate(counts) for name, counts in parts.items()}

    def _chunks(self, batch: Images, count: int, key: CodingKey | None) -> Iterator[list[Counts]]:
        """Spike counts of all layers, chunk by chunk."""
        if self._encoder is not None:
            for spikes in self._encoder.chunks(batch, count, key):
                yield self._pass(spikes, self._layers)
            return
        first, *behind = self._layers
        for counts, signal in first.chunks(batch, count):
            yield [counts, *self._pass(signal, behind)]

    def _pass(self, signal: Signal | None, layers: Sequence[Way]) -> list[Counts]:
        """Counts of the layers that a signal goes through."""
        row = []
        for layer in layers:
            counts, signal = layer(signal)
            row.append(counts)
        return row

    def _requested(self, place: int, counts: Counts) -> Counts:
        """Pick the neurons asked for; the deepest layer computes no others."""
        deepest = place == len(self._names) - 1
        return counts if deepest else counts[:, list(self.neurons[self._names[place]])]


def distinct(images: Images) -> tuple[Images, npt.NDArray[np.int64]]:
    """Return the different images, in order of appearance, and which of them each image is."""
    numbers: dict[bytes, int] = {}
    places = [numbers.setdefault(image.tobytes(), len(numbers)) for image in images]
    if len(numbers) == len(images):
        return images, np.arange(len(images))
    first = np.unique(np.array(places, np.int64), return_index=True)[1]
    return images[first], np.array(places, np.int64)
