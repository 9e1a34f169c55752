"""The groups of the store, each a file that says all there is to know of it: a row of ``GROUPS``."""

from __future__ import annotations

from spikeatlas.tasks.atlas.groups.ablation_group import ABLATION, BROUGHT_IMPORTANCE
from spikeatlas.tasks.atlas.groups.base import Group
from spikeatlas.tasks.atlas.groups.cross_group import CROSS, CROSS_RESPONSES
from spikeatlas.tasks.atlas.groups.layer_group import DIVERSE, FOUND, OBSERVED, WARM_START
from spikeatlas.tasks.atlas.groups.natural_group import NATURAL
from spikeatlas.tasks.atlas.groups.naturalness_group import NATURALNESS
from spikeatlas.tasks.atlas.groups.neurons_group import NATURAL_NEURONS, NEURONS
from spikeatlas.tasks.atlas.groups.population_group import POPULATION
from spikeatlas.tasks.atlas.groups.provenance_group import PROVENANCE
from spikeatlas.tasks.atlas.groups.root_group import ROOT
from spikeatlas.tasks.atlas.groups.screening_group import SCREENING
from spikeatlas.tasks.atlas.groups.selectivity_group import (
    BROUGHT_MEASURES,
    MEIS,
    SELECTIVITY,
    TUNING,
)
from spikeatlas.tasks.atlas.groups.training_group import TRAINING, TRAINING_VARIABLES

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
    BROUGHT_MEASURES,
    MEIS,
    POPULATION,
    NATURALNESS,
    CROSS,
    ABLATION,
    BROUGHT_IMPORTANCE,
    NEURONS,
    NATURAL_NEURONS,
    TRAINING,
    PROVENANCE,
)
