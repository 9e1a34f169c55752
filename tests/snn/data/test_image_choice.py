"""Which test images are kept: as many of each class and half as can be, the same for every network."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.data import choose_images
from spikeatlas.snn.selectivity import halves
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.workers import models

LABELS = np.random.default_rng(3).integers(0, 5, 200)


def cells(labels: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Kept images of each class and half."""
    images, first = choose_images(labels, count)
    return np.array([
        [(first[labels[images] == label] == half).sum() for half in (True, False)]
        for label in np.unique(labels)
    ])  # fmt: skip


@pytest.mark.parametrize("count", [20, 60, 100, 117])
def test_classes_and_halves_are_even(count: int) -> None:
    found = cells(LABELS, count)

    assert found.sum() == count
    assert found.max() - found.min() <= 1


def test_a_small_class_gives_all_it_has_and_the_others_the_rest() -> None:
    labels = np.repeat([0, 1, 2], [50, 6, 50])

    found = cells(labels, 46)

    np.testing.assert_array_equal(found, [[10, 10], [3, 3], [10, 10]])


def test_halves_are_those_of_all_test_images() -> None:
    images, first = choose_images(LABELS, 60)

    np.testing.assert_array_equal(first, halves(LABELS)[images])
    assert (np.diff(images) > 0).all()


def test_fewer_images_are_among_more() -> None:
    kept = [set(choose_images(LABELS, count)[0].tolist()) for count in (10, 50, 120, 200)]

    assert all(fewer < more for fewer, more in pairwise(kept))


@pytest.mark.parametrize("count", [200, 10_000])
def test_all_are_kept_where_there_are_no_more(count: int) -> None:
    images, _ = choose_images(LABELS, count)

    np.testing.assert_array_equal(images, np.arange(200))


def test_an_atlas_keeps_the_responses_to_them(compared: Checked) -> None:
    test = models.dataset(compared.run.data).test
    images, first = choose_images(test.labels, 60)
    tree = open_tree(compared.run.atlas)

    for epoch in compared.run.epochs:
        respond = models.responder(compared.run, epoch, "observe", compared.run.layers)
        for layer, wanted in respond(test.images).items():
            single = tree[f"natural_image/{layer}"]
            np.testing.assert_array_equal(single["image"].values, images)
            np.testing.assert_array_equal(single["label"].values, test.labels[images])
            np.testing.assert_array_equal(single["first"].values == 1, first)
            responses = single["natural_image_response"].sel(epoch=epoch).values
            np.testing.assert_array_equal(responses, wanted[images])
