"""Cross-entropy of the output's scores."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.objectives.base import TrainingObjective


@dataclass(frozen=True, config=SPEC)
class CrossEntropy(TrainingObjective):
    """Mean cross-entropy, in nats, of the softmax of the output's scores (``network.decoding``).

    -log(exp(score_label) / sum over classes of exp(score)); of spike counts, summed over all time steps, it is
    what snnTorch calls ce_count_loss (Eshraghian et al. 2023, arXiv 2109.12894).
    """

    kind: Literal["cross-entropy"] = "cross-entropy"
    """``cross-entropy``: of the softmax of output spike counts."""

    def loss(self, network: TrainableNetwork, spikes: Tensor, labels: Tensor) -> Tensor:
        """Return the mean over the batch."""
        return functional.cross_entropy(network.scores(spikes), labels)
