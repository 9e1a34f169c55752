"""Decodings: how a network's output is read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import PlainValidator, SerializeAsAny
from pydantic.dataclasses import dataclass
from torch import Tensor

from spikeatlas.snn.registry import SPEC, Family


@dataclass(frozen=True, config=SPEC)
class DecodingSpec:
    """A reading of output spikes; a member adds its fields and its formula."""

    kind: str

    def scores(self, spikes: Tensor) -> Tensor:
        """Scores (n, classes), the largest for the class that is read, of output spikes (T, n, classes).

        Spikes count in units of their height. The loss is the scores' cross-entropy.
        """
        raise NotImplementedError


@dataclass(frozen=True, config=SPEC)
class RateDecoding(DecodingSpec):
    """Spikes of each output neuron over all time steps."""

    kind: Literal["rate"] = "rate"

    def scores(self, spikes: Tensor) -> Tensor:
        """Spike counts (n, classes)."""
        return spikes.sum(0)


DECODINGS = Family("decoding", DecodingSpec, {"rate": RateDecoding})

Decoding = Annotated[
    SerializeAsAny[DecodingSpec],
    PlainValidator(DECODINGS.read, json_schema_input_type=str | dict[str, Any]),
]
"""Of a study: its name, or a mapping with its kind."""
