"""Area under the ROC curve of the preferred class."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.selectivity.discrimination import auc
from spikeatlas.snn.selectivity.measures.base import Measure
from spikeatlas.snn.selectivity.tuning import Floats, Mask, Responses, Whole


@dataclass(frozen=True, config=SPEC)
class ROCArea(Measure):
    """Area under the ROC curve of the preferred class against the rest (Mann & Whitney 1947), by ``auc``."""

    kind: Literal["auc"] = "auc"
    """``auc``: how often the preferred class drives the neuron more."""
    variable: ClassVar[str] = "auc"
    long_name: ClassVar[str] = "AUC"
    comment: ClassVar[str] = (
        "area under the ROC curve of the preferred class (chosen on the other half) against the "
        "rest; 0.5: chance"
    )

    def __call__(self, responses: Responses, labels: Whole, first: Mask, classes: int) -> Floats:
        """Measure every neuron: (neurons,)."""
        return auc(responses, labels, first, classes)
