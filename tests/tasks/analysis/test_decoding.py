"""What is read in MEIs, by the network and by a classifier that no epoch changes."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn import selectivity
from spikeatlas.snn.classifier.calibration import fit_temperature
from spikeatlas.snn.data import choose_images
from spikeatlas.tasks.analysis.decoding import (
    complexity,
    network_scores,
    perplexity,
    read_images,
    reference,
)
from spikeatlas.tasks.atlas import SEARCH, SILENT, open_tree, settled
from spikeatlas.tasks.workers import models
from tests.snn.nets import noise_images

IMAGES = noise_images(9, seed=4)


def test_the_perplexity_is_of_confidence_fitted_on_test_images(compared: Checked) -> None:
    run = compared.run
    test = models.dataset(run.data).test
    kept, _ = choose_images(test.labels, 60)
    respond = models.responder(run, 2, "report", {"out": tuple(range(10))})
    steps = models.source(run).time_steps
    assert steps is not None
    counts = {
        name: respond(images)["out"].astype(np.float64) * steps
        for name, images in (("test", test.images[kept]), ("shown", IMAGES))
    }
    assert np.allclose(counts["shown"], counts["shown"].round(), atol=1e-5)  # whole spikes
    temperature = fit_temperature(counts["test"], test.labels[kept])

    found = perplexity(run, 2, IMAGES)

    wanted = selectivity.relative_perplexity(softmax(counts["shown"] / temperature, axis=1))
    np.testing.assert_allclose(found["mei_perplexity"], wanted, rtol=1e-6)
    plain = selectivity.mango_relative_perplexity(softmax(counts["shown"], axis=1))
    np.testing.assert_allclose(found["mei_mango_perplexity"], plain, rtol=1e-6)


def test_the_classifier_is_the_same_at_all_epochs(compared: Checked) -> None:
    run = compared.run
    judge = models.classifier_at(run.classifier_file)
    chances = judge.probabilities(IMAGES)

    found = reference(run, IMAGES)

    np.testing.assert_array_equal(
        found["mei_reference_confidence"], chances.max(axis=1).astype(np.float32)
    )
    told = found["mei_reference_class"]
    assert set(told) <= {-1, *range(10)}
    np.testing.assert_array_equal(told[told >= 0], chances.argmax(axis=1)[told >= 0])


def test_where_the_classifier_is_less_sure_than_of_test_images_it_reads_none(
    compared: Checked,
) -> None:
    """By definition so of 5 % of them."""
    test = models.dataset(compared.run.data).test
    kept, _ = choose_images(test.labels, 60)

    found = reference(compared.run, test.images[kept])

    unread = found["mei_reference_class"] < 0
    assert unread.sum() == 3  # of 60
    sure = found["mei_reference_confidence"]
    assert sure[unread].max() < sure[~unread].min()


def test_without_a_classifier_nothing_is_read(compared: Checked) -> None:
    found = reference(compared.run.with_fields(classifier=None), IMAGES)

    assert (found["mei_reference_class"] == -1).all()
    assert np.isnan(found["mei_reference_confidence"]).all()


def test_complexity_is_larger_for_noise() -> None:
    flat = np.full_like(IMAGES, 90)

    assert (complexity(IMAGES)["mei_bytes"] > complexity(flat)["mei_bytes"]).all()
    np.testing.assert_array_equal(
        complexity(IMAGES)["mei_slope"],
        selectivity.spectrum_slope(IMAGES).astype(np.float32),
    )


def test_a_neuron_that_is_not_alive_has_no_measures(compared: Checked) -> None:
    alive = np.arange(9) % 2 == 0

    found = read_images(compared.run, 2, IMAGES, alive)

    whole = read_images(compared.run, 2, IMAGES, np.ones(9, np.bool_))
    for name, values in found.items():
        np.testing.assert_array_equal(values[alive], whole[name][alive])
        undefined = np.isnan(values) if values.dtype.kind == "f" else values == -1
        assert undefined[~alive].all(), name


def test_the_atlas_holds_what_is_read_in_each_image(compared: Checked) -> None:
    tree = open_tree(compared.run.atlas)
    found, measured = tree.layer("conv2", "layers", "image"), tree["meis"].sel(epoch=1)
    at = found.sel(epoch=1).transpose(*SEARCH, ...)
    rows = np.flatnonzero(measured["layer"].values == "conv2")
    alive = (settled(at.status) & (at.status != SILENT)).values

    wanted = read_images(compared.run, 1, at.mei.values.reshape(-1, 1, 8, 8), alive.ravel())

    for name, values in wanted.items():
        held = measured[name].isel(neuron=rows).transpose(*SEARCH).values
        np.testing.assert_array_equal(held, values.reshape(held.shape), err_msg=name)
    assert alive.any()


def test_scores_are_spike_counts_of_every_class(compared: Checked) -> None:
    scores = network_scores(compared.run, 2, IMAGES)

    assert scores is not None
    assert scores.shape == (9, 10)
    steps = models.source(compared.run).time_steps
    assert steps is not None
    assert ((scores >= 0) & (scores <= steps) & (scores == scores.round())).all()
