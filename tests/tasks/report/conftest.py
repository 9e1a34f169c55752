"""A made-up atlas and its page, made once."""

from __future__ import annotations

import pytest

from spikeatlas.tasks.report import write_report
from tests.tasks.report.synthetic import (
    Synthetic,
)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Synthetic:
    """A finished atlas. Read only."""
    return Synthetic(tmp_path_factory.mktemp("whole") / "atlas.zarr").fill()


@pytest.fixture(scope="session")
def page(whole: Synthetic, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(whole.path, tmp_path_factory.mktemp("page")).read_text()
