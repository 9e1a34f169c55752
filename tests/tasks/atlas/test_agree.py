"""A study goes on with an atlas that was made of the same values, and with no other."""

from __future__ import annotations

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import AtlasError, write
from spikeatlas.tasks.atlas.agree import agree, differences


def test_every_field_that_differs_is_named_with_both_values() -> None:
    before = {"seed": 0, "search": {"sign": 1, "budget": 5}, "old": 1}
    now = {"seed": 0, "search": {"sign": -1, "budget": 5}}

    assert differences(before, now) == [
        "old is null now, 1 in the atlas",
        "search.sign is -1 now, 1 in the atlas",
    ]
    assert differences(now, now) == []


def test_other_images_are_refused(made: Checked) -> None:
    agree(made.run, made.source, made.data.digest())
    with pytest.raises(AtlasError, match=r"was made from other images than data\.root="):
        agree(made.run, made.source, "other")


def test_changed_code_of_the_users_own_is_refused(
    copied: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    write.note(copied.run.atlas, "provenance", {"sources": '{"mine:Method": "a"}'})
    sources = {"mine:Method": "a"}
    monkeypatch.setattr("spikeatlas.tasks.atlas.agree.own_sources", lambda _: sources)
    agree(copied.run, copied.source, copied.data.digest())
    sources["mine:Method"] = "b"
    with pytest.raises(AtlasError, match="the source of mine:Method has changed since"):
        agree(copied.run, copied.source, copied.data.digest())
