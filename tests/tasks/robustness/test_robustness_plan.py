from __future__ import annotations

import pytest

from spikeatlas.snn.robustness import (
    CLEAN,
    Fgsm,
    GaussianNoise,
    Pgd,
    RandomPoint,
    Square,
    Transfer,
)
from spikeatlas.tasks.robustness.robustness_plan import (
    STRENGTHS,
    RobustnessPlan,
    read_strengths,
    spelled,
)


def test_every_attack_has_the_strengths_of_its_scale() -> None:
    plan = RobustnessPlan(attacks=(GaussianNoise(), Pgd(norm="l2"), Square()))

    conditions = list(plan.conditions())

    assert conditions[0] == CLEAN
    assert [(c.attack.kind, c.strength) for c in conditions[1:] if c.attack] == [
        *(("noise", level) for level in STRENGTHS["deviation"]),
        *(("pgd", radius) for radius in STRENGTHS["l2"]),
        *(("square", radius) for radius in STRENGTHS["linf"]),
    ]


def test_what_is_made_if_nothing_is_said_has_a_black_box_and_a_transfer() -> None:
    plan = RobustnessPlan()
    assert plan.problems() == []
    assert {attack.kind for attack in plan.attacks} >= {"fgsm", "pgd", "square", "transfer"}


def test_gradients_are_never_followed_alone() -> None:
    for controls in ((), (GaussianNoise(), RandomPoint())):
        (problem,) = RobustnessPlan(attacks=(Fgsm(), *controls)).problems()
        assert "name square or transfer" in problem
    assert RobustnessPlan(attacks=(Fgsm(), Square())).problems() == []
    # a black box in another norm says nothing
    (problem,) = RobustnessPlan(attacks=(Pgd(norm="l2"), Square())).problems()
    assert "(l2) alone" in problem
    assert "name {kind: transfer, norm: l2} beside it" in problem
    assert RobustnessPlan(attacks=(Pgd(norm="l2"), Transfer(norm="l2"))).problems() == []
    assert RobustnessPlan(attacks=(GaussianNoise(),)).problems() == []


def test_problems_are_sentences() -> None:
    plan = RobustnessPlan(images=0, attacks=(Square(),), strengths={"linf": (0.001,)})
    assert plan.problems() == [
        "--images is 0: it must be at least 1",
        "--eps: square-300 of strength 0.001: images have 8 bits, so it must be at least one grey level, 1/255",
    ]


def test_what_no_image_can_be_changed_by_is_refused() -> None:
    strengths = {"linf": (1e300, 1.5, 1.0), "l2": (1e300,)}
    plan = RobustnessPlan(attacks=(Square(), Transfer(norm="l2")), strengths=strengths)  # type: ignore[arg-type]
    assert plan.problems() == [
        "--eps: square-300 of strength 1e+300: no pixel can change by more than 1",
        "--eps: square-300 of strength 1.5: no pixel can change by more than 1",
        "--l2: transfer-10 of strength 1e+300: it must be at most 1e+06",
    ]


def test_strengths_are_read_and_spelled() -> None:
    assert read_strengths("--eps", ["2/255,0.1", "0.1"]) == (2 / 255, 0.1)
    assert read_strengths("--eps", None) is None
    assert [spelled(s) for s in (2 / 255, 0.1, 0.2, 8 / 255, 1 / 3)] == [
        "2/255",
        "0.1",
        "0.2",
        "8/255",
        "85/255",
    ]


@pytest.mark.parametrize("text", ["much", "1/0", "-0.1", "nan", "inf", "", "1/2/3"])
def test_other_strengths_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"--noise {text}"):
        read_strengths("--noise", [text])


def test_two_attacks_of_one_row_are_refused() -> None:
    balls = (Pgd(), Pgd(norm="l2"), Pgd(steps=40), Pgd(pace=1.5), Square(), Transfer(norm="l2"))
    assert RobustnessPlan(attacks=balls).problems() == []
    twice = RobustnessPlan(attacks=(*balls, Pgd(norm="l2", steps=20)))
    assert twice.problems() == ["--attack names pgd-20 (l2) 2 times: name each attack once"]
