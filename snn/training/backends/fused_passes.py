"""Layer after layer, neurons in one pass."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.device import Device
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.backends.base import Precision, Run, TrainingBackend


@dataclass(frozen=True, config=SPEC)
class FusedBackend(TrainingBackend):
    """Layer after layer, each operator once over all steps, each layer's neurons in a compiled pass of ours."""

    kind: Literal["fused"] = "fused"
    devices: ClassVar[tuple[Device, ...]] = ("cpu", "cuda")
    resizable: ClassVar[bool] = True
    stepping: ClassVar[bool] = False

    def run(self, network: TrainableNetwork, precision: Precision) -> Run:
        """See ``TrainingBackend``."""
        del precision
        return network
