"""Judging a study's generator: what is measured of which images, kept, and followed over its training."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spikeatlas.flows.assess import assess_study as judge
from spikeatlas.flows.assess import table
from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.snn.generators.evaluation import measure_quality
from spikeatlas.snn.generators.vqvae.vqvae_training import VQVAERecord
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.stages.quality import assess, samples
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.workers import models
from tests.tiny import tiny


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checked, list[str]]:
    """The tiny study with a classifier, its generator judged, and what was printed."""
    raw = tiny(tmp_path_factory.mktemp("judged") / "run", classifier={"width": 4, "epochs": 10})
    checked = check(raw)
    return checked, list(judge(checked.run))


def test_a_generator_with_codes(judged: tuple[Checked, list[str]]) -> None:
    checked, printed = judged
    found = assess.assess(checked.run)
    assert found is not None
    assert list(found.qualities) == [
        "autoregressive codes", "factorised codes", "uniform codes", "independent pixels", "copies of training images",
    ]  # fmt: skip
    copies = found.qualities["copies of training images"]
    assert copies.memorised == 1
    assert copies.frechet < found.qualities["uniform codes"].frechet
    assert found.code_use is not None
    assert found.code_use.codes == 8
    assert (
        found.code_use.autoregressive_nats < found.code_use.uniform_nats == pytest.approx(np.log(8))
    )
    text = "\n".join(printed)
    assert all(name in text for name in found.qualities)
    assert f"{found.code_use.unused} of 8 unused" in text


def test_what_was_judged_is_kept_and_read_again(judged: tuple[Checked, list[str]]) -> None:
    checked, printed = judged
    first = assess.assess(checked.run)
    assert first is not None
    (path,) = checked.run.generator_folder.glob("quality-*.json")
    assert assess.read_assessment(path) == first
    assert table(first) == printed[0]
    assert list(judge(checked.run)) == printed


def test_the_codes_used_are_those_of_the_training_images(judged: tuple[Checked, list[str]]) -> None:
    checked, _ = judged
    found = assess.assess(checked.run)
    assert found is not None
    assert found.code_use is not None
    used = np.bincount(models.natural_points(checked.run).ravel(), minlength=8) / (120 * 4)
    assert found.code_use.unused == (used == 0).sum()
    entropy = -sum(share * np.log(share) for share in used if share)
    assert found.code_use.perplexity == pytest.approx(np.exp(entropy))


def test_the_numbers_are_the_judge_s(judged: tuple[Checked, list[str]]) -> None:
    checked, _ = judged
    found = assess.assess(checked.run)
    assert found is not None
    data, model = models.dataset(checked.run.data), models.generator(checked.run)
    classifier = models.classifier_at(checked.run.classifier_file)
    made = {
        each.name: each.images for each in assess.sources(checked.run, model, data, found.images)
    }
    known = made["copies of training images"]
    rows = samples.quality_rng(checked.run, "new").permutation(len(data.test))[: found.images]
    again = measure_quality(
        classifier, samples=made["factorised codes"], train=known, held_out=data.test.images[rows],
        rng=samples.quality_rng(checked.run, "independent"),
    )  # fmt: skip
    assert again == found.qualities["factorised codes"]


def test_a_generator_without_codes(gaussian: Checked) -> None:
    found = assess.assess(gaussian.run)
    assert found is not None
    assert list(found.qualities)[:3] == ["prior", "quantile grid", "uniform grid"]
    assert found.code_use is None
    note = json.loads(open_tree(gaussian.run.atlas).attrs["generator_quality"])
    assert note["qualities"]["prior"]["frechet"] == found.qualities["prior"].frechet


def test_the_curve_has_a_row_an_epoch(gaussian: Checked) -> None:
    folder = gaussian.run.generator_folder
    with (folder / "curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert all(float(row["frechet"]) > 0 for row in rows)
    assert [path.name for path in sorted(folder.glob("epoch-*.png"))] == [
        "epoch-0001.png",
        "epoch-0002.png",
    ]
    with Image.open(folder / "epoch-0001.png") as picture:
        assert picture.size == (80, 80)


def test_a_resumed_curve_holds_each_epoch_once(made: Checked, tmp_path: Path) -> None:
    run = made.run.with_fields(output=tmp_path)
    curve = samples.QualityCurve(run)
    model = models.generator(made.run)
    for epoch in (1, 2, 3, 2, 3):
        curve(VQVAERecord(epoch, 3.0, epoch / 10), model)
    with (run.generator_folder / "curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert "frechet" not in rows[0]
    curve(VQVAERecord(1, 3.0, 0.5), model)
    assert (run.generator_folder / "curve.csv").read_text().count("\n") == 2


def test_a_study_without_a_classifier_is_told_so(made: Checked) -> None:
    assert assess.assess(made.run) is None
    with pytest.raises(StudyError, match="add the section, for example classifier"):
        list(judge(made.run))


def test_a_picture_of_colour_and_of_few_images(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (13, 3, 4, 4), dtype=np.uint8)
    samples.write_samples(tmp_path / "few.png", images)
    with Image.open(tmp_path / "few.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (8, 40, 3)
    assert np.array_equal(pixels[4:, 8:12], images[12].transpose(1, 2, 0))
