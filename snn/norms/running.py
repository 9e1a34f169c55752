"""Normalisations by statistics of a batch in training, and by running ones in evaluation."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from spikeatlas.snn.norms.base import Norm, scaled


class RunningNorm(Norm):
    """Learns by the statistics of its batch; in evaluation a scale and a shift of each channel, perhaps of each step."""

    eps: float
    momentum = 0.1
    """Share of a batch's statistics in the running ones, after each."""
    running_mean: Tensor
    running_var: Tensor

    @abstractmethod
    def learn(self, currents: Tensor, first_step: int) -> Tensor:
        """Normalise by the statistics of these currents, and remember them."""

    @abstractmethod
    def affine(self) -> tuple[Tensor, Tensor]:
        """See ``Norm``."""

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        """See ``Norm``. ValueError in training for a channel with one value, which has no variance."""
        if not self.training:
            return scaled(currents, *self.affine(), first_step)
        if self._values(currents) < 2:
            raise ValueError(
                "a normalisation cannot learn from one image of 1x1 maps: choose a training.batch_size that leaves no "
                "image alone"
            )
        return self.learn(currents, first_step)

    def _values(self, currents: Tensor) -> int:
        """Values of which one variance is taken."""
        steps, _, channels = currents.shape[:3]
        return currents.numel() // (channels * (steps if self.timed else 1))
