"""The neurons of one layer over all time steps, with what stands right before them in the same pass."""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from spikeatlas.snn.graph.execution.values import (
    Floats,
    Value,
    channels_last,
    from_rows,
    rows_of,
)
from spikeatlas.snn.neurons import Rule, SpikingNeuron
from spikeatlas.snn.neurons.rules.rule_run import Drive, rule_codes, rule_values, scan_rows


class NeuronInput(NamedTuple):
    """One of the inputs whose sum drives a layer's neurons."""

    node: str
    norm: Tensor | None
    """Scale and shift (2, channels) of a batch normalisation that stands between."""


class Fired(NamedTuple):
    """Spikes of a layer, as far as they are asked for."""

    spikes: Tensor | None
    """(T n, ...)."""
    counts: Tensor | None
    """(n, channels, *map), over all time steps."""


class ScannedNeurons:
    """Neurons that have a rule: one compiled pass."""

    def __init__(self, rule: Rule, time_steps: int) -> None:
        self._rule, self._time_steps = rule, time_steps
        self._codes = rule_codes(rule)
        self._values: dict[tuple[tuple[int, ...], bool], Floats] = {}
        self._norms: dict[tuple[int, tuple[int, ...], bool], Floats] = {}

    def __call__(
        self,
        inputs: list[tuple[Value, Tensor | None]],
        *,
        spiking: bool,
        counting: bool,
    ) -> Fired:
        """Spikes and counts; ``inputs``: each with its norm."""
        first = inputs[0][0].tensor
        shape, last = tuple(first.shape[1:]), channels_last(first)
        drives = _alike([self._drive(value, norm, shape, last=last) for value, norm in inputs])
        spikes, counts = scan_rows(
            drives[0],
            drives[1] if len(drives) > 1 else None,
            self._codes,
            self._laid_values(shape, last=last),
            self._time_steps,
            spiking=spiking,
            counting=counting,
        )
        return Fired(
            None if spikes is None else from_rows(spikes, shape, last=last),
            None if counts is None else from_rows(counts, shape, last=last),
        )

    def _drive(
        self, value: Value, norm: Tensor | None, shape: tuple[int, ...], *, last: bool
    ) -> Drive:
        rows = rows_of(value.tensor, last=last)
        steps = value.steps(self._time_steps)
        stepped = rows.reshape(steps, -1, rows.shape[1])
        return (
            Drive(stepped) if norm is None else Drive(stepped, self._norm(norm, shape, last=last))
        )

    def _norm(self, norm: Tensor, shape: tuple[int, ...], *, last: bool) -> Floats:
        key = (id(norm), shape, last)
        if key not in self._norms:
            full = norm.reshape(2, -1, *(1,) * (len(shape) - 1)).expand(2, *shape)
            self._norms[key] = np.ascontiguousarray(rows_of(full, last=last))
        return self._norms[key]

    def _laid_values(self, shape: tuple[int, ...], *, last: bool) -> Floats:
        key = (shape, last)
        if key not in self._values:
            full = rule_values(self._rule, shape)
            self._values[key] = np.ascontiguousarray(rows_of(full, last=last))
        return self._values[key]


def _alike(drives: list[Drive]) -> list[Drive]:
    """Give a tensor of the module's own, which has one row for all images, as many rows as the others."""
    count = max(drive.rows.shape[1] for drive in drives)
    return [
        drive._replace(rows=np.repeat(drive.rows, count, axis=1))
        if drive.rows.shape[1] == 1 < count
        else drive
        for drive in drives
    ]


class SteppedNeurons:
    """Neurons without a rule: as ours run, or the library's own step over the time steps, on a copy at rest."""

    def __init__(self, module: nn.Module, time_steps: int) -> None:
        self._module, self._time_steps = module, time_steps

    def __call__(
        self,
        inputs: list[tuple[Value, Tensor | None]],
        *,
        spiking: bool,
        counting: bool,
    ) -> Fired:
        """See ``ScannedNeurons``."""
        del spiking, counting
        ((value, _),) = inputs
        currents = value.tensor.unflatten(0, (value.steps(self._time_steps), -1))
        if isinstance(self._module, SpikingNeuron):
            rows = self._module.run(currents, self._time_steps)
            return Fired(rows.flatten(0, 1), self._module.relative(rows).sum(0))
        rows = self._steps(currents)
        return Fired(rows.flatten(0, 1), rows.sum(0))

    def _steps(self, currents: Tensor) -> Tensor:
        """Spikes (T, n, ...) of currents (T, n, ...), or (1, n, ...) if constant."""
        memo = {id(values): values for values in self._module.parameters()}
        neuron = copy.deepcopy(self._module, memo)
        states: tuple[object, ...] = ()
        spikes = []
        for step in range(self._time_steps):
            answer = neuron(currents[step if len(currents) > 1 else 0], *states)
            if isinstance(answer, tuple):
                answer, states = answer[0], self._states(answer)
            spikes.append(answer)
        return torch.stack(spikes)

    def _states(self, answer: tuple[object, ...]) -> tuple[object, ...]:
        """States to give to the next step; snnTorch's hidden ones stay in the module."""
        return () if getattr(self._module, "init_hidden", False) else answer[1:]


def spike_rates(counts: Tensor, time_steps: int) -> npt.NDArray[np.float64]:
    """Spikes a step and position, (n, channels), of counts (n, channels, *map) over all time steps.

    The one place where spikes become responses. Counts are whole numbers, so their sums are exact.
    """
    maps = counts.flatten(2) if counts.dim() > 2 else counts[:, :, None]
    rates: npt.NDArray[np.float64] = maps.double().sum(2).numpy() / (time_steps * maps.shape[2])
    return rates
