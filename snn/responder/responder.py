"""The responder that everything else uses."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.coding import Noise
from spikeatlas.snn.networks import SpikingNetwork, Stage
from spikeatlas.snn.responder.fast import FastResponder, Showing
from spikeatlas.snn.responder.plain import PlainResponder, Responses, check_counts, check_weights
from spikeatlas.snn.responder.plan import Plan, plain_plan
from spikeatlas.snn.responder.shapes import unknown_module

Kind = Literal["auto", "plain"]


class Responder:
    """Responses of spiking layers, or of some of their neurons, to stimuli.

    ``layers`` are evaluated in one pass that stops at the deepest of them; ``neurons`` names some
    neurons of some of these layers (all, where a layer is missing). Kind "auto" computes each layer
    in the cheapest exact way (``plan``), kind "plain" steps snnTorch's neurons through time. Stimuli
    are shown in batches padded to ``batch_size``, so that a response depends on nothing but its
    stimulus. A stochastic coding needs ``noise``; the response is then the mean over
    ``presentations`` showings. Working arrays stay below ``memory`` bytes. Weights are read when the
    responder is made; calls change nothing, so threads may share it.

    ValueError for unknown layers or neurons and for NaN or infinite weights. A network with a module
    that only the plain loop computes exactly is given to it, with a warning that names the module.
    """

    def __init__(
        self,
        network: SpikingNetwork,
        layers: Sequence[str],
        *,
        batch_size: int = 256,
        noise: Noise | None = None,
        presentations: int = 1,
        neurons: Mapping[str, Sequence[int]] | None = None,
        kind: Kind = "auto",
        memory: int = 2**30,
    ) -> None:
        check_weights(network)
        check_counts(batch_size, presentations)
        check_time(network)
        stages = network.upto(layers)
        chosen = _chosen(network, layers, neurons or {})
        problem = _plain_reason(network, stages, kind)
        self.network = network
        self.layers = tuple(layers)
        showing = Showing(batch_size, noise, presentations)
        self._respond: FastResponder | _Picked
        if problem:
            self.plan: Plan = plain_plan(problem)
            self._respond = _Picked(network, chosen, showing)
        else:
            self._respond = FastResponder(network, chosen, showing, memory=memory)
            self.plan = self._respond.plan

    def __call__(self, images: npt.NDArray[np.uint8]) -> Responses:
        """Spike rates in [0, 1], {layer: (n, neurons) float32}, of stimuli uint8 (n, c, h, w).

        Spikes are counted exactly, over all time steps and positions; neurons stand in the order
        asked for. ValueError for images of another type or shape than the network's.
        """
        return self._respond(images)


class _Picked:
    """Some of a plain responder's neurons."""

    def __init__(
        self, network: SpikingNetwork, neurons: Mapping[str, tuple[int, ...]], showing: Showing
    ) -> None:
        self._plain = PlainResponder(
            network,
            tuple(neurons),
            batch_size=showing.batch_size,
            noise=showing.noise,
            presentations=showing.presentations,
        )
        self._neurons = neurons

    def __call__(self, images: npt.NDArray[np.uint8]) -> Responses:
        found = self._plain(images)
        return {name: found[name][:, list(chosen)] for name, chosen in self._neurons.items()}


def _plain_reason(network: SpikingNetwork, stages: Sequence[Stage], kind: Kind) -> str | None:
    """Why the plain loop is needed, if it is; with a warning if nobody asked for it."""
    if kind == "plain":
        return "kind is 'plain'"
    problem = unknown_module(network, stages)
    if problem:
        warnings.warn(
            f"{problem}: only the plain loop computes it exactly, many times slower.", stacklevel=3
        )
    return problem


def check_time(network: SpikingNetwork) -> None:
    """Raise ValueError for a network without a time step."""
    if network.time_steps < 1:
        raise ValueError(f"time_steps is {network.time_steps}: it must be at least 1.")


def _chosen(
    network: SpikingNetwork, layers: Sequence[str], neurons: Mapping[str, Sequence[int]]
) -> dict[str, tuple[int, ...]]:
    """Neurons asked for, by layer; ValueError where there are no such."""
    for name in neurons:
        if name not in layers:
            raise ValueError(
                f"neurons names layer {name!r}, which is not among the layers asked for "
                f"({', '.join(layers)}): add it to layers."
            )
    chosen = {}
    for name in layers:
        size = network.sizes[name]
        picked = tuple(int(neuron) for neuron in neurons.get(name, range(size)))
        wrong = [neuron for neuron in picked if not 0 <= neuron < size]
        if wrong or not picked:
            raise ValueError(
                f"neurons of layer {name!r} are {list(picked)}: give at least one of 0 to {size - 1}."
            )
        chosen[name] = picked
    return chosen
