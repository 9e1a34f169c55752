"""A study of sequences, from training to ablation: all but what searches for images."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.cost import cost
from spikeatlas.tasks.atlas import AtlasError, finished, open_tree
from spikeatlas.tasks.atlas.integrity import epoch_damage, metadata_damage, whole_damage
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.compare import compare_methods
from spikeatlas.tasks.inspect.info import describe
from spikeatlas.tasks.inspect.neurons import Selection, read_neurons
from spikeatlas.tasks.inspect.replay.verify import verify
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.inspect.trends import read_trend
from spikeatlas.tasks.stages.conclude import report_claims
from spikeatlas.tasks.study.location import Place
from spikeatlas.tasks.study.run_files import CLAIMS_FILE
from tests.tiny import atlas_folder


def test_the_atlas_holds_tuning_selectivity_and_importance_alone(sequences: Checked) -> None:
    with open_tree(sequences.run.atlas) as tree:
        for group in ("best", "layers", "image", "neurons", "meis", "screening", "cross"):
            assert group not in tree
        assert tree["test_images"].test_image.dims == ("image", "frame", "channel", "y", "x")
        np.testing.assert_array_equal(
            tree["test_images"].test_image.values, sequences.data.test.images
        )
        tuning = tree["natural/conv2"].natural_response
        assert tuning.notnull().all()
        selectivity = tree["selectivity"].sel(epoch=2)
        assert selectivity.class_selectivity_index.notnull().any()
        assert tree["selectivity/position"].natural_active.sel(epoch=2).max() > 0
        assert tree["importance/ablation"].accuracy.sel(epoch=2).notnull().all()
        assert tree.progress.analysed.values.tolist() == [1, 1]


def test_no_generator_is_trained(sequences: Checked) -> None:
    files = {path.name.partition("-")[0] for path in Path(sequences.run.folder).iterdir()}
    assert "generator" not in files
    assert "prior" not in files


def test_it_is_sound_described_and_priced(sequences: Checked) -> None:
    run = sequences.run
    assert metadata_damage(run.atlas) == whole_damage(run.atlas) == []
    assert all(epoch_damage(run.atlas, epoch) == [] for epoch in run.epochs)
    assert "nothing was searched" in describe(run.atlas)
    assert "0 search" in cost(sequences)
    assert not finished(run.atlas, run.epochs)


@pytest.mark.parametrize(
    "reader",
    [
        lambda atlas: read_neurons(atlas, Selection(None, None, None, None, None)),
        lambda atlas: compare_methods(atlas, "tt", "random"),
    ],
)
def test_who_wants_to_see_images_is_told_that_there_are_none(
    sequences: Checked, reader: Callable[[Place], object]
) -> None:
    with pytest.raises(AtlasError, match="searched none"):
        reader(sequences.run.atlas)


def test_onset_and_switch_are_told_and_claims_say_what_they_lack(sequences: Checked) -> None:
    atlas = sequences.run.atlas
    with open_tree(atlas) as tree:
        training = tree["training"]
        assert training.sizes["neuron"] == sum(map(len, sequences.run.layers.values()))
        assert training.mei_support_p.isnull().all()
    answers = json.loads((atlas_folder(sequences).parent / CLAIMS_FILE).read_text())
    (refinement,) = (claim for claim in answers if claim["name"] == "refinement")
    assert refinement["answer"] == "undecided"
    assert refinement["reasons"] == ["no network's optimal stimuli were searched"]


def test_the_tables_of_claims_are_those_without_meis(sequences: Checked, tmp_path: Path) -> None:
    path = tmp_path / "run" / "atlas.zarr"
    shutil.copytree(atlas_folder(sequences), path)
    parts = [part if isinstance(part, str) else as_text(part) for part in report_claims([path])]
    assert "Nothing was searched" in parts[-1]
    assert not any("Drift of cold MEIs" in part for part in parts)
    (census,) = (part for part in parts if "Selectivity for test images" in part)
    cells = [line.split("│")[6:8] for line in census.splitlines() if "conv2" in line]
    assert cells
    assert all(cell.strip() == "-" for row in cells for cell in row)


def test_trends_of_searches_are_said_not_to_be_there(sequences: Checked) -> None:
    whole = Selection(None, None, None, None, None)
    assert len(read_trend(sequences.run.atlas, "onset", whole)) > 0
    with pytest.raises(ValueError, match="no /history/conv2: nothing was searched"):
        read_trend(sequences.run.atlas, "methods", whole)


def test_a_replay_finds_a_changed_response(sequences: Checked) -> None:
    run = run_of_atlas(sequences.run.atlas)
    verdict = verify(run)
    assert verdict.sound, verdict.problems
    neurons = sum(map(len, run.layers.values()))
    assert verdict.checked == 2 * 40 * neurons
    response = zarr.open_group(run.atlas, mode="r+")["natural_image/fc1/natural_image_response"]
    before = np.asarray(response[...])  # type: ignore[index]
    response[1, 0, 3] += np.float32(0.5)  # type: ignore[index, operator]
    verdict = verify(run)
    response[...] = before  # type: ignore[index]
    assert len(verdict.problems) == 1
    assert "epoch=2 layer=fc1 neuron=" in verdict.problems[0]
