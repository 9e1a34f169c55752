"""The natural images that the atlas names by their indices: its own, or those of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from spikeatlas.snn.data import DataSpec, Split
from spikeatlas.tasks.atlas import Tree
from spikeatlas.tasks.report.pictures import film_strips, pictured
from spikeatlas.tasks.workers import models


class TestImages(NamedTuple):
    """The test split of a study's data, or why it is not there."""

    split: Split | None
    """Pictures (n, channels, height, width): sequences as film strips, rows of numbers as bars."""
    regret: str
    """A sentence; empty where they are there."""


def test_images(tree: Tree, data: Mapping[str, Any], digest: object) -> TestImages:
    """Read the test images of an atlas; of one that lacks them, load those of its study's ``data`` (``digest``: its own).

    Never downloads: writing a page is no reason to fetch a data set.
    """
    if "test_images" in tree:
        group = tree["test_images"]
        return TestImages(_pictures(Split(group.test_image.values, group.label.values)), "")
    try:
        spec = TypeAdapter(DataSpec).validate_python(data)
        loaded = models.dataset(spec.offline())
    except (OSError, ValueError) as error:
        sentence = (
            f"The test images cannot be shown, for they cannot be loaded on this machine: {error}"
        )
        return TestImages(None, sentence)
    if loaded.digest() != digest:
        sentence = (
            "The test images cannot be shown: those found on this machine are not the ones the atlas was "
            "made from."
        )
        return TestImages(None, sentence)
    return TestImages(_pictures(loaded.test), "")


def _pictures(split: Split) -> Split:
    still = split.images.ndim == len(("image", "channel", "y", "x"))
    return Split((pictured if still else film_strips)(split.images), split.labels)
