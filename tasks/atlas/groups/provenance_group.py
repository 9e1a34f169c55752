"""Origin of the values, and a digest of the metadata of every array and group, against damage."""

from __future__ import annotations

from spikeatlas.tasks.atlas.groups.base import Group, Variable, later, same

NODES, DIGESTS = "provenance/node", "provenance/metadata_digest"
"""The paths of all that an atlas was allocated with, and the digests of their metadata."""

NODE = "array or group of the atlas"
DIGEST = "first digits of the SHA-256 of its metadata"

_NODES = {
    "node": Variable(("node",), str, "", "node", NODE),
    "metadata_digest": Variable(("node",), str, "", "digest", DIGEST),
}

PROVENANCE = Group(
    "provenance",
    "what the atlas was allocated with; as attributes: its layout, the data's digest, platform, Python's version, and `stimulus_low` and `stimulus_high`, what 0 and 255 stand for where stimuli are numbers in a row",
    same(_NODES),
    when=later,
)
