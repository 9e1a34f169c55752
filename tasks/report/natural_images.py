"""The natural images that the atlas names by their indices, where this machine has them."""

from __future__ import annotations

from pydantic import TypeAdapter

from spikeatlas.snn.data import DataSpec, Split
from spikeatlas.tasks.report.summary import Summary
from spikeatlas.tasks.workers import models


def test_images(summary: Summary) -> tuple[Split | None, str]:
    """Load the test split of the study's data: it and an empty sentence, or None and a sentence that says why.

    Never downloads: writing a page is no reason to fetch a data set.
    """
    try:
        spec = TypeAdapter(DataSpec).validate_python(summary.study.get("data", {}))
        data = models.dataset(spec.offline())
    except (OSError, ValueError) as error:
        return (
            None,
            f"The test images cannot be shown, for they cannot be loaded on this machine: {error}",
        )
    if data.digest() != summary.provenance.get("data_digest"):
        return None, (
            "The test images cannot be shown: those found on this machine are not the ones the atlas was "
            "made from."
        )
    return data.test, ""
