"""An atlas of version 1 is read as what it would be today: its values under today's names, its damage as damage."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from spikeatlas.tasks.atlas import (
    ANALYSED,
    BLANKED,
    KNOWN,
    SILENT,
    STATUS,
    TOP_IMAGES,
    integrity,
    layout_of,
    open_store,
    open_tree,
    values,
)
from spikeatlas.tasks.atlas.open import open_as_is
from spikeatlas.tasks.study.blocks import Block
from tests.former import VERSIONS, WHOLE, unpack

BLOCK = Block(2, "conv2", 0, 4)


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    return unpack("before-dimensions", tmp_path)


@pytest.mark.parametrize("version", WHOLE)
def test_values_are_found_under_their_new_names(version: str, tmp_path: Path) -> None:
    path = unpack(version, tmp_path)
    old, new = open_as_is(path), open_store(path)

    for before, now in {
        "accuracy": "progress/accuracy",
        "layers/conv2/response": "layers/conv2/response",
        "layers/conv2/queries": "layers/conv2/images_shown",
        "layers/fc1/latent": "latent/fc1/latent",
        "natural/response_fc1": "natural_image/fc1/natural_image_response",
        "screening/response_conv2": "screening/conv2/screening_response",
        "screening/image": "screening_image/screening_image",
        "neurons/method": "neurons/best_search",
        "selectivity/natural_ratio": "meis/natural_ratio",
        "selectivity/d_prime": "selectivity/d_prime",
        "population/dimensionality": "progress/layers/dimensionality",
        "ablation/loss_increase": "importance/ablation/loss_increase",
        "ablation/ablated": "progress/ablated",
        "training/switch_from": "training/switch_from",
        "training/index": "training/neuron_index",
    }.items():
        np.testing.assert_array_equal(values(old, before), values(new, now), err_msg=now)


def test_neurons_of_all_layers_stand_in_one_table(atlas: Path) -> None:
    old, new = open_as_is(atlas), open_store(atlas)

    active = [values(old, f"layers/{layer}/natural_active") for layer in ("conv2", "fc1")]
    np.testing.assert_array_equal(
        values(new, "selectivity/natural_active"), np.concatenate(active, axis=1)
    )


def test_a_silent_neuron_has_no_image(atlas: Path) -> None:
    old = open_as_is(atlas)
    before = values(old, "layers/conv2/mei")
    silent = values(old, "layers/conv2/status") == SILENT
    assert before[silent].any()

    after = values(open_store(atlas), "image/conv2/mei")

    assert not after[silent].any()
    np.testing.assert_array_equal(after[~silent], before[~silent])


def test_a_cold_search_that_nothing_answered_has_no_image_and_no_measures(atlas: Path) -> None:
    old, new = open_as_is(atlas), open_store(atlas)
    silent = values(old, "layers/conv2/status") == SILENT
    nothing = (values(old, "layers/conv2/cold_response") == 0) & ~silent
    assert values(old, "layers/conv2/cold_mei")[nothing].any()

    assert not values(new, "image/conv2/cold_mei")[nothing].any()
    assert np.isnan(values(new, "meis/mei_slope")[:, :4][nothing]).all()
    assert (values(new, "meis/mei_bytes")[:, :4][nothing] == -1).all()
    crosses = values(new, "cross/conv2/cross_response")
    assert all(np.isnan(crosses[row][nothing]).all() for row in (0, 1))


def test_axes_are_as_long_as_what_stands_along_them(atlas: Path) -> None:
    old, new = open_as_is(atlas), open_store(atlas)

    top = values(new, "natural_top/conv2/natural_top")
    diverse = values(new, "diverse_image/conv2/diverse")

    assert layout_of(new).diverse == 6
    assert top.shape[-1] == TOP_IMAGES
    assert diverse.shape[4] == 6
    np.testing.assert_array_equal(top, values(old, "layers/conv2/natural_top")[..., :TOP_IMAGES])
    np.testing.assert_array_equal(diverse, values(old, "layers/conv2/diverse"))


def test_fewer_alternatives_than_best_images_are_not_filled_up(tmp_path: Path) -> None:
    path = unpack("before-groups", tmp_path)

    diverse = values(open_store(path), "diverse/conv2/diverse_response")

    before = values(open_as_is(path), "layers/conv2/diverse_response")
    assert (before.shape[-1], diverse.shape[-1]) == (5, 2)
    np.testing.assert_array_equal(diverse, before[..., :2])


@pytest.mark.parametrize("version", VERSIONS)
def test_states_are_said_by_name_and_an_unplanned_search_has_no_seed(
    version: str, tmp_path: Path
) -> None:
    path = unpack(version, tmp_path)
    old, new = open_as_is(path), open_store(path)

    named = [STATUS[state] for state in values(old, "neurons/status").ravel()]
    assert values(new, "neurons/status").ravel().tolist() == named
    seeds = values(old, "layers/conv2/seed")
    assert values(new, "layers/conv2/seed").tolist() == np.maximum(seeds, 0).tolist()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_best_image_is_chosen_and_what_was_not_measured_is_not_promised(
    version: str, tmp_path: Path
) -> None:
    path = unpack(version, tmp_path)

    with open_tree(path) as tree:
        rows = [tree[f"best/{layer}"] for layer in tree.layers]
        for name in ("response", "best_search", "best_repeat", "status"):
            joined = np.concatenate([row[name].values for row in rows], axis=1)
            np.testing.assert_array_equal(joined, tree["neurons"][name].values)
    root = open_store(path)
    assert values(root, ANALYSED).all()
    for mark in (BLANKED, KNOWN):
        assert not values(root, mark).any()
    if "cross" in root:
        assert not values(root, "borrowed/compared").any()


@pytest.mark.parametrize("version", VERSIONS)
def test_attributes_are_of_kinds_that_every_reader_knows(version: str, tmp_path: Path) -> None:
    root = open_store(unpack(version, tmp_path))

    nodes = [root, *(node for _, node in root.members(max_depth=None))]
    for node in nodes:
        for value in dict(node.attrs).values():
            parts = value if isinstance(value, list) else [value]
            assert all(type(part) in {str, int, float} for part in parts)
    assert "layout" not in root.attrs
    assert layout_of(root).network == json.loads(str(root.attrs["study"]))["seed"]
    assert set(layout_of(root).spike_steps) == {"conv2", "fc1"}


def test_members_of_the_users_own_need_not_be_here_to_read_it(atlas: Path) -> None:
    root = zarr.open_group(atlas, mode="r+")
    study = json.loads(str(root.attrs["study"]))
    study["network"]["kind"] = "gone_module:Network"
    root.attrs["study"] = json.dumps(study)

    assert layout_of(open_store(atlas)).spike_steps == {}


def flip(chunk: Path) -> None:
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 1
    chunk.write_bytes(content)


@pytest.mark.parametrize("harm", [flip, Path.unlink])
@pytest.mark.parametrize(
    ("chunk", "found"),
    [
        ("layers/conv2/latent/c/1/0/0/0/0", "latent/conv2/latent"),
        ("layers/conv2/mei/c/1/0/0/0/0/0/0", "image/conv2/mei"),
        ("layers/conv2/seed/c/1/0/0/0", "layers/conv2/seed"),
        ("layers/conv2/diverse/c/1/0/0/0/0/0/0/0", "diverse_image/conv2/diverse"),
        ("layers/conv2/natural_top/c/1/0/0", "natural_top/conv2/natural_top"),
        ("layers/fc1/natural_active/c/1/0", "selectivity/natural_active"),
        ("layers/conv2/cross_response/c/1/1/0/0/0", "cross/conv2/cross_response"),
        ("selectivity/mei_slope/c/1/0/0/0", "meis/mei_slope"),
        ("neurons/status/c/1/0", "neurons/status"),
        ("screening/latent/c/1/0/0", "screening_latent/screening_latent"),
    ],
)
def test_damage_stays_damage(
    atlas: Path, chunk: str, found: str, harm: Callable[[Path], Any]
) -> None:
    harm(atlas / chunk)

    problems = integrity.epoch_damage(atlas, 2) + integrity.block_damage(atlas, BLOCK)

    assert any(problem.startswith(f"{found} ") for problem in problems), problems


def test_damaged_metadata_are_found_where_they_were_written(atlas: Path) -> None:
    shutil.rmtree(atlas / "ablation" / "accuracy")

    assert integrity.metadata_damage(atlas) == ["ablation/accuracy has lost its metadata"]


@pytest.mark.parametrize("version", VERSIONS)
def test_no_damage_is_seen_where_there_is_none(version: str, tmp_path: Path) -> None:
    path = unpack(version, tmp_path)

    assert integrity.metadata_damage(path) == []
    assert integrity.whole_damage(path) == []
    for epoch in (0, 2):
        assert integrity.epoch_damage(path, epoch) == []
        assert integrity.block_damage(path, BLOCK._replace(epoch=epoch)) == []
