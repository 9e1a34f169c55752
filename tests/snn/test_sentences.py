"""Mistakes of a user, as sentences."""

from __future__ import annotations

from spikeatlas.snn.sentences import caught, near


def test_near_names() -> None:
    assert near("sqare", ["square", "circle"]) == " (did you mean square?)"
    assert near("xyz", ["square"]) == ""


def test_a_sentence_begins_with_its_field() -> None:
    def refuse() -> None:
        raise ValueError("it is empty")

    assert caught("data", refuse) == ["data: it is empty"]
    assert caught("it", refuse) == ["it is empty"]
    assert caught("data", lambda: 1) == []
