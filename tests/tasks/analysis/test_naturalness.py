"""How natural the stored stimuli are, recomputed by hand; and old atlases, which do not say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.optim import NormConstraint, norm_quantile
from spikeatlas.snn.generators import AdapterSpec, GaussianGenerator, SNGANSpec, VQVAESpec
from spikeatlas.snn.generators.priors import load_prior
from spikeatlas.tasks.analysis.naturalness import scale_of
from spikeatlas.tasks.atlas import (
    NATURAL_COLUMNS,
    SEARCH,
    SILENT,
    layer_rows,
    open_store,
    open_tree,
    values,
)
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.report import write_report
from spikeatlas.tasks.stages.analyze import analyze
from spikeatlas.tasks.stages.maximize import maximize
from spikeatlas.tasks.workers import models
from tests.tiny import SNGAN, build, tiny

ADAPTER = """
import torch
from spikeatlas.snn.generators import Adapter, CodeLatent, GaussianLatent

def vectors(checkpoint):
    decode = lambda points: points.sigmoid().view(-1, 1, 1, 1).expand(-1, 1, 8, 8)
    return Adapter(decode, GaussianLatent(1), (1, 8, 8))

def codes(checkpoint):
    return Adapter(lambda points: torch.zeros(len(points), 1, 8, 8), CodeLatent(4, 8, None), (1, 8, 8))

def pairs(checkpoint):
    decode = lambda points: points.float().mean(1).view(-1, 1, 1, 1).expand(-1, 1, 8, 8) / 7
    encode = lambda images: (images.reshape(len(images), 4, -1).mean(2) * 7).round().long()
    return Adapter(decode, CodeLatent(4, 8, None), (1, 8, 8), encode=encode)
