"""The plain loop."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.device import Device
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.backends.base import Precision, Run, TrainingBackend, in_precision


@dataclass(frozen=True, config=SPEC)
class EagerBackend(TrainingBackend):
    """snnTorch's own loop: step after step, through all layers. The reference that the others are held against."""

    kind: Literal["eager"] = "eager"
    precisions: ClassVar[tuple[Precision, ...]] = ("float32", "bfloat16")
    devices: ClassVar[tuple[Device, ...]] = ("cpu", "cuda")
    resizable: ClassVar[bool] = True

    unrolled: ClassVar[bool] = True

    def run(self, network: TrainableNetwork, precision: Precision) -> Run:
        """See ``TrainingBackend``."""
        return in_precision(network.unroll, precision)
