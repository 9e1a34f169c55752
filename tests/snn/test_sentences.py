"""Mistakes of a user, as sentences."""

from __future__ import annotations

import errno
from pathlib import Path

from spikeatlas.snn.sentences import caught, near, os_sentence, sentence_of


def test_near_names() -> None:
    assert near("sqare", ["square", "circle"]) == " (did you mean square?)"
    assert near("xyz", ["square"]) == ""


def test_a_sentence_begins_with_its_field() -> None:
    def refuse() -> None:
        raise ValueError("it is empty")

    assert caught("data", refuse) == ["data: it is empty"]
    assert caught("it", refuse) == ["it is empty"]
    assert caught("data", lambda: 1) == []


def test_an_error_of_the_system_is_a_sentence() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "runs/a/claims.json")
    assert os_sentence(full) == (
        "runs/a/claims.json: No space left on device; free some space, or choose another disk"
    )
    assert os_sentence(OSError(errno.EBADF, "Bad file descriptor")) == "Bad file descriptor"
    assert (
        os_sentence(FileNotFoundError("There is no atlas: run it.")) == "There is no atlas: run it."
    )
    assert sentence_of(ValueError("no")) == "no"
    assert "[Errno" not in caught("data", Path("/nowhere/x").read_text)[0]
