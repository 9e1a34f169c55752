"""The identity of a study: the fields that change values, and the digest that names its atlas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from spikeatlas.snn.own_code import load_object, source_digest
from spikeatlas.tasks.study.digests import digest
from spikeatlas.tasks.study.study import Study

RESULT_FREE = {
    "runner": None,
    "output": None,
    "atlas": None,
    "data": ("root", "download"),
    "network": ("checkpoints", "features.network.checkpoints"),
    "generator": ("checkpoint",),
    "probe": ("epochs",),
    "watch": None,
}
"""Fields that change no value: where things are and run, and which epochs are looked at."""

NAMES = ("kind", "dataset")
"""Fields that name a member of a family."""


def study_digest(study: Study) -> str:
    """Return the digest (hex) of all that changes values: the user's own code too, where a study names any."""
    fields, sources = value_fields(study), own_sources(study)
    return digest({**fields, "sources": sources} if sources else fields)


def value_fields(study: Study) -> dict[str, Any]:
    """Return the study as JSON values, less what changes no result."""
    fields = study.model_dump(mode="json")
    for name, parts in RESULT_FREE.items():
        if parts is None:
            del fields[name]
        else:
            for part in parts:
                _leave_out(fields[name], part.split("."))
    if not study.search.share:
        # blocks change no value unless neurons share images within them
        del fields["search"]["neurons_per_task"]
    return fields


def _leave_out(fields: Any, place: Sequence[str]) -> None:
    """Take a field out of JSON values, where it is there."""
    *sections, name = place
    for section in sections:
        fields = fields.get(section) if isinstance(fields, dict) else None
    if isinstance(fields, dict):
        fields.pop(name, None)


def fixed_fields(study: Study) -> dict[str, Any]:
    """Return the values that must stay as they are when an atlas goes on.

    Further epochs may have more repeats, as far as the atlas has room for them, and be ablated.
    """
    fields = value_fields(study)
    del fields["search"]["repeats_at"]
    fields["search"]["repeats_at (most)"] = study.search.most_repeats
    fields["analysis"]["ablation"] = "some" if study.analysis.ablation else "none"
    return fields


def own_sources(study: Study) -> dict[str, str]:
    """Return the SHA-256 (hex) of the source of every ``module:object`` that the study names."""
    named = {*_named(study.model_dump(mode="json")), *filter(_is_own, study.search.labels)}
    return {path: source_digest(load_object(path)) for path in sorted(named)}


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (value[name] for name in NAMES if name in value and _is_own(value[name]))
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _named(part)


def _is_own(name: object) -> bool:
    return isinstance(name, str) and ":" in name
