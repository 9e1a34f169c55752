"""Pruning at one point of training: units are cut out by the length of their weights, or at random."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.networks import Architecture, NetworkSpec, SpikingLayer, SpikingNetwork
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.surgery import cut_problems, keep_units
from spikeatlas.snn.training.callbacks.acting import ActingCallback, Intervention, TrainingSite

Sparsity = Annotated[float, Field(ge=0, lt=1)]
_ORDER = 2**34
"""Keeps a random order's numbers apart from all others of a seed."""


@dataclass(frozen=True, config=SPEC, kw_only=True)
class Prune(ActingCallback):
    """Structured pruning in one cut: the units of each hidden layer with the shortest weights go, or any."""

    sparsity: Sparsity | tuple[Sparsity, ...]
    """Share of the hidden layers' units that is cut out, 0 to below 1: one for all, or one a hidden layer."""
    kind: Literal["prune"] = "prune"
    by: Literal["magnitude", "random"] = "magnitude"
    """Units that go: those with the shortest incoming weights (l2), or at random."""
    at: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of the training's steps after which it is done, above 0 to 1."""

    def problems(self, network: Architecture) -> list[str]:
        """See ``ActingCallback``."""
        if isinstance(network, NetworkSpec) and isinstance(self.sparsity, tuple):
            hidden = network.layers[:-1]
            if len(self.sparsity) != len(hidden):
                problem = (
                    f"sparsity has {len(self.sparsity)} values: give one for all, or one for each of the {len(hidden)} "
                    f"hidden layers {', '.join(hidden)}"
                )
                return [problem]
        return cut_problems(network)

    def begin(self, site: TrainingSite) -> Pruning:
        """Make ready to act."""
        return Pruning(self, site)


class Pruning(Intervention):
    """A cut that is waiting for its step."""

    def __init__(self, spec: Prune, site: TrainingSite) -> None:
        assert isinstance(site.network, SpikingNetwork)
        self._spec, self._site, self._network = spec, site, site.network
        self._step = max(1, round(spec.at * site.steps))

    def after_step(self, step: int) -> None:
        """See ``Intervention``."""
        if step != self._step:
            return
        hidden, sparsity = list(self._network)[:-1], self._spec.sparsity
        shares = sparsity if isinstance(sparsity, tuple) else (sparsity,) * len(hidden)
        rows = enumerate(zip(hidden, shares, strict=True))
        units = {layer.name: self._rest(layer, share, place) for place, (layer, share) in rows}
        keep_units(self._network, units, self._site.teacher.select)

    def _rest(self, layer: SpikingLayer, share: float, place: int) -> list[int]:
        """Return the units that stay, ascending."""
        order = (
            np.random.default_rng([self._site.seed, _ORDER, place]).permutation(layer.size)
            if self._spec.by == "random"
            else _by_length(layer)
        )
        # the small number: 0.7 of 10 units are 7, whatever binary fractions make of it
        cut = math.floor(share * layer.size + 1e-9)
        return sorted(order[cut:].tolist())


def _by_length(layer: SpikingLayer) -> NDArray[np.int64]:
    """Return units (n,), the one with the shortest incoming weights first; of equal ones the earlier."""
    lengths = torch.linalg.vector_norm(layer.operator.weight.detach().flatten(1), dim=1)
    return np.argsort(lengths.cpu().numpy(), kind="stable")
