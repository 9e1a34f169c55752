"""The comparison of a user's module with its own loop, on few images and steps."""

from __future__ import annotations

import pytest

from spikeatlas.flows.benchmark.modes import module_speed
from spikeatlas.flows.benchmark.reference_network import smooth_images
from spikeatlas.snn.generators.base import Images


@pytest.fixture(scope="module")
def natural() -> Images:
    return smooth_images(32)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("BATCH", 4), ("COUNTED", 8), ("_LEAST", 0.0)):
        monkeypatch.setattr(module_speed, name, value)


def test_a_tutorial_module_is_lowered_and_timed(natural: Images) -> None:
    contest = module_speed.tutorial_contest(natural, time_steps=4)
    assert contest.way.name == "lowered"
    assert list(contest.sizes.items()) == [("lif1", 64), ("lif2", 64), ("lif3", 100), ("lif4", 10)]
    assert all(0.02 < rate < 0.3 for rate in contest.rates.values())
    assert contest.differing <= 2
    speed = module_speed.time_turns(contest, {"lif1": [3]}, natural, rounds=1)
    assert min(speed) > 0


def test_a_residual_network_is_layered_without_a_difference(natural: Images) -> None:
    pytest.importorskip("spikingjelly")
    contest = module_speed.resnet_contest(natural, 4, 7, time_steps=3)
    assert contest.way.name == "layered"
    assert len(contest.sizes) == 17
    assert contest.differing == 0
    lines = list(
        module_speed._table(
            contest,
            module_speed._resnet_targets,
            natural,
            rounds=1,
        )
    )
    assert "0 responses of 8 images differ" in lines[0]
    assert "all layers" in lines[0]
