"""The responder that everything else uses."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.coding import STILL, CodingKey
from spikeatlas.snn.device import Device, copy_on
from spikeatlas.snn.layer_info import require_neurons
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.readings import RATE, TrainReading, UnitChoice
from spikeatlas.snn.responder.fast import FastResponder
from spikeatlas.snn.responder.plain import (
    PlainResponder,
    Responses,
    check_counts,
    check_mode,
    check_weights,
)
from spikeatlas.snn.responder.planner import Plan, plain_plan
from spikeatlas.snn.responder.read_trains import TrainResponder
from spikeatlas.snn.showing import ResponderKind, Showing


class Responder:
    """Responses of spiking layers, or of some of their neurons, to stimuli.

    ``layers`` are evaluated in one pass that stops at the deepest of them; ``neurons`` names some
    neurons of some of these layers (all, where a layer is missing). Kind "auto" computes each layer
    in the cheapest exact way (``plan``), kind "plain" steps snnTorch's neurons through time. Stimuli
    are shown in batches padded to ``batch_size``, so that a response depends on nothing but its
    stimulus. A stochastic coding needs a ``key``; the response is then the mean over
    ``presentations`` showings. Working arrays stay below ``memory`` bytes. Weights are read when the
    responder is made; calls change nothing, so threads may share it.

    ``guarded``: neurons whose spikes may hang on the order of a sum are counted again, from currents summed in
    torch's order (see ``ways.recount``); else at most one spike in 100,000 differs from the plain loop's.

    Layers with modules that the compiled loops do not know (a user's neurons, a normalisation) run as
    those modules run, the others as fast as ever. Another ``reading`` of spikes than their rate, or the
    one ``unit`` at a position of each map instead of the mean over it, goes layer by layer over whole
    spike trains. So does all on another ``device`` than the processor, where no compiled loop runs.
    ValueError for unknown layers or neurons, for NaN or infinite weights, and for a normalisation in
    training mode.
    """

    def __init__(
        self,
        network: SpikingNetwork,
        layers: Sequence[str],
        *,
        batch_size: int = 256,
        key: CodingKey | None = None,
        presentations: int = 1,
        neurons: Mapping[str, Sequence[int]] | None = None,
        kind: ResponderKind = "auto",
        memory: int = 2**30,
        reading: TrainReading = RATE,
        unit: UnitChoice = "channel",
        device: Device = "cpu",
        guarded: bool = False,
    ) -> None:
        check_weights(network)
        check_counts(batch_size, presentations)
        check_mode(network)
        check_time(network)
        network.upto(layers)
        indices = _indices(network, layers, neurons or {})
        self.network = network
        self.layers = tuple(layers)
        showing = Showing(batch_size, key, presentations, device=device)
        # sequences of frames are no constant current: they go layer by layer
        self._show_frames = functools.partial(
            TrainResponder,
            copy_on(network, device),
            indices,
            showing,
            memory=memory,
            reading=reading,
            unit=unit,
        )
        self._respond: FastResponder | TrainResponder | _Selection
        if kind == "plain":
            self.plan: Plan = plain_plan()
            self._respond = _Selection(network, indices, showing, reading, unit)
        elif (reading, unit, device) != (RATE, "channel", "cpu"):
            self._respond = self._show_frames()
            self.plan = self._respond.plan
        else:
            self._respond = FastResponder(network, indices, showing, memory=memory, guarded=guarded)
            self.plan = self._respond.plan

    def describe(self) -> list[str]:
        """Say how each layer is computed, and why, in a line."""
        return self.plan.describe()

    def __call__(self, images: npt.NDArray[np.uint8]) -> Responses:
        """Spike rates in [0, 1], {layer: (n, neurons) float32}, of stimuli uint8 (n, c, h, w); or their reading.

        In [-1, 1] where spikes are signed. Spikes are counted exactly, over all time steps and positions;
        neurons stand in the order asked for. Sequences of F frames are uint8 (n, F, c, h, w), see ``encode``.
        ValueError for images of another type or shape than the network's.
        """
        if images.ndim > STILL and isinstance(self._respond, FastResponder):
            return self._show_frames()(images)
        return self._respond(images)


class _Selection:
    """Some of a plain responder's neurons."""

    def __init__(
        self,
        network: SpikingNetwork,
        neurons: Mapping[str, tuple[int, ...]],
        showing: Showing,
        reading: TrainReading,
        unit: UnitChoice,
    ) -> None:
        self._plain = PlainResponder(
            copy_on(network, showing.device),
            tuple(neurons),
            batch_size=showing.batch_size,
            key=showing.key,
            presentations=showing.presentations,
            reading=reading,
            unit=unit,
        )
        self._neurons = neurons

    def __call__(self, images: npt.NDArray[np.uint8]) -> Responses:
        rates = self._plain(images)
        return {name: rates[name][:, list(indices)] for name, indices in self._neurons.items()}


def check_time(network: SpikingNetwork) -> None:
    """Raise ValueError for a network without a time step."""
    if network.time_steps < 1:
        raise ValueError(f"time_steps is {network.time_steps}: it must be at least 1.")


def _indices(
    network: SpikingNetwork, layers: Sequence[str], neurons: Mapping[str, Sequence[int]]
) -> dict[str, tuple[int, ...]]:
    """Neurons asked for, by layer; ValueError where there are no such."""
    for name in neurons:
        if name not in layers:
            raise ValueError(
                f"neurons names layer {name!r}, which is not among the layers asked for "
                f"({', '.join(layers)}): add it to layers."
            )
    sizes = network.sizes
    return {
        name: require_neurons(name, neurons.get(name, range(sizes[name])), sizes[name])
        for name in layers
    }
