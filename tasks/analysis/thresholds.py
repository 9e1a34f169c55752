"""The bars of the claims, read from the file that was committed before any study ran."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("claims.yaml")


@dataclass(frozen=True)
class Thresholds:
    """One number a field; what each means, and why, is said in ``claims.yaml``."""

    level: float
    seeds: int
    minimum_neurons: int
    rate: float
    selective_csi: float
    highly_selective_csi: float
    early: float
    formed_early: float
    layer_difference: float
    minimum_epochs: int
    refinement_correlation: float
    refinement_epochs: int
    deep: float
    false_call: float


@cache
def thresholds() -> Thresholds:
    """The project's bars. Raises TypeError where the file lacks a number or has one too many."""
    return Thresholds(**yaml.safe_load(FILE.read_text()))
