"""Origin of the values, and a digest of the metadata of every array and group, against damage."""

from __future__ import annotations

from spikeatlas.tasks.atlas.groups.base import Group, Variable, later
from spikeatlas.tasks.atlas.layout import Layout

NODES, DIGESTS = "provenance/node", "provenance/metadata_digest"
"""The paths of all that an atlas was allocated with, and the digests of their metadata."""


def _variables(_layout: Layout) -> dict[str, Variable]:
    return {
        "node": Variable(("node",), str, "", "array or group of the atlas"),
        "metadata_digest": Variable(("node",), str, "", "first digits of the SHA-256 of its metadata"),
    }  # fmt: skip


PROVENANCE = Group(
    "provenance",
    "what the atlas was allocated with; as attributes: the data's digest, platform, Python's version",
    _variables,
    when=later,
)
