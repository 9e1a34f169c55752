"""Readings: the number that a neuron's spikes over time become. One file a member, one table."""

from __future__ import annotations

from spikeatlas.snn.readings.base import Reading, TrainReading
from spikeatlas.snn.readings.difference_reading import DifferenceReading
from spikeatlas.snn.readings.group_reading import GroupReading
from spikeatlas.snn.readings.latency import LatencyReading
from spikeatlas.snn.readings.population_reading import PopulationReading
from spikeatlas.snn.readings.positions import (
    UnitChoice,
    at_place,
    pick,
    unit_in_vain,
    unit_problems,
)
from spikeatlas.snn.readings.rate import RateReading
from spikeatlas.snn.readings.window import WindowReading
from spikeatlas.snn.registry import Family

READINGS: Family[Reading] = Family(
    "reading",
    Reading,  # type: ignore[type-abstract]
    {
        "rate": RateReading,
        "latency": LatencyReading,
        "window": WindowReading,
        "population": PopulationReading,
        "difference": DifferenceReading,
    },
)
"""``probe.reading`` of a study."""

RATE = RateReading()
"""The reading of a study that names none."""

__all__ = [
    "RATE",
    "READINGS",
    "DifferenceReading",
    "GroupReading",
    "LatencyReading",
    "PopulationReading",
    "RateReading",
    "Reading",
    "TrainReading",
    "UnitChoice",
    "WindowReading",
    "at_place",
    "pick",
    "unit_in_vain",
    "unit_problems",
]
