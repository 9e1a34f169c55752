"""Naturalness of each MEI (sources in ``tasks/analysis/naturalness.py``)."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import (
    SEARCHES,
    SEEN,
    TABLE,
    Column,
    Group,
    Variable,
    search_rows,
)
from spikeatlas.tasks.atlas.layout import Layout

UNLIKE = 0.05
"""A quantile of the test images below which a stimulus is unlike nearly all of them."""

SCORE = {"critic": "critic score", "code": "code log-likelihood"}
"""What typicality rests on, by its source."""


def naturalness_variables(layout: Layout) -> dict[str, Variable]:
    """All arrays of the group, which depend on what there is to tell of the study's generator."""
    source = layout.naturalness
    kinds = {
        ("norm_quantile", ("critic", "norm")): Variable(SEARCHES, "float32", np.nan, "part of the prior's latents that are shorter than that of mei; 0 to 1", extra=TABLE),
        ("critic_score", ("critic",)): Variable(SEARCHES, "float32", np.nan, "score of mei by the generator's critic, high is real", extra=TABLE),
        ("code_log_likelihood", ("code",)): Variable(SEARCHES, "float32", np.nan, "log-likelihood of the codes of mei under the autoregressive prior", "nat", TABLE),
        ("typicality", ("critic", "code")): Variable(SEARCHES, "float32", np.nan, f"part of the test images whose {SCORE.get(source)} is at most that of mei; 0 to 1, below 0.05 is unlike nearly all of them", extra=TABLE),
    }  # fmt: skip
    return {
        "nearest_distance": Variable(SEARCHES, "float32", np.nan, "root mean square difference of the pixels of mei and the nearest training image, in shares of the grey scale; 0 to 1", extra=TABLE),
        "nearest_image": Variable(SEARCHES, "int32", -1, "index of that training image", extra=TABLE),
        "clipped_share": Variable(SEARCHES, "float32", np.nan, "share of the pixels of mei that the generator put outside of black to white; 0 to 1", extra=TABLE),
        **{name: variable for (name, sources), variable in kinds.items() if source in sources},
    }  # fmt: skip


def measured(layout: Layout) -> bool:
    """Return whether an atlas has a place for how natural its stimuli are."""
    return bool(layout.naturalness)


NATURALNESS = Group(
    "naturalness",
    "how natural each MEI is ([generators](generators.md))",
    naturalness_variables,
    search_rows,
    mark="analysed",
    when=measured,
    columns=(
        Column("typicality", "typicality", SEEN),
        Column("norm_quantile", "length of the latent (quantile)", SEEN),
        Column("nearest_distance", "distance to training images", SEEN),
        Column("clipped_share", "clipped pixels", SEEN),
    ),
)
