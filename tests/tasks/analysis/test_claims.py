from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from spikeatlas.tasks.analysis.claim import Claim
from spikeatlas.tasks.analysis.claims import claims
from spikeatlas.tasks.analysis.course import Course
from spikeatlas.tasks.analysis.intervals import Estimate
from spikeatlas.tasks.analysis.thresholds import FILE, thresholds

EPOCHS = [0.0, 0.1, 0.25, 0.5, 1.0, 2.0]
NEURONS = 40


def layer(early: float, switched: float, rise: int = 1) -> xr.Dataset:
    """A layer of which a part became highly selective early, the rest late, and a part switched."""
    over = {"epoch": EPOCHS, "neuron": np.arange(NEURONS)}
    place = np.arange(NEURONS) / NEURONS
    course = np.linspace(0, 1, len(EPOCHS))[:, None] * rise + 0.01 * place
    p = np.where(place < switched, 0.001, 0.5)
    return xr.Dataset(
        {
            "responsive": (("epoch", "neuron"), np.ones((len(EPOCHS), NEURONS), bool)),
            "ratio": (("epoch", "neuron"), 1 + course),
            "perplexity": (("epoch", "neuron"), 0.9 - course / 2),
            "highly_selective_onset": ("neuron", np.where(place < early, 0.1, 1.0)),
            "switched": ("neuron", (place < switched).astype(np.uint8)),
            "switch_p": ("neuron", p),
            "mei_support_p": ("neuron", np.where(place < switched / 2, 0.01, np.nan)),
        },
        coords=over,
    )


def network(seed: int = 0, *, early: tuple[float, float] = (0.9, 0.6), switched: float = 0.3,
            rise: int = 1, **changed: Any) -> Course:  # fmt: skip
    layers = {"conv1": layer(early[0], 0, rise), "fc1": layer(early[1], switched, rise)}
    accuracy = xr.DataArray([0.1, 0.6, 0.7, 0.8, 0.85, 0.9], dims="epoch", coords={"epoch": EPOCHS})
    return Course(**{
        "name": f"run-{seed}", "seed": seed, "control": False, "accuracy": accuracy, "layers": layers,
        "searched": True, **changed,
    })  # fmt: skip


def answers(*courses: Course) -> dict[str, Claim]:
    return {claim.name: claim for claim in claims(courses)}


def test_one_network_is_at_most_consistent() -> None:
    found = answers(network())
    assert [claim.answer for claim in found.values()] == ["consistent in this network"] * 3
    assert found["early_selectivity"].effect == pytest.approx(60 / 80)
    assert found["refinement"].effect == pytest.approx(1)
    assert found["concept_change"].effect == pytest.approx(0.3)
    assert found["concept_change"].low < 0.3 < found["concept_change"].high
    assert {claim.seeds for claim in found.values()} == {1}
    told = " ".join(found["concept_change"].reasons)
    assert "of 12 switched deep neurons of the first network 6 have cold MEIs" in told


def test_five_networks_support() -> None:
    several = [
        network(seed, early=(0.9, 0.5 + 0.02 * seed), switched=0.3 + 0.02 * seed)
        for seed in range(5)
    ]
    found = answers(*several)
    assert found["early_selectivity"].answer == "supported"
    assert found["concept_change"].answer == "supported"
    assert found["concept_change"].seeds == 5
    # of 40 neurons: 12, 13, 14, 15, 16 (shares are cut to whole neurons)
    assert found["concept_change"].effect == pytest.approx(0.34, abs=0.02)


def test_four_networks_do_not() -> None:
    found = answers(*(network(seed) for seed in range(4)))
    assert found["early_selectivity"].answer == "consistent in this network"


def test_the_contrary_is_not_supported() -> None:
    found = answers(network(early=(0.2, 0.2), switched=0.0, rise=-1))
    assert found["early_selectivity"].answer == "not supported"
    assert found["refinement"].answer == "not supported"
    # none of 40: up to 0.088 is possible, which is beyond the bar
    assert found["concept_change"].answer == "undecided"


def test_one_part_that_fails_is_enough_against() -> None:
    assert answers(network(early=(0.6, 0.95)))["early_selectivity"].answer == "not supported"


def test_stimuli_at_random_are_no_optimal_ones() -> None:
    found = answers(network(searched=False))["refinement"]
    assert found.answer == "undecided"
    assert "no network's optimal stimuli were searched" in found.reasons
    assert np.isnan(found.effect)


def test_controls_take_no_part() -> None:
    assert answers(network(), network(1, control=True))["concept_change"].seeds == 1
    with pytest.raises(ValueError, match="true labels"):
        claims([network(control=True)])


def short(course: Course, epochs: list[float]) -> Course:
    rows = [EPOCHS.index(epoch) for epoch in epochs]
    return network(
        accuracy=course.accuracy.isel(epoch=rows),
        layers={name: found.isel(epoch=rows) for name, found in course.layers.items()},
    )


def test_the_output_is_no_deep_layer() -> None:
    whole = network()
    more = network(layers={**whole.layers, "out": layer(0.0, 0.9)}, outputs=("out",))
    assert [c.as_json() for c in claims([more])] == [c.as_json() for c in claims([whole])]


def test_what_is_lacking_is_named() -> None:
    few = answers(short(network(), [0.0, 2.0]))
    assert [claim.answer for claim in few.values()] == ["undecided"] * 3
    assert "1 analysed epochs after epoch 0" in few["early_selectivity"].reasons[0]
    assert "2 epochs are analysed: 6 are needed" in few["refinement"].reasons[0]
    assert "two analysed epochs" in few["concept_change"].reasons[0]
    one = network(layers={"fc1": layer(0.5, 0.3)})
    assert "one layer is probed: two are needed" in answers(one)["early_selectivity"].reasons


def test_networks_without_hidden_layers_or_accuracy_decide_nothing() -> None:
    whole = network()
    bare = answers(network(outputs=tuple(whole.layers)))
    assert [claim.answer for claim in bare.values()] == ["undecided"] * 3
    assert bare["refinement"].reasons == ("no hidden layer is probed",)
    unread = answers(network(accuracy=whole.accuracy * np.nan))
    assert unread["refinement"].reasons == ("the network's accuracy is not known",)
    assert unread["concept_change"].answer == "consistent in this network"


def test_claims_are_written_without_nan() -> None:
    found = claims([network(searched=False)])[1].as_json()
    assert found["effect"] is None
    assert found["answer"] == "undecided"
    assert isinstance(found["reasons"], list)


def test_the_bars_are_all_in_the_file() -> None:
    bars = thresholds()
    assert 0 < bars.highly_selective_csi < 1
    text = Path(FILE).read_text()
    assert all(f"{name}:" in text for name in vars(bars))


def test_intervals_are_what_decides() -> None:
    from spikeatlas.tasks.analysis.claim import ClaimPart

    bars = thresholds()
    for bounds, held in (
        ((0.6, 0.7), True),
        ((0.1, 0.4), False),
        ((0.4, 0.6), None),
        ((np.nan, np.nan), None),
    ):
        assert ClaimPart("x", 0.5, (Estimate(0.5, *bounds),)).holds(bars) is held
