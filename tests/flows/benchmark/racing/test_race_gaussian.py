"""A benchmark in Gaussian latents: the race, and the table and pictures of naturalness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spikeatlas.flows.benchmark.racing.bench import Bench, parse
from spikeatlas.flows.benchmark.racing.checks import check
from spikeatlas.flows.benchmark.racing.preparation import draw_neurons, make_setting
from spikeatlas.flows.benchmark.racing.race import run
from spikeatlas.flows.benchmark.racing.race_report import file_order, report
from spikeatlas.optim import NormConstraint
from spikeatlas.snn.classifier.classifier import load_classifier
from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.naturalness_figure import unbeaten
from spikeatlas.tasks.benchmark.naturalness_race import (
    MethodStimuli,
    NaturalnessJudge,
    collect,
    relative,
    table,
)
from spikeatlas.tasks.study.study import StudyError
from tests.flows.benchmark.racing.test_race import RAW
from tests.tiny import SNGAN

SPHERE = {"grid": "continuous", "shell": "sphere"}
METHOD = {"name": "screened", "class": "generator prior", "share": [False], "seeds": 1}


def raw(output: Path, **fields: Any) -> dict[str, Any]:
    methods = [
        {**METHOD, "label": "free", "space": {"grid": "continuous"}},
        {**METHOD, "label": "sphere", "space": SPHERE},
        {**METHOD, "label": "traded", "space": SPHERE, "naturalness": 0.9},
    ]
    given = {
        **RAW, "generator": SNGAN, "methods": methods, "classifier": {"width": 2, "epochs": 1},
        "guide": {"ways": [{"way": "latent"}], "restarts": 2}, "sharing": None, "budget": 100,
    }  # fmt: skip
    return {**given, **fields, "output": str(output)}


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, list[str]]:
    bench = parse(raw(tmp_path_factory.mktemp("bench") / "run"))
    check(bench)
    return bench, [*run(bench), *report(bench, None)]


@pytest.fixture(scope="module")
def found(raced: tuple[Bench, list[str]]) -> list[MethodStimuli]:
    bench, _ = raced
    judge = NaturalnessJudge(make_setting(bench), load_classifier(bench.classifier_file))
    cells = sorted(bench.matrix.cells(draw_neurons(bench)), key=file_order(bench))
    return list(collect(judge, bench.store, cells))


def test_each_method_keeps_to_its_space(
    found: list[MethodStimuli], raced: tuple[Bench, list[str]]
) -> None:
    bench, _ = raced
    by_label = {each.label: each for each in found}
    assert list(by_label) == ["free", "sphere", "traded", "guide-latent", "prior samples"]
    for label in ("sphere", "traded"):
        assert ((by_label[label].norm >= 0.05 - 1e-4) & (by_label[label].norm <= 0.95 + 1e-4)).all()
    cells = [cell for cell in bench.matrix.cells(draw_neurons(bench)) if cell.label == "sphere"]
    for cell in cells:
        latents = results_store.arrays(bench.store, f"cells/{cell.name}")["latent"]
        assert latents.dtype == np.float32
        assert NormConstraint("sphere", 8).contains(latents).all()


def test_methods_are_held_against_the_first(found: list[MethodStimuli]) -> None:
    by_label = {each.label: each for each in found}
    assert np.array_equal(relative(by_label["free"], by_label["free"]), np.ones(4))
    own = by_label["sphere"].response / by_label["free"].response
    assert np.allclose(np.sort(relative(by_label["sphere"], by_label["free"])), np.sort(own))


def test_codes_are_traded_against_their_prior(tmp_path: Path) -> None:
    known = {"prior": "autoregressive"}
    methods = [
        {**METHOD, "label": "uniform"},
        {**METHOD, "label": "prior", "space": known},
        {**METHOD, "label": "traded", "space": known, "naturalness": 0.9},
    ]
    fields = {"generator": RAW["generator"], "methods": methods, "guide": None}
    bench = parse(raw(tmp_path, **fields))
    check(bench)
    told = list(run(bench))
    assert "learning the prior of the codes" in told
    judge = NaturalnessJudge(make_setting(bench), load_classifier(bench.classifier_file))
    cells = sorted(bench.matrix.cells(draw_neurons(bench)), key=file_order(bench))
    uniform, prior, traded, samples = collect(judge, bench.store, cells)
    assert np.isnan(uniform.norm).all()
    assert traded.typicality.mean() > uniform.typicality.mean() + 0.2
    assert traded.typicality.mean() > prior.typicality.mean()
    assert relative(traded, prior).mean() <= 1
    assert samples.typicality.mean() > 0.1
    assert not [text for text in run(bench) if "mean response" in text]


def test_table_and_pictures(raced: tuple[Bench, list[str]], found: list[MethodStimuli]) -> None:
    bench, told = raced
    text = table(found)
    assert text in told
    assert text.count("\n") == 1 + len(found)
    for name in ("naturalness.png", "stimuli.png", "search.png"):
        with Image.open(bench.output / name) as picture:
            assert picture.size[0] > 300


def test_a_front_is_what_nothing_beats() -> None:
    found = [(1.0, 0.1), (0.5, 0.5), (0.4, 0.4), (0.2, 0.9), (0.9, 0.1)]
    assert unbeaten(found) == [(0.2, 0.9), (0.5, 0.5), (1.0, 0.1)]


def test_what_is_natural(found: list[MethodStimuli]) -> None:
    for each in found:
        assert each.natural.shape == each.typicality.shape == each.density.shape
        assert np.array_equal(each.natural, (each.typicality >= 0.05) & (each.density >= 0.05))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"guide": {"ways": [{"way": "swap"}]}}, "'swap' does not climb in gaussian latents; choose from latent"),
        ({"methods": [{**METHOD, "space": {"shell": "ball"}}]}, "grid: continuous"),
        ({"methods": [{**METHOD, "space": {"prior": "factorised"}}]}, "factorised prior of codes"),
        ({"methods": [{"name": "pool", "class": "natural images"}]}, "has no encoder"),
        ({"methods": [{**METHOD, "naturalness": 2}]}, "methods.0.naturalness"),
        ({"methods": [{**METHOD, "space": {"gird": "uniform"}}]}, "did you mean grid"),
        ({"generator": {**SNGAN, "widht": 2}}, "generator.widht: there is no such field (did you mean width"),
    ],
)  # fmt: skip
def test_bad_input(tmp_path: Path, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError) as caught:
        check(parse(raw(tmp_path, **fields)))
    assert any(words in problem for problem in caught.value.problems), caught.value.problems
