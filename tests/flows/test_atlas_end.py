from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from spikeatlas.flows import atlas
from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.report.page import render
from spikeatlas.tasks.report.summary import read_summary


def test_the_end_is_noted_before_the_page_is_written(
    compared_copy: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = compared_copy.run.atlas
    pages: list[str] = []

    def work(*arguments: Any) -> Any:
        if arguments[0] != str(place):
            return []
        pages.append(render(read_summary(place)))
        return compared_copy.run.folder / "report" / "index.html"

    class Flow:
        def with_options(self, **_: Any) -> Any:
            return work

    for name in ("train_flow", "maximize_flow", "analyze_flow", "report_flow"):
        monkeypatch.setattr(atlas, name, Flow())
    for name in ("workers", "quiet_subflows", "tallied"):
        monkeypatch.setattr(atlas, name, lambda *_: nullcontext())
    monkeypatch.setattr(atlas, "tag_run", lambda _: None)

    atlas.complete(compared_copy.run)

    (page,) = pages
    assert "not yet" not in page
