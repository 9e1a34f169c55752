"""Places of today's arrays in version 1 of the schema, where a group held arrays of many dimensions."""

from __future__ import annotations

from collections.abc import Iterable

from spikeatlas.tasks.atlas.groups.arrays import AtlasArray

FORMER_GROUPS = {
    "progress": "",
    "progress/layers": "population",
    "neurons": "neurons",
    "layers/*": "layers/*",
    "image/*": "layers/*",
    "latent/*": "layers/*",
    "history/*": "layers/*",
    "diverse/*": "layers/*",
    "diverse_image/*": "layers/*",
    "diverse_latent/*": "layers/*",
    "natural/*": "layers/*",
    "natural_half/*": "layers/*",
    "natural_top/*": "layers/*",
    "cross": "cross",
    "cross/*": "layers/*",
    "meis": "selectivity",
    "naturalness": "naturalness",
    "selectivity": "selectivity",
    "importance": "ablation",
    "importance/ablation": "ablation",
    "training": "training",
}
"""The group that held the variables of a group; ``*``: a layer's. Version 1 measured nothing of the others."""

FORMER_ARRAYS = {
    "progress/ablated": "ablation/ablated",
    "progress/intact_accuracy": "ablation/intact_accuracy",
    "neurons/best_search": "neurons/method",
    "neurons/best_repeat": "neurons/repeat",
    "layers/*/images_shown": "layers/*/queries",
    "natural_image/*/natural_image_response": "natural/response_*",
    "screening/*/screening_response": "screening/response_*",
    "screening_image/screening_image": "screening/image",
    "screening_latent/screening_latent": "screening/latent",
    "selectivity/natural_active": "layers/*/natural_active",
}
"""The arrays that had another name, or stood where the others of their group did not."""

NEW_ARRAYS = frozenset(
    {
        "progress/blanked",
        "progress/known",
        "neurons/best_known",
        "neurons/best_known_source",
    }
)
"""Those of such a group that version 1 lacks."""


def former_paths(array: AtlasArray, layers: Iterable[str]) -> list[str]:
    """Return the paths in version 1 of what an array holds: one, or one for each layer; none of what is new."""
    group, name = array.group.path, array.path.rpartition("/")[2]
    path = f"{group}/{name}"
    if path in FORMER_ARRAYS:
        place = FORMER_ARRAYS[path]
    elif path in NEW_ARRAYS or group not in FORMER_GROUPS:
        return []
    else:
        place = f"{FORMER_GROUPS[group]}/{name}".lstrip("/")
    owners = [array.layer] if array.layer else list(layers)
    return [place.replace("*", layer) for layer in owners] if "*" in place else [place]
