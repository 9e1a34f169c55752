from __future__ import annotations

import time

import pytest

from spikeatlas.flows.runners import progress
from spikeatlas.flows.runners.progress import Tally
from spikeatlas.tasks.study.blocks import Block

STATES = {"silent": 20}


def test_a_tally_tells_how_far_and_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally(1200, 12_000, before=500)
    assert str(tally) == "0 of 1,200 neurons, training comes first; 0 silent, 0 failed"

    monkeypatch.setattr(progress, "images_shown", lambda: 500 + 3_000)
    tally.began = time.monotonic() - 60
    tally.look()
    assert str(tally) == "0 of 1,200 neurons, about 3 min left; 0 silent, 0 failed"

    tally.count(Block(0, "conv1", 0, 300), 3_000, STATES)
    tally.count(Block(0, "conv1", 300, 304), 40, None)
    tally.count(Block(0, "conv1", 304, 1160), 8_560, {})
    tally.look()
    assert tally.share == pytest.approx(11_600 / 12_000)
    assert str(tally) == "1,160 of 1,200 neurons, about 2 s left; 20 silent, 4 failed"

    tally.count(Block(0, "conv1", 1160, 1200), 400, {})
    tally.look()
    assert str(tally) == "1,200 of 1,200 neurons, done; 20 silent, 4 failed"


def test_the_time_is_told_while_the_first_block_is_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally(64, 1_000)
    monkeypatch.setattr(progress, "images_shown", lambda: 10)
    tally.look()
    assert tally.began is not None
    tally.began -= 1
    assert tally.time_left() == "about 2 min left"


def test_a_pace_of_a_moment_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally(64, 10_000)
    monkeypatch.setattr(progress, "images_shown", lambda: 10)
    tally.look()
    assert tally.time_left() == "just begun"
    assert tally.began is not None
    tally.began -= 25
    assert tally.time_left().startswith("about 4")
