"""Names of layers as ids."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from spikeatlas.tasks.report.anchors import anchor


def test_plain_names_stay() -> None:
    assert anchor("conv1") == "conv1"
    assert anchor("layer1.0.sn1") == "layer1.0.sn1"
    assert anchor("layer 2.0#1") == "layer~20~2.0~23~1"


@given(st.text(), st.text())
def test_ids_are_plain_and_each_name_has_its_own(one: str, other: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.~-]*", anchor(one))
    assert (anchor(one) == anchor(other)) == (one == other)