"""


def stored(checked: Checked, name: str) -> Any:
    """An array of the atlas."""
    return values(open_store(checked.run.atlas), name)


def stimuli(checked: Checked, layer: str, epoch: float = 2) -> tuple[np.ndarray, ...]:
    """Latents, images, and rows of /naturalness of one layer: one a neuron, search and repeat."""
    tree = open_tree(checked.run.atlas)
    found = tree.layer(layer, "layers", "image", "latent").sel(epoch=epoch)
    found = found.transpose(*SEARCH, ...)
    rows = layer_rows(tree["naturalness"].sel(epoch=epoch), layer).transpose(*SEARCH, ...)
    alive = found.status.values.ravel() != SILENT
    points = found.latent.values.reshape(len(alive), -1)[alive]
    images = found.mei.values.reshape(len(alive), *found.mei.shape[3:])[alive]
    return (
        points,
        images,
        *(
            {name: rows[name].values.ravel()[alive] for name in rows.data_vars}.get(name)
            for name in ("nearest_distance", "nearest_image", "clipped_share", "typicality")
        ),
    )


@pytest.mark.parametrize("which", ["made", "gaussian"])
def test_the_nearest_training_image_is_the_nearest(
    which: str, request: pytest.FixtureRequest
) -> None:
    checked: Checked = request.getfixturevalue(which)
    _, images, distance, place, *_ = stimuli(checked, "conv2")
    train = models.dataset(checked.run.data).train.images
    apart = np.square(images[:, None] / 255 - train[None] / 255).mean(axis=(2, 3, 4)) ** 0.5
    assert len(images)
    assert np.allclose(apart.min(axis=1), distance, atol=1e-5)
    assert np.allclose(apart[np.arange(len(place)), place], distance, atol=1e-5)


def test_of_codes_the_prior_tells(made: Checked) -> None:
    points, _, _, _, clipped, typicality = stimuli(made, "conv2")
    path = models.prior_file(made.run)
    assert path is not None
    prior = load_prior(path, "autoregressive")
    test = models.dataset(made.run.data).test.images
    real = prior.log_likelihood(models.generator(made.run).encode(test))
    expected = (real[None] <= prior.log_likelihood(points)[:, None]).mean(axis=1)
    assert np.allclose(expected, typicality, atol=1e-6)
    assert ((clipped >= 0) & (clipped <= 1)).all()
    assert np.unique(typicality).size > 1


def test_of_vectors_the_critic_tells(gaussian: Checked) -> None:
    points, images, _, _, clipped, typicality = stimuli(gaussian, "fc1")
    model = models.generator(gaussian.run)
    assert isinstance(model, GaussianGenerator)
    real = model.score(models.dataset(gaussian.run.data).test.images)
    expected = (real[None] <= model.score(images)[:, None]).mean(axis=1)
    assert np.allclose(expected, typicality, atol=1e-6)
    assert (clipped == 0).all()
    assert points.dtype == np.float32


def test_a_search_on_the_shell_stays_there(gaussian: Checked) -> None:
    tree = open_tree(gaussian.run.atlas)
    for layer in gaussian.run.layers:
        latents = stored(gaussian, f"latent/{layer}/latent").reshape(-1, 8)
        assert NormConstraint("sphere", 8).contains(latents).all()
    quantile = stored(gaussian, "naturalness/norm_quantile")
    assert 0.05 - 1e-4 <= np.nanmin(quantile) <= np.nanmax(quantile) <= 0.95 + 1e-4
    points, *_ = stimuli(gaussian, "conv2")
    table = layer_rows(tree["naturalness"].sel(epoch=2), "conv2")
    kept = table.norm_quantile.transpose(*SEARCH).values.ravel()
    assert np.allclose(kept[np.isfinite(kept)], norm_quantile(points), atol=1e-6)


def test_the_screening_is_drawn_from_the_shell(gaussian: Checked) -> None:
    shown = stored(gaussian, "screening_latent/screening_latent")
    assert shown.dtype == np.float32
    assert NormConstraint("sphere", 8).contains(shown.reshape(-1, 8)).all()


@pytest.mark.parametrize("which", ["made", "gaussian"])
def test_the_table_holds_the_best_search_s(which: str, request: pytest.FixtureRequest) -> None:
    checked: Checked = request.getfixturevalue(which)
    tree = open_tree(checked.run.atlas)
    table, every = (tree[name].sel(epoch=2) for name in ("neurons", "naturalness"))
    for name in set(NATURAL_COLUMNS) & set(every.data_vars):
        for row in range(len(table.neuron)):
            at = {
                "search": str(table.best_search[row].item()),
                "repeat": int(table.best_repeat[row]),
            }
            expected = every[name].isel(neuron=row).sel(at).item()
            assert table[name][row].item() == pytest.approx(expected, nan_ok=True)


def test_more_natural_with_more_weight(gaussian: Checked, tmp_path: Path) -> None:
    raw = tiny(
        tmp_path / "run",
        generator={**SNGAN, "checkpoint": str(gaussian.run.generator_file)},
        probe={"epochs": [2], "layers": ["conv2"]},
        search={"methods": ["screened"], "budget": 150, "grid": "continuous", "naturalness": 0.9},
    )
    weighed = build(raw)
    raw = {**raw, "search": {**raw["search"], "naturalness": 0.0}, "output": str(tmp_path / "free")}
    free = build(raw)
    natural, alone = (stimuli(each, "conv2")[-1] for each in (weighed, free))
    assert natural.mean() > alone.mean() + 0.1
    response = [stored(each, "layers/conv2/response") for each in (weighed, free)]
    # what is stored is the response, not what the search was told
    assert response[0].max() <= 1
    assert response[0].mean() < response[1].mean()
    assert np.allclose(stored(free, "layers/conv2/search_response"), response[1])


def test_an_adapter_tells_what_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.py").write_text(ADAPTER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    kinds = [
        AdapterSpec(kind="adapter", adapter=f"own:{name}").naturalness
        for name in ("vectors", "codes", "pairs")
    ]
    assert kinds == ["norm", "pixels", "code"]
    assert VQVAESpec().naturalness == "code"
    assert SNGANSpec(kind="sngan").naturalness == "critic"
    raw = tiny(
        tmp_path / "run", generator={"kind": "adapter", "adapter": "own:pairs"},
        probe={"epochs": [2], "layers": ["conv2"]}, search={"methods": ["random"]},
    )  # fmt: skip
    checked = build(raw)
    table = open_tree(checked.run.atlas)["naturalness"]
    assert {"code_log_likelihood", "typicality"} <= set(table.data_vars)
    assert "norm_quantile" not in table.data_vars


def test_an_atlas_of_before_goes_on_without(copied: Checked) -> None:
    """Its layout says nothing of naturalness, and there is no place for it."""
    root = zarr.open_group(copied.run.atlas, mode="r+")
    held = json.loads(str(root["provenance"].attrs["layout"]))
    del held["naturalness"]
    root["provenance"].attrs["layout"] = json.dumps(held)
    del root["naturalness"]
    for name in ("typicality", "nearest_distance"):
        del root[f"neurons/{name}"]
    later = check(
        tiny(copied.study.output, probe={"epochs": [0, 1, 2], "layers": ["conv2", "fc1"]})
    )
    allocate(later.run, later.layout, later.data, later.source)
    from spikeatlas.tasks.stages.observe import observe
    from spikeatlas.tasks.stages.screen import screen

    observe(later.run, 1)
    screen(later.run, 1)
    for block in later.run.blocks(1):
        maximize(later.run, *block)
    analyze(later.run, 1)
    write_report(later.run.atlas, copied.study.output / "report")


@pytest.mark.parametrize("which", ["made", "gaussian"])
def test_the_report_shows_it(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    checked: Checked = request.getfixturevalue(which)
    page = write_report(checked.run.atlas, tmp_path).read_text()
    assert page.count("Naturalness at epoch 2") == 2
    assert ("critic finds no" in page) == (which == "gaussian")


def test_a_real_image_is_as_natural_as_real_images(gaussian: Checked) -> None:
    test = models.dataset(gaussian.run.data).test.images
    places = scale_of(gaussian.run).typicality(np.zeros((len(test), 8), np.float32), test)
    assert np.allclose(np.sort(places), np.arange(1, len(test) + 1) / len(test), atol=0.02)
