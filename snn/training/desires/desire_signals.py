"""Desires: of every unit and image, whether it is to spike more (1), less (-1), or is left alone (0).

Those of the output follow from its errors, those of a hidden layer from the layer behind it (Gerlinghoff et al. 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.training.desires.layer_record import LayerRecord


@dataclass(frozen=True)
class DesireRule:
    """The numbers by which desires are formed."""

    target: int
    """Spikes N of a unit that has all it is wished to have (>= 1)."""
    output_error: float
    """Error above which an output unit has a desire."""
    hidden_desire: float
    """Size from which the sum of what the units behind it wish is a hidden unit's desire."""

    def output_errors(self, counts: Tensor, labels: Tensor) -> Tensor:
        """Errors (n, classes) of output spikes counted (n, classes), for labels (n,): S/N; of the right class, 1 - S/N."""
        share = counts / self.target
        return torch.where(_one_hot(labels, counts), 1 - share, share)

    def output_desires(self, counts: Tensor, labels: Tensor) -> Tensor:
        """Desires (n, classes) of the output units: 1 of the right class, -1 of others, where the error is large."""
        care = self.output_errors(counts, labels) > self.output_error
        return torch.where(_one_hot(labels, counts), 1.0, -1.0) * care

    def hidden_desires(self, desires: Tensor, counts: Tensor, weight: Tensor) -> Tensor:
        """Desires (n, inputs) of the units before a layer: the sign of what its units wish of them, where that is much.

        ``desires`` and ``counts`` (n, units) of the layer, ``weight`` (units, inputs): q = sum of w |D - S/N| desire,
        where D is 1 for a unit that is wished to spike, else 0.
        """
        strength = ((desires > 0).float() - counts / self.target).abs()
        wishes = (desires * strength) @ weight
        return wishes.sign() * (wishes.abs() >= self.hidden_desire)

    def all_desires(self, records: Sequence[LayerRecord], labels: Tensor) -> list[Tensor]:
        """Desires (n, units) of every recorded layer, the output's last, for labels (n,).

        A unit that dropout took out for an image has none.
        """
        desires = [self.output_desires(records[-1].counts, labels)]
        for before, layer in zip(records[-2::-1], records[:0:-1], strict=True):
            wishes = self.hidden_desires(desires[0], layer.counts, layer.weight)
            desires.insert(0, wishes if before.present is None else wishes * before.present)
        return desires


def _one_hot(labels: Tensor, counts: Tensor) -> Tensor:
    return functional.one_hot(labels, counts.shape[1]).bool()
