"""The entries of the search axis."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from spikeatlas.tasks.study.search_entries import SearchEntry
from spikeatlas.tasks.study.specs import SearchSpec

SPEC = TypeAdapter(SearchSpec)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_study_of_one_sign_has_an_entry_for_each_method(sign: Any) -> None:
    search = SearchSpec(methods=("screened", "random"), sign=sign)
    assert search.entries == (
        SearchEntry("screened", "screened", sign),
        SearchEntry("random", "random", sign),
    )
    assert (search.signs, search.main_sign) == ((sign,), sign)


def test_with_both_signs_the_least_exciting_ones_follow_the_most_exciting_ones() -> None:
    search = SPEC.validate_python(
        {"methods": ["screened", {"kind": "tt", "rank": 2}], "sign": "both"}
    )
    assert search.entries == (
        SearchEntry("screened", "screened", 1),
        SearchEntry("tt", "tt", 1),
        SearchEntry("screened-least", "screened", -1),
        SearchEntry("tt-least", "tt", -1),
    )
    assert (search.signs, search.main_sign) == ((1, -1), 1)
    assert SPEC.dump_python(search, mode="json")["sign"] == "both"
    assert SearchSpec(methods=(), sign="both").entries == ()
