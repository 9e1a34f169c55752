"""A study of a spiking actor, from its YAML to a replayed atlas and its pages."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.snn.showing import Showing
from spikeatlas.tasks.atlas import integrity, open_tree
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.report import write_report
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.workers import models
from tests.pages import ROOT
from tests.tiny import built

pytest.importorskip("gymnasium", reason="actors act in Gymnasium's environments (extra actor)")

STUDY = ROOT / "deployments" / "studies" / "rules" / "actor.yaml"
SMALL: dict[str, dict[str, Any]] = {
    "data": {"train": 60, "test": 60},
    "network": {"hidden": [12, 12]},
    "training": {"epochs": 120},
    "generator": {"levels": 8},
    "probe": {"epochs": [0, 120], "layers": ["fc2", "out"], "neurons": 6},
    "search": {"budget": 60, "screening_images": 20},
    "analysis": {"images": 60},
}
METHOD = {"every": 60, "start_steps": 40, "update_after": 60, "batch_size": 8, "critic_hidden": [6]}


def study(folder: Path, **sections: dict[str, Any]) -> dict[str, Any]:
    """The study of the docs, smaller in all that takes time."""
    raw: dict[str, Any] = yaml.safe_load(STUDY.read_text())
    for name in SMALL.keys() | sections.keys():
        raw[name] = {**raw.get(name, {}), **SMALL.get(name, {}), **sections.get(name, {})}
    raw["training"]["method"] = {**raw["training"]["method"], **METHOD}
    return {**raw, "output": str(folder)}


@pytest.fixture(scope="module")
def finished(shared: Path) -> Checked:
    return built(shared / "actor", study)


def test_the_study_of_the_docs_passes_its_check(tmp_path: Path) -> None:
    raw = yaml.safe_load(STUDY.read_text())
    checked = check({**raw, "output": str(tmp_path)})
    assert checked.layout.image == (1, 1, 3)
    assert checked.layout.epochs == (0, 2000, 8000)


def test_its_atlas_is_whole_and_replayed(finished: Checked) -> None:
    assert integrity.metadata_damage(finished.run.atlas) == []
    for plain in (False, True):
        verdict = verify(run_of_atlas(finished.run.atlas), plain=plain)
        assert verdict.problems == []
        assert verdict.sound


def test_a_stimulus_is_an_observation_and_its_point(finished: Checked) -> None:
    with open_tree(finished.run.atlas) as tree:
        provenance = tree["provenance"].attrs
        assert (provenance["stimulus_low"], provenance["stimulus_high"]) == (
            [-1, -1, -8],
            [1, 1, 8],
        )
        rows = tree["layers/out"]
        done = rows.response.values > 0
        assert done.any()
        images = (
            tree["image/out"].mei.transpose(*rows.response.dims, "channel", "y", "x").values[done]
        )
        points = tree["latent/out"].latent.transpose(*rows.response.dims, "latent_dim").values[done]
        np.testing.assert_array_equal(images[:, 0, 0], np.rint(255 * points / 7))
        assert 0 < rows.response.values[done].max() <= 1


def test_the_best_stimulus_is_the_grids_optimum_or_below(finished: Checked) -> None:
    """All 512 points are shown: no response is above their maximum, and most searches reach it."""
    run = finished.run
    subject, _ = models.subject(run, 120)
    points = np.array(list(itertools.product(range(8), repeat=3)))
    images = models.generator(run).decode(points)
    reached = total = 0
    with open_tree(run.atlas) as tree:
        for layer in ("fc2", "out"):
            best = subject.responses(images, {layer: range(6)}, Showing())[layer].max(0)
            rows = tree[f"layers/{layer}"].sel(epoch=120)
            responses = rows.response.transpose("neuron", ...).values.reshape(len(best), -1)
            assert (np.nan_to_num(responses) <= best[:, None] + 1e-6).all()
            reached += int((responses == best[:, None])[best > 0].sum())
            total += responses[best > 0].size
    assert reached >= 0.7 * total > 0


def test_what_needs_classes_is_undefined(finished: Checked) -> None:
    with open_tree(finished.run.atlas) as tree:
        assert np.isnan(tree["progress"].accuracy.values).all()
        assert np.isnan(tree["neurons"].class_selectivity_index.values).all()
        assert tree["progress"].step.values.tolist() == [0, 120]
        assert tree["progress"].epoch.attrs["units"] == "step"
        returns = tree["progress/acting"].mean_return.values
        # 200 steps, each between 0 and -(pi^2 + 0.1 * 64 + 0.001 * 4)
        assert ((returns > -200 * 16.28) & (returns < 0)).all()
        assert returns[0] != returns[1]


def test_pages_draw_bars(finished: Checked, tmp_path: Path) -> None:
    write_report(finished.run.atlas, tmp_path)
    report = (tmp_path / "index.html").read_text()
    assert "the 3 numbers of an observation as bars" in report
    assert "Undefined: observations have no classes." in report
    assert "environment steps" in report
    explorer = (tmp_path / "explore.html").read_text()
    assert '"image":[1,28,28]' in explorer.replace(" ", "")
    assert '"label":"mean return"' in explorer


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        (
            {"data": {"environment": "Pendulum-v9"}},
            "data: Gymnasium makes no environment 'Pendulum-v9' here",
        ),
        (
            {"data": {"environment": "MountainCarContinuous-v0"}},
            "training.method.environment: Pendulum-v1 is not data.environment, MountainCarContinuous-v0",
        ),
        (
            {"generator": {"high": [1, 1, 9]}},
            "are not the bounds of Pendulum-v1; write low: [-1.0, -1.0, -8.0]",
        ),
        ({"generator": {"high": [1, 1, 1e300]}}, "high: [1.0, 1.0, 8.0]"),
        (
            {"probe": {"epochs": [0.5, 120]}},
            "probe.epochs: 0.5 has no checkpoint, for td3 counts whole",
        ),
        ({"network": {"hidden": [10**12]}}, "network.hidden.0: 1000000000000 is not allowed"),
        ({"network": {"population": 10**12}}, "it should be 100000 or less"),
        (
            {"classifier": {"width": 2}},
            "classifier: observations have no classes that it could learn",
        ),
        (
            {"analysis": {"ablation": [120]}},
            "analysis.ablation: this network does not have a read-out",
        ),
        (
            {"search": {"prior": "autoregressive"}},
            "which generator.kind grid cannot make; set search.prior: uniform",
        ),
        (
            {"network": {"actions": 2}},
            "network.actions: 2 is not the number of actions in Pendulum-v1",
        ),
        ({"training": {"batch_size": 9}}, "training.batch_size: td3 does not read it"),
        ({"data": {"dataset": "digits", "train": 60}}, "data.train: "),
    ],
)
def test_mistakes_are_sentences(tmp_path: Path, sections: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StudyError) as caught:
        check(study(tmp_path / "run", **sections))
    assert any(sentence in problem for problem in caught.value.problems), caught.value.problems
    assert not (tmp_path / "run").exists()


def test_bounds_are_those_of_an_environment_as_it_has_them(tmp_path: Path) -> None:
    name = "MountainCarContinuous-v0"
    raw = study(tmp_path / "run", data={"environment": name}, generator={"low": [-1.2, -0.07], "high": [0.6, 0.07]})  # fmt: skip
    raw["training"]["method"]["environment"] = name
    assert check(raw).layout.image == (1, 1, 2)
    raw["generator"]["high"] = [0.6, 0.08]
    with pytest.raises(StudyError) as caught:
        check(raw)
    (sentence,) = caught.value.problems
    assert sentence.endswith("write low: [-1.2, -0.07] and high: [0.6, 0.07]")


def test_pictures_are_no_observations(tmp_path: Path) -> None:
    raw = {**study(tmp_path / "run"), "data": {"dataset": "digits"}}
    with pytest.raises(StudyError, match=r"set data\.dataset to observations"):
        check(raw)
