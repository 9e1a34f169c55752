"""Naturalness of each MEI (sources in ``tasks/analysis/naturalness.py``)."""

from __future__ import annotations

import numpy as np

from spikeatlas.tasks.atlas.groups.base import SEARCHES, SEEN, Column, Group, Variable, rows
from spikeatlas.tasks.atlas.groups.progress_group import ANALYSED
from spikeatlas.tasks.atlas.layout import Layout

UNLIKE = 0.05
"""A quantile of the test images below which a stimulus is unlike nearly all of them."""

SCORE = {"critic": "critic score", "code": "code log-likelihood"}
"""What typicality rests on, by its source."""


def naturalness_variables(layout: Layout, _layer: str | None = None) -> dict[str, Variable]:
    """All arrays of the group, which depend on what there is to tell of the study's generator."""
    source = layout.naturalness
    kinds = {
        ("norm_quantile", ("critic", "norm")): Variable(SEARCHES, "float32", np.nan, "length of the latent (quantile)", "part of the prior's latents that are shorter than that of mei; 0 to 1"),
        ("critic_score", ("critic",)): Variable(SEARCHES, "float32", np.nan, "critic score", "of mei by the generator's critic, high is real"),
        ("code_log_likelihood", ("code",)): Variable(SEARCHES, "float32", np.nan, "log-likelihood of the codes", "of mei under the autoregressive prior", "nat"),
        ("typicality", ("critic", "code")): Variable(SEARCHES, "float32", np.nan, "typicality", f"part of the test images whose {SCORE.get(source)} is at most that of mei; 0 to 1, below 0.05 is unlike nearly all of them"),
    }  # fmt: skip
    return {
        "nearest_distance": Variable(SEARCHES, "float32", np.nan, "distance to training images", "root mean square difference of the pixels of mei and the nearest training image, in shares of the grey scale; 0 to 1"),
        "nearest_image": Variable(SEARCHES, "int32", -1, "nearest training image", "its index"),
        "clipped_share": Variable(SEARCHES, "float32", np.nan, "clipped pixels", "share of the pixels of mei that the generator put outside of black to white; 0 to 1"),
        **{name: variable for (name, sources), variable in kinds.items() if source in sources},
    }  # fmt: skip


def measured(layout: Layout) -> bool:
    """Return whether an atlas has a place for how natural its stimuli are."""
    return bool(layout.naturalness)


NATURALNESS = Group(
    "naturalness",
    "how natural each MEI is ([generators](generators.md))",
    naturalness_variables,
    rows,
    mark=ANALYSED,
    when=measured,
    columns=(
        Column("typicality", "typicality", SEEN),
        Column("norm_quantile", "length of the latent (quantile)", SEEN),
        Column("nearest_distance", "distance to training images", SEEN),
        Column("clipped_share", "clipped pixels", SEEN),
    ),
    of_searches=True,
)
