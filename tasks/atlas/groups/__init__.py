"""The groups of the store, each a file that says all there is to know of it: a row of ``GROUPS``."""

from __future__ import annotations

from spikeatlas.tasks.atlas.groups.ablation import ABLATION
from spikeatlas.tasks.atlas.groups.base import Group
from spikeatlas.tasks.atlas.groups.cross import CROSS, CROSS_RESPONSES
from spikeatlas.tasks.atlas.groups.layer import DIVERSE, FOUND, OBSERVED, WARM_START
from spikeatlas.tasks.atlas.groups.natural import NATURAL
from spikeatlas.tasks.atlas.groups.naturalness import NATURALNESS
from spikeatlas.tasks.atlas.groups.neurons import NATURAL_NEURONS, NEURONS
from spikeatlas.tasks.atlas.groups.population import POPULATION
from spikeatlas.tasks.atlas.groups.provenance import PROVENANCE
from spikeatlas.tasks.atlas.groups.root import ROOT
from spikeatlas.tasks.atlas.groups.screening import SCREENING
from spikeatlas.tasks.atlas.groups.selectivity import MEIS, SELECTIVITY, TUNING
from spikeatlas.tasks.atlas.groups.training import TRAINING, TRAINING_VARIABLES

__all__ = ["GROUPS", "TRAINING_VARIABLES"]

GROUPS: tuple[Group, ...] = (
    ROOT,
    FOUND,
    WARM_START,
    DIVERSE,
    OBSERVED,
    CROSS_RESPONSES,
    SCREENING,
    NATURAL,
    SELECTIVITY,
    TUNING,
    MEIS,
    POPULATION,
    NATURALNESS,
    CROSS,
    ABLATION,
    NEURONS,
    NATURAL_NEURONS,
    TRAINING,
    PROVENANCE,
)
