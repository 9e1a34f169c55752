"""The best known image: by a plain loop over all that a network was shown, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr
from numpy.typing import NDArray

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.analysis.drift import drift
from spikeatlas.tasks.atlas import KNOWN, SEARCH, Tree, has_mei, layer_rows, open_tree
from spikeatlas.tasks.stages.blank import blank_images
from spikeatlas.tasks.stages.conclude import conclude
from spikeatlas.tasks.stages.know import know
from spikeatlas.tasks.workers import models
from tests.tiny import build, comparing, tiny

Images = NDArray[np.uint8]


@pytest.fixture(scope="module")
def least(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """A study of the least exciting images."""
    return build(
        tiny(
            tmp_path_factory.mktemp("least") / "run",
            search={"methods": ["random"], "sign": -1, "budget": 10},
            analysis={"images": 60},
        )
    )


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    """A study with a stochastic coding."""
    return build(
        tiny(
            tmp_path_factory.mktemp("noisy") / "run",
            network={"coding": "poisson", "threshold": 0.5},
            search={"methods": ["random"], "repeats": 1, "budget": 5, "presentations": 2},
        )
    )


def best(checked: Checked, layer: str, epoch: float) -> xr.Dataset:
    return open_tree(checked.run.atlas)[f"best/{layer}"].sel(epoch=epoch).load()


def shown(checked: Checked, tree: Tree, layer: str, epoch: float) -> Iterator[Images]:
    """All images that the network of an epoch was shown and whose answers are known, by kind."""
    searches = tree.layer(layer, "layers", "image").transpose("epoch", *SEARCH, ...).load()
    yield searches.mei.values[has_mei(searches).values]
    test = models.dataset(checked.run.data).test.images
    if checked.run.search.main_sign < 0:
        kept = tree[f"natural_image/{layer}"]["image"].values
        assert 0 < len(kept) < len(test)
        yield test[kept]
    else:
        yield test
    yield tree["screening_image"].screening_image.sel(epoch=epoch).values
    yield blank_images(test)


def named(checked: Checked, tree: Tree, layer: str, known: xr.Dataset) -> Images | None:
    """The image that the atlas names as one neuron's best known; None: the search's own, of one of several."""
    source, at = known.best_known_source.item(), known.best_known_image.item()
    test = models.dataset(checked.run.data).test.images
    if source == "test image":
        return np.asarray(test[at])
    if source == "blank":
        return np.asarray(blank_images(test)[at])
    if source == "screening":
        screening = tree["screening_image"].screening_image.sel(epoch=known.epoch)
        return np.asarray(screening.values[at])
    return None


@pytest.mark.parametrize("which", ["compared", "made", "least"])
def test_it_is_the_best_of_a_plain_loop(which: str, request: pytest.FixtureRequest) -> None:
    checked: Checked = request.getfixturevalue(which)
    run = checked.run
    tree, sources = open_tree(run.atlas), set()
    for layer in run.layers:
        for epoch in run.epochs:
            respond = models.responder(run, epoch, "report", {layer: run.layers[layer]})
            parts = [respond(images)[layer] for images in shown(checked, tree, layer, epoch)]
            answers = run.search.main_sign * np.concatenate(parts)
            known = best(checked, layer, epoch)
            own = run.search.main_sign * known.response.values
            np.testing.assert_array_equal(
                run.search.main_sign * known.best_known.values, np.maximum(answers.max(axis=0), own)
            )
            for row, neuron in enumerate(known["neuron"].values):
                one = known.isel(neuron=row)
                sources.add(one.best_known_source.item())
                # the search's own unless another is better
                assert (one.best_known_source == "search") == (one.best_known == one.response)
                image = named(checked, tree, layer, one)
                if image is not None:
                    assert respond(image[None])[layer][0, row] == one.best_known.item(), neuron
    assert "search" in sources
    assert len(sources) > 1


def test_an_mei_is_named_by_its_epoch_and_neuron(compared: Checked) -> None:
    tree, checked = open_tree(compared.run.atlas), 0
    for layer in compared.run.layers:
        searches = tree.layer(layer, "layers", "image").transpose("epoch", *SEARCH, ...).load()
        for epoch in compared.run.epochs:
            respond = models.responder(
                compared.run, epoch, "report", {layer: compared.run.layers[layer]}
            )
            known = best(compared, layer, epoch)
            for row in np.flatnonzero(known.best_known_source.isin(["epoch", "neuron"])):
                one = known.isel(neuron=row)
                own = one.best_known_neuron.item() == one["neuron"].item()
                assert own == (one.best_known_source == "epoch")
                assert not own or one.best_known_epoch != epoch
                assert one.best_known_image == -1
                theirs = searches.mei.sel(epoch=one.best_known_epoch, neuron=one.best_known_neuron)
                answers = respond(theirs.values.reshape(-1, 1, 8, 8))[layer][:, row]
                assert one.best_known.item() in answers
                checked += 1
    assert checked


def planted(checked: Checked, name: str, at: tuple[int, ...], value: Any) -> None:
    root: Any = zarr.open_group(checked.run.atlas, mode="r+")
    root[name][at] = value


def test_an_image_of_another_epoch_that_beats_the_search(compared_copy: Checked) -> None:
    planted(compared_copy, "cross/conv2/cross_response", (2, 1, 3, 0, 2), np.float32(1.5))

    know(compared_copy.run, 2)

    one = best(compared_copy, "conv2", 2).sel(neuron=3)
    told = [
        one[f"best_known{name}"].item() for name in ("", "_source", "_epoch", "_neuron", "_image")
    ]
    assert told == [1.5, "epoch", 1, 3, -1]
    row = layer_rows(open_tree(compared_copy.run.atlas)["neurons"].sel(epoch=2), "conv2")
    assert row.best_known.values[3] == 1.5
    assert row.best_known_source.values[3] == "epoch"
    assert one.response < 1


def test_an_image_borrowed_from_another_neuron(compared_copy: Checked) -> None:
    for name, value in (("response", 1.5), ("neuron", 5), ("search", "random"), ("repeat", 1)):
        planted(compared_copy, f"borrowed/fc1/borrowed_{name}", (0, 1, 2), value)

    know(compared_copy.run, 0)

    one = best(compared_copy, "fc1", 0).sel(neuron=2)
    told = [
        one[f"best_known{name}"].item() for name in ("", "_source", "_epoch", "_neuron", "_image")
    ]
    assert told == [1.5, "neuron", 1, 5, -1]


def test_a_search_that_equals_all_else_is_named_itself(compared_copy: Checked) -> None:
    own = best(compared_copy, "conv2", 2)
    neuron = int(np.flatnonzero(own.best_known_source == "search")[0])
    planted(
        compared_copy,
        "cross/conv2/cross_response",
        (2, 1, neuron, 0, 0),
        own.response.values[neuron],
    )

    know(compared_copy.run, 2)

    one = best(compared_copy, "conv2", 2).isel(neuron=neuron)
    assert one.best_known_source == "search"
    assert (one.best_known_epoch, one.best_known_neuron) == (2, neuron)


def test_without_answers_across_epochs_the_rest_counts(tmp_path: Path) -> None:
    checked = build(
        comparing(tmp_path / "run", analysis={"cross": False, "ablation": [], "importance": []})
    )
    tree = open_tree(checked.run.atlas)

    assert "cross/conv2" not in tree
    assert (tree.progress.known == 1).all()
    sources = set(tree["neurons"].best_known_source.values.ravel().tolist())
    assert sources <= {"search", "test image", "screening", "blank"}
    assert len(sources) > 1


def test_noise_is_measured_afresh(noisy: Checked) -> None:
    run, tree, elsewhere = noisy.run, open_tree(noisy.run.atlas), 0
    for layer in run.layers:
        searches = tree.layer(layer, "layers", "image").isel(search=0, repeat=0)
        for epoch in run.epochs:
            respond = models.responder(run, epoch, "known", {layer: run.layers[layer]})
            known = best(noisy, layer, epoch)
            for row in range(known.sizes["neuron"]):
                one = known.isel(neuron=row)
                if one.best_known_source == "search":
                    assert one.best_known.item() == one.response.item()
                    continue
                image = named(noisy, tree, layer, one)
                if image is None:
                    at = {"epoch": one.best_known_epoch, "neuron": one.best_known_neuron}
                    image = searches.mei.sel(at).values
                assert respond(image[None])[layer][0, row] == one.best_known.item()
                assert one.best_known > one.response
                elsewhere += 1
    assert elsewhere


def test_a_lucky_answer_is_not_believed(noisy: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    from spikeatlas.tasks.stages import know as knowing

    run, tree = noisy.run, open_tree(noisy.run.atlas)
    found = knowing.elsewhere(tree, "conv2", 2, 1)
    lucky = [each._replace(response=each.response + np.float32(9)) for each in found]
    monkeypatch.setattr(knowing, "elsewhere", lambda *_: iter(lucky))

    told = knowing.best_known(run, tree, "conv2", 2)

    assert (told["best_known"] <= 1).all()
    assert (told["best_known"] >= best(noisy, "conv2", 2).response.values).all()


def test_it_enters_neither_drift_nor_what_changed(compared_copy: Checked) -> None:
    run = compared_copy.run

    def told() -> list[xr.Dataset]:
        conclude(run.atlas)
        tree = open_tree(run.atlas)
        group = tree.layer("conv2", "layers", "image", "latent")
        return [tree["training"].load(), *(drift(group, kind) for kind in ("image", "response"))]

    before = told()
    root: Any = zarr.open_group(run.atlas, mode="r+")
    for layer in run.layers:
        root[f"best/{layer}/best_known"][...] = np.float32(1)
        root[f"best/{layer}/best_known_source"][...] = "neuron"
        root[f"best/{layer}/best_known_neuron"][...] = np.int32(0)
        root[f"borrowed/{layer}/borrowed_response"][...] = np.float32(1)
    root["neurons/best_known"][...] = np.float32(1)

    for one, other in zip(before, told(), strict=True):
        xr.testing.assert_identical(one, other)


def test_the_mark_is_taken_back_with_new_searches(compared_copy: Checked) -> None:
    from spikeatlas.tasks.atlas import flagged, write

    run = compared_copy.run
    assert all(flagged(run.atlas, KNOWN, epoch) for epoch in run.epochs)
    write.clear_epoch(run.atlas, 1)
    assert not any(flagged(run.atlas, KNOWN, epoch) for epoch in run.epochs)
