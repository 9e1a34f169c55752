"""Names of attacks tell them apart."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.robustness import ATTACKS, AttackSpec, network_target
from tests.snn.nets import network


@dataclass(frozen=True, config=SPEC)
class Mine(AttackSpec):
    """An attack of a user's."""

    kind: str = "mine:Mine"
    times: int = Field(default=2, ge=1)
    places: tuple[int, ...] = Field(default_factory=tuple)

    def craft(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("noise", "noise"),
        ({"kind": "noise", "draws": 5}, "noise, draws 5"),
        ({"kind": "random", "norm": "l2", "draws": 5}, "random, draws 5"),
        ({"kind": "pgd", "steps": 40, "pace": 1.5}, "pgd-40, pace 1.5"),
        ({"kind": "momentum", "decay": 0.5}, "momentum-10, decay 0.5"),
        ({"kind": "transfer", "norm": "l2", "decay": 0}, "transfer-10, decay 0.0"),
        ({"kind": "square", "share": 0.3}, "square-300, share 0.3"),
        (
            {"kind": "naa", "layer": "fc1", "path": 5, "decay": 0.5, "norm": "l2"},
            "naa-10, decay 0.5, path 5, layer fc1",
        ),
        ({"kind": "naa-transfer", "steps": 3, "path": 5}, "naa-transfer-3, path 5"),
    ],
)
def test_a_label_has_each_field_that_is_not_as_usual(value: Any, label: str) -> None:
    assert ATTACKS.read(value).label == label


def test_the_label_of_a_user_s_attack_has_its_fields() -> None:
    assert Mine().label == "mine:Mine"
    assert Mine(times=3, places=(1, 2)).label == "mine:Mine, times 3, places (1, 2)"


def test_most_attacks_name_nothing_of_a_target() -> None:
    assert Mine().misfit(network_target(network())) is None
