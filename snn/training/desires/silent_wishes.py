"""The count of wishes to spike that go to silent units, which cannot learn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from spikeatlas.snn.training.desires.layer_record import LayerRecord


class SilentWishes:
    """Wishes to spike, and those of them whose unit did not spike for that image, of every layer since ``clear``."""

    def __init__(self, layers: Sequence[str]) -> None:
        self._layers = layers
        self._counts = torch.zeros((2, len(layers)), dtype=torch.int64)

    def add(self, records: Sequence[LayerRecord], desires: Sequence[Tensor]) -> None:
        """Count the wishes of one batch: desires (n, units) of the recorded layers."""
        for place, (record, wishes) in enumerate(zip(records, desires, strict=True)):
            wished = wishes > 0
            silent = wished & (record.counts == 0)
            self._counts[:, place] += torch.stack([wished.sum(), silent.sum()]).cpu()

    def shares(self) -> dict[str, float]:
        """Share, 0 to 1, of each layer's wishes to spike that went to silent units; of layers that had a wish."""
        counts = zip(self._layers, *self._counts.tolist(), strict=True)
        return {name: silent / wished for name, wished, silent in counts if wished}

    def sentence(self) -> str:
        """Say the shares, in percent."""
        shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in self.shares().items())
        return f"wishes to spike of units without a spike, which learn nothing from them: {shares or 'there was none'}"

    def clear(self) -> None:
        """Begin anew."""
        self._counts.zero_()

    def state_dict(self) -> dict[str, Any]:
        """Return the counts."""
        return {"counts": self._counts.clone()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what state_dict gave."""
        self._counts = state["counts"].clone()
