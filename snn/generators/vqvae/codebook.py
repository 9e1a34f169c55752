"""The codebook's learning: running means of what the encoder assigns to each code."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_DECAY = 0.99
_SMOOTHING = 1e-5
# a code used this much less than an even share is dead
_DEAD_SHARE = 0.2


class CodebookAverage:
    """Moves a codebook (codes, embedding) to running means (van den Oord et al. 2017, A.1).

    Writes into the given tensor. Dead codes come alive again at a vector drawn from the batch.
    """

    def __init__(self, codebook: Tensor) -> None:
        self.codebook = codebook
        self.counts = torch.zeros(len(codebook))
        self.sums = torch.zeros_like(codebook)

    def start(self, vectors: Tensor, rng: np.random.Generator) -> None:
        """Put every code on one of the encoder's ``vectors`` (n, embedding)."""
        self._place(torch.arange(len(self.codebook)), vectors, rng)

    def update(self, vectors: Tensor, codes: Tensor, rng: np.random.Generator | None) -> None:
        """Follow a batch: ``vectors`` (n, embedding) and their ``codes`` (n,); no rng, no revival."""
        member = functional.one_hot(codes, len(self.codebook)).to(vectors.dtype)
        self.counts.lerp_(member.sum(dim=0), 1 - _DECAY)
        self.sums.lerp_(member.T @ vectors, 1 - _DECAY)
        self.codebook.copy_(self.sums / self._smooth_counts()[:, None])
        if rng is not None:
            dead = self.counts < _DEAD_SHARE * self.counts.mean()
            self._place(torch.nonzero(dead)[:, 0], vectors, rng)

    def state_dict(self) -> dict[str, Tensor]:
        """Everything but the codebook itself."""
        return {"counts": self.counts.clone(), "sums": self.sums.clone()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from what state_dict gave."""
        self.counts.copy_(state["counts"])
        self.sums.copy_(state["sums"])

    def _place(self, codes: Tensor, vectors: Tensor, rng: np.random.Generator) -> None:
        """Move codes onto random vectors, with the weight of an even share."""
        rows = rng.choice(len(vectors), len(codes), replace=len(vectors) < len(codes))
        fresh = vectors[torch.from_numpy(rows)]
        share = len(vectors) / len(self.codebook)
        self.counts[codes] = share
        self.sums[codes] = fresh * share
        self.codebook[codes] = fresh

    def _smooth_counts(self) -> Tensor:
        """Return counts that are nowhere zero and sum to the same total."""
        total = self.counts.sum()
        smoothed = self.counts + _SMOOTHING
        return smoothed * total / (total + len(self.counts) * _SMOOTHING)
