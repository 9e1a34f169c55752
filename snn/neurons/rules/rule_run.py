"""Layers of neurons of a rule, over all time steps at once: tensors in, tensors out."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.neurons.rules.rule import CHARGES, EXTRAS, VALUES, Rule
from spikeatlas.snn.neurons.rules.rule_scan import affine, scan

Floats = npt.NDArray[np.float32]
_ROWS = len((*VALUES, *EXTRAS))
_NO_NORM = np.empty((2, 0), np.float32)


class Drive(NamedTuple):
    """One input of a layer's neurons, as rows of features in any one order."""

    rows: Floats
    """(T, n, features), or (1, n, features) if constant."""
    norm: Floats = _NO_NORM
    """(2, features): scale and shift of a batch normalisation in evaluation; (2, 0): none."""


def rule_codes(rule: Rule) -> npt.NDArray[np.int64]:
    """Codes (6,) of a rule's charge, compare, change and when, and whether it has a drop and a synapse of its own."""
    return np.array(
        [
            CHARGES.index(rule.charge),
            (">", ">=").index(rule.compare),
            ("none", "subtract", "value").index(rule.change),
            ("same", "next", "undelayed").index(rule.when),
            rule.drop is not None,
            rule.synapse is not None,
        ]
    )


def rule_values(rule: Rule, shape: tuple[int, ...]) -> Tensor:
    """Values (8, ...) of a rule for one image's currents of this shape.

    They are a, b, c, theta, v_reset, start, drop and synapse.
    """
    values = [getattr(rule, name) for name in VALUES]
    synapse = torch.zeros(()) if rule.synapse is None else rule.synapse
    return torch.stack([_image_values(row, shape) for row in (*values, rule.drops, synapse)])


def _image_values(values: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Values at every place of one image's currents; an axis of the batch, of size 1, is dropped."""
    if values.dim() == len(shape) + 1 and len(values) == 1:
        values = values[0]
    return values.detach().expand(shape)


def scan_rows(
    drive: Drive,
    other: Drive | None,
    codes: npt.NDArray[np.int64],
    values: Floats,
    time_steps: int,
    *,
    spiking: bool = True,
    counting: bool = True,
) -> tuple[Floats | None, Floats | None]:
    """Spikes (T, n, features) and counts (n, features), each None unless asked for. ValueError for drives of other shapes.

    ``codes``: of ``rule_codes``; ``values`` (8, features): of ``rule_values``, in the order of the rows.
    """
    for rows in (drive.rows, *([] if other is None else [other.rows])):
        # compiled code would read beyond its end
        if rows.shape[1:] != drive.rows.shape[1:] or len(rows) not in (1, time_steps):
            raise ValueError(
                f"neurons are driven by {rows.shape} beside {drive.rows.shape} in {time_steps} time steps."
            )
    second = other or Drive(np.empty((0, 0, 0), np.float32))
    shape = drive.rows.shape[1:]
    spikes = np.empty((time_steps, *shape) if spiking else (0, 0, 0), np.float32)
    counts = np.empty(shape if counting else (0, 0), np.float32)
    scan(
        drive.rows,
        drive.norm,
        second.rows,
        second.norm,
        codes,
        values,
        time_steps,
        spikes,
        counts,
    )
    return spikes if spiking else None, counts if counting else None


def run_rule(rule: Rule, currents: Tensor, time_steps: int) -> Tensor:
    """Spikes (T, n, ...) of currents (T, n, ...), or (1, n, ...) if constant; those of ``Rule.run``."""
    shape = currents.shape[2:]
    rows = currents.detach().reshape(*currents.shape[:2], -1).contiguous().numpy()
    values = rule_values(rule, tuple(shape)).reshape(_ROWS, -1).numpy()
    spikes, _ = scan_rows(Drive(rows), None, rule_codes(rule), values, time_steps, counting=False)
    assert spikes is not None
    return torch.from_numpy(spikes).reshape(time_steps, *currents.shape[1:])


@functools.cache
def rounds_once() -> bool:
    """Return True where a fused multiply-add of this processor rounds once, as batch normalisation's does.

    Held against exact products and sums in float64 of numbers that two roundings get wrong.
    """
    draws = np.random.default_rng(0).standard_normal((3, 4096)).astype(np.float32)
    result = np.empty((1, draws.shape[1]), np.float32)
    affine(draws[:1], draws[1], draws[2], result)
    exact = (draws[0].astype(np.float64) * draws[1] + draws[2]).astype(np.float32)
    return bool((result[0] == exact).all())
