"""Back ends: how a training is computed. One file a member, one table; ``base`` has the contract.

``neuron_loops`` has the loop over a layer's steps that compilers of graphs read.
"""

from __future__ import annotations

from spikeatlas.snn.registry import Family
from spikeatlas.snn.training.backends.base import Precision, TrainingBackend, backend_problems
from spikeatlas.snn.training.backends.compiled_loops import CompiledBackend
from spikeatlas.snn.training.backends.eager_loop import EagerBackend
from spikeatlas.snn.training.backends.fused_passes import FusedBackend
from spikeatlas.snn.training.backends.ipu import IpuBackend

BACKENDS: Family[TrainingBackend] = Family(
    "back end of training",
    TrainingBackend,  # type: ignore[type-abstract]
    {
        "fused": FusedBackend,
        "eager": EagerBackend,
        "compiled": CompiledBackend,
        "ipu": IpuBackend,
    },
)
"""``training.backend`` of a study."""

__all__ = [
    "BACKENDS",
    "CompiledBackend",
    "EagerBackend",
    "FusedBackend",
    "IpuBackend",
    "Precision",
    "TrainingBackend",
    "backend_problems",
]
