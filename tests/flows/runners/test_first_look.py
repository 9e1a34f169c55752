"""The picture of a run at work: drawn now and then, gone with the run, and nobody else's file."""

from __future__ import annotations

import pytest
from PIL import Image

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.runners import first_look
from spikeatlas.tasks.atlas.ownership.signatures import is_picture


def test_it_is_drawn_once_in_a_while_and_goes_with_the_run(
    made: Checked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = made.run.picture_so_far
    with caplog.at_level("INFO", "spikeatlas"), first_look.opened(made.run):
        first_look.show(made.run, 2.0)
        assert is_picture(file)
        with Image.open(file) as picture:
            assert picture.height > 100
        file.unlink()
        first_look.show(made.run, 2.0)
        assert not file.exists()
        monkeypatch.setattr(
            "spikeatlas.flows.runners.first_look.time.monotonic", lambda: float("inf")
        )
        first_look.show(made.run, 2.0)
        assert file.exists()
    assert not file.exists()
    assert len(caplog.messages) == 1


def test_a_file_of_its_name_stays_where_nothing_is_drawn(copied: Checked) -> None:
    copied.run.picture_so_far.write_text("mine")
    with first_look.opened(copied.run):
        pass
    assert copied.run.picture_so_far.read_text() == "mine"


def test_nothing_is_drawn_outside_of_a_run(made: Checked) -> None:
    first_look.show(made.run, 2.0)
    assert not made.run.picture_so_far.exists()
