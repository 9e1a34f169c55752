"""The groups of the store, each a file that says all there is to know of it: a row of ``GROUPS``."""

from __future__ import annotations

from spikeatlas.tasks.atlas.groups.base import Group
from spikeatlas.tasks.atlas.groups.desire_group import DESIRE
from spikeatlas.tasks.atlas.groups.importance_group import (
    ABLATION,
    CLASS_IMPORTANCE,
    FURTHER_IMPORTANCE,
)
from spikeatlas.tasks.atlas.groups.life_group import JUDGED, LIFE, LIFE_STIMULI
from spikeatlas.tasks.atlas.groups.naturalness_group import NATURALNESS
from spikeatlas.tasks.atlas.groups.neurons_group import KNOWN_NEURONS, NATURAL_NEURONS, NEURONS
from spikeatlas.tasks.atlas.groups.of_layers.best_group import FOUND_BEST, KNOWN_BEST
from spikeatlas.tasks.atlas.groups.of_layers.cross_group import CROSS
from spikeatlas.tasks.atlas.groups.of_layers.diverse_group import DIVERSE
from spikeatlas.tasks.atlas.groups.of_layers.layer_group import (
    DRIVES,
    FOUND,
    HISTORIES,
    IMAGES,
    LATENTS,
    WARM_START,
)
from spikeatlas.tasks.atlas.groups.of_layers.length_group import LENGTHS
from spikeatlas.tasks.atlas.groups.of_layers.natural_group import BLANK, NATURAL, TEST
from spikeatlas.tasks.atlas.groups.of_layers.reference_group import REFERENCE
from spikeatlas.tasks.atlas.groups.of_layers.screening_group import SCREENING
from spikeatlas.tasks.atlas.groups.position_group import POSITION
from spikeatlas.tasks.atlas.groups.progress_group import (
    ACTING,
    FINGERPRINTS,
    OPTIMA,
    POPULATION,
    PROGRESSES,
    SILENCED,
    STEP_SCALES,
)
from spikeatlas.tasks.atlas.groups.provenance_group import PROVENANCE
from spikeatlas.tasks.atlas.groups.selectivity_group import (
    ACTIVE,
    BROUGHT_MEASURES,
    MEIS,
    READ,
    SELECTIVITY,
    TUNING,
)
from spikeatlas.tasks.atlas.groups.training_group import TRAINING, TRAINING_VARIABLES

__all__ = ["GROUPS", "TRAINING_VARIABLES"]

GROUPS: tuple[Group, ...] = (
    PROGRESSES,
    FINGERPRINTS,
    STEP_SCALES,
    OPTIMA,
    ACTING,
    SILENCED,
    POPULATION,
    NEURONS,
    KNOWN_NEURONS,
    NATURAL_NEURONS,
    FOUND_BEST,
    KNOWN_BEST,
    FOUND,
    IMAGES,
    LATENTS,
    HISTORIES,
    DRIVES,
    *WARM_START,
    *DIVERSE,
    *NATURAL,
    REFERENCE,
    BLANK,
    TEST,
    *SCREENING,
    *CROSS,
    READ,
    MEIS,
    NATURALNESS,
    SELECTIVITY,
    ACTIVE,
    TUNING,
    BROUGHT_MEASURES,
    POSITION,
    *LENGTHS,
    ABLATION,
    FURTHER_IMPORTANCE,
    CLASS_IMPORTANCE,
    DESIRE,
    JUDGED,
    LIFE,
    LIFE_STIMULI,
    TRAINING,
    PROVENANCE,
)
"""In the order in which the store lists them."""
