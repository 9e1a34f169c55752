"""The verdict on every neuron of a tiny network that loses some: what is stored is what the network does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.life import (
    CUT,
    DEAD,
    DORMANT,
    LIVE,
    UNASKED,
    UNDRIVEN,
    VERDICTS,
    DriveResponder,
)
from spikeatlas.snn.subjects import TrainedSource
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.life import accuracies_without, cut_effects, life_counts
from spikeatlas.tasks.life.life_table import equal_numbers
from spikeatlas.tasks.stages.living import natural_images
from spikeatlas.tasks.workers import models
from tests.snn.nets import noise_images
from tests.tiny import build, folder_of, tiny


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """A finished study of two hidden layers, some of whose units are cut in the middle of training."""
    study = tiny(
        tmp_path_factory.mktemp("judged"),
        network={
            "channels": [],
            "hidden": [16, 12],
            "threshold": [7.0, 0.8, 0.3],
            "decoding": "membrane",
        },
        training={
            "epochs": 6,
            "lr": 0.02,
            "callbacks": [{"kind": "prune", "by": "random", "sparsity": (0.25, 0.5)}],
        },
        probe={"epochs": [0, 6], "layers": "all"},
        search={"methods": ["random"], "repeats": 1},
        analysis={"images": 60, "life": True},
    )
    return build(study)


@pytest.fixture(scope="module")
def table(judged: Checked) -> xr.Dataset:
    with open_tree(judged.run.atlas) as tree:
        stimuli = tree["life/stimuli"].stimulus
        return tree["life"].assign(stimulus=stimuli, lived=tree.progress.lived).load()


def rows(table: xr.Dataset, epoch: float, verdict: int) -> list[tuple[str, int, int]]:
    """Row, layer and number of the neurons with a verdict."""
    places = np.flatnonzero(table.verdict.sel(epoch=epoch).values == verdict)
    layers, numbers = table["layer"].values, table["neuron_index"].values
    return [(str(layers[row]), int(numbers[row]), int(row)) for row in places]


def test_there_is_one_of_each(table: xr.Dataset) -> None:
    assert table.lived.values.tolist() == [1, 1]
    assert set(np.unique(table.verdict.values)) >= {UNASKED, LIVE, DORMANT, UNDRIVEN, CUT}
    assert {layer for layer, _, _ in rows(table, 0, UNASKED)} == {"out"}


def test_cut_ones_are_those_that_training_cut(judged: Checked, table: xr.Dataset) -> None:
    assert rows(table, 0, CUT) == []
    cut = models.subject(judged.run, 6)[0].cut
    assert {name: len(units) for name, units in cut.items()} == {"fc1": 4, "fc2": 6}
    found = [(layer, number) for layer, number, _ in rows(table, 6, CUT)]
    assert found == [(layer, unit) for layer, units in cut.items() for unit in units]
    with open_tree(judged.run.atlas) as tree:
        response = tree["neurons"].best_known.sel(epoch=6).values
    assert all(response[row] == 0 for _, _, row in rows(table, 6, CUT))


def test_silent_ones_answer_no_natural_image(judged: Checked, table: xr.Dataset) -> None:
    natural = natural_images(judged.run)
    for epoch in (0, 6):
        subject, _ = models.subject(judged.run, epoch)
        loudest = {
            name: answers.max(0)
            for name, answers in subject.responses(natural, judged.run.layers).items()
        }
        for verdict in (LIVE, DORMANT, UNDRIVEN, DEAD, CUT):
            for layer, number, _ in rows(table, epoch, verdict):
                assert (loudest[layer][number] > 0) == (verdict == LIVE)


def test_dormant_ones_answer_their_stimulus(judged: Checked, table: xr.Dataset) -> None:
    for epoch in (0, 6):
        subject, _ = models.subject(judged.run, epoch)
        for layer, number, row in rows(table, epoch, DORMANT):
            one = table.sel(epoch=epoch).isel(neuron=row)
            answer = subject.responses(one.stimulus.values[None], {layer: [number]})[layer]
            assert answer[0, 0] == one.response.item() > 0
            assert one.response.item() <= one.bound.item()


def test_undriven_ones_say_how_they_were_searched_for(judged: Checked, table: xr.Dataset) -> None:
    source = models.plain_source(judged.run)
    assert isinstance(source, TrainedSource)
    network = source.network(0)
    for layer, number, row in rows(table, 0, UNDRIVEN):
        one = table.sel(epoch=0).isel(neuron=row)
        assert (one.searches.item(), one.budget.item(), one.guided.item()) == (1, 20, 20)
        assert np.isnan(one.response.item())
        assert not one.stimulus.values.any()
        drive = DriveResponder(network, {layer: [number]})(noise_images(50))[layer]  # type: ignore[arg-type]
        assert one.drive.item() >= drive.max() - 5
        assert one.bound.item() > 0


def test_none_is_undriven_that_an_image_of_the_atlas_drives(
    judged: Checked, table: xr.Dataset
) -> None:
    with open_tree(judged.run.atlas) as tree:
        for epoch in (0, 6):
            for layer in judged.run.layers:
                at = (table["layer"] == layer).values
                one = table.sel(epoch=epoch).isel(neuron=at)
                best = tree[f"layers/{layer}"].response.sel(epoch=epoch).max(("search", "repeat"))
                answered = best.values > 0
                assert not answered[one.verdict.values == UNDRIVEN].any()
                # an image that drives it is there: nothing has to be searched for
                dormant = (one.verdict.values == DORMANT) & answered
                assert not one.searches.values[dormant].any()


def test_random_spikes_are_searched_with_as_well(tmp_path: Path) -> None:
    """A unit that no search drives is shown extreme images too, which a stochastic coding draws spikes of."""
    study = tiny(
        tmp_path,
        network={"channels": [], "hidden": [8], "coding": "poisson", "threshold": [11.0, 1.0]},
        probe={"epochs": [0], "layers": ["fc1"]},
        search={"methods": ["random"], "repeats": 1},
        analysis={"images": 60, "life": True},
    )
    run = build(study).run
    with open_tree(run.atlas) as tree:
        life = tree["life"]
        dormant = life.verdict.values == DORMANT
        assert dormant.any()
        # searched for in vain; at a white pixel each step has a spike
        assert (life.searches.values[dormant] == 1).all()
        assert np.isnan(life.typicality.values).all()
        # spikes that are drawn have no gradient to climb
        assert not life.guided.values.any()


def test_they_are_counted(judged: Checked, table: xr.Dataset) -> None:
    counts = life_counts(folder_of(judged.run))
    assert counts[["epoch", "layer"]].to_numpy().tolist() == [
        [epoch, layer] for epoch in (0.0, 6.0) for layer in ("fc1", "fc2")
    ]
    names = ["live", "dormant", "undriven", "dead", "cut"]
    assert (counts[names].sum(axis=1) == counts["neurons"]).all()
    assert counts["cut"].tolist() == [0, 0, 4, 6]
    assert counts["dormant"].sum() == (table.verdict.values == DORMANT).sum()


def test_silent_units_are_cut_at_equal_numbers(judged: Checked, table: xr.Dataset) -> None:
    effects = cut_effects(folder_of(judged.run))
    at = effects[effects["epoch"] == 6]
    verdict, layers = table.verdict.sel(epoch=6).values, table["layer"].values
    states, numbers = equal_numbers(verdict, layers)
    assert at["cut"].tolist() == ["none", *(VERDICTS[state] for state in states)]
    assert {"dormant", "live"} <= set(at["cut"])
    total = sum(numbers.values())
    assert at["units"].tolist() == [0, *[total] * len(states)]
    assert total > 0
    # none but the live ones answers a test image
    assert at["clean"].iloc[:-1].nunique() == 1
    source = models.plain_source(judged.run)
    assert at["clean"].iloc[0] == pytest.approx(source.progress(6).accuracy)


def test_numbers_are_equal_in_each_layer() -> None:
    layers = np.repeat(np.array(["a", "b"], object), [9, 8])
    verdict = np.array([*[LIVE] * 3, *[DORMANT] * 2, *[DEAD] * 4, *[LIVE] * 5, *[DORMANT] * 3])
    assert equal_numbers(verdict, layers) == ([DORMANT, DEAD, LIVE], {"a": 2})
    # undriven ones are in another layer than dead ones
    other = np.where((layers == "b") & (verdict == DORMANT), UNDRIVEN, verdict)
    assert equal_numbers(other, layers) == ([DORMANT, DEAD, LIVE], {"a": 2})
    alone = np.where(verdict == DEAD, LIVE, verdict)
    assert equal_numbers(alone, layers) == ([DORMANT, LIVE], {"a": 2, "b": 3})
    assert equal_numbers(np.full(17, LIVE), layers) == ([], {})


def test_without_live_units_the_accuracy_changes(judged: Checked, table: xr.Dataset) -> None:
    units: dict[str, list[int]] = {}
    for layer, number, _ in rows(table, 6, LIVE):
        units.setdefault(layer, []).append(number)
    whole, rest = (accuracies_without(judged.run, 6, gone) for gone in ({}, units))
    assert whole["clean"] > rest["clean"]


def test_an_atlas_without_verdicts_says_how_to_get_some(made: Checked) -> None:
    with pytest.raises(ValueError, match=r"set analysis\.life to true"):
        life_counts(folder_of(made.run))
