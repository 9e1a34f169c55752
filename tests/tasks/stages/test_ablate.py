"""Ablation in the atlas: what a whole pass without the neuron would have shown, on the same images each time."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
import xarray as xr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.data import choose_images
from spikeatlas.snn.importance import ImportanceSite, NaaSpec
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.neurons import Triangle
from spikeatlas.snn.subjects import ChainSubject
from spikeatlas.tasks.stages.ablate import ablate
from spikeatlas.tasks.study.resolve import resolve
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.trained_subject import trained_subject
from tests.equal import read

KEY = CodingKey(0, "", "test")


def group(checked: Checked) -> xr.Dataset:
    groups = read(checked.run.atlas)
    network = groups["/progress"][["ablated", "intact_accuracy"]]
    return groups["/importance/ablation"].assign(network.data_vars).load()


@torch.no_grad()
def right(net: SpikingNetwork, checked: Checked, layer: str, neuron: int | None) -> float:
    """Accuracy of whole passes with one neuron's spikes taken away."""
    test = models.dataset(checked.run.data).test
    chosen, _ = choose_images(test.labels, 100)
    spikes = encode(net, test.images[chosen])
    for stage in net:
        spikes = stage(spikes, net.time_steps)
        if stage.name == layer and neuron is not None:
            spikes[:, :, neuron] = 0
    return float((spikes.sum(0).argmax(1).numpy() == test.labels[chosen]).mean())


def test_accuracy_without_each_neuron_is_stored(compared: Checked) -> None:
    found = group(compared)
    for epoch in (0, 2):
        subject, _ = models.subject(compared.run, epoch)
        assert isinstance(subject, ChainSubject)
        net = subject.network
        at = found.sel(epoch=epoch)
        assert at.intact_accuracy == np.float32(right(net, compared, "fc1", None))
        for row, (layer, neuron) in enumerate(
            zip(found["layer"].values, found["neuron_index"].values, strict=True)
        ):
            wanted = np.float32(right(net, compared, layer, int(neuron)))
            assert at.accuracy.values[row] == wanted, (epoch, layer, neuron)


def test_a_silent_neuron_costs_nothing(compared: Checked) -> None:
    found = group(compared).sel(epoch=2)
    chosen, _ = choose_images(models.dataset(compared.run.data).test.labels, 100)
    test = models.dataset(compared.run.data).test.images[chosen]
    answers = models.responder(compared.run, 2, "observe", compared.run.layers)(test)
    silent = np.concatenate([(answers[layer] == 0).all(axis=0) for layer in compared.run.layers])

    assert (found.loss_increase.values[silent] == 0).all()
    assert (found.accuracy.values[silent] == found.intact_accuracy.values).all()
    assert (found.loss_increase.values[~silent] != 0).any()


def test_other_epochs_stay_empty(compared: Checked) -> None:
    found = group(compared)

    assert found.ablated.values.tolist() == [1, 0, 1]
    assert found.sel(epoch=1)[["accuracy", "loss_increase"]].to_array().isnull().all()
    assert np.isnan(found.intact_accuracy.sel(epoch=1))


def test_done_again_it_is_the_same(compared_copy: Checked) -> None:
    before = group(compared_copy)

    ablate(compared_copy.run, 0)

    xr.testing.assert_identical(group(compared_copy), before)


def test_further_measures_are_stored_beside_it(compared: Checked) -> None:
    tree, run = read(compared.run.atlas), compared.run
    test = models.dataset(run.data).test
    rows, _ = choose_images(test.labels, 100)
    images, labels = test.images[rows], test.labels[rows]
    for epoch in (0, 2):
        subject, digest = models.subject(run, epoch)
        key = models.coding_key(run, digest, "ablation")
        site = ImportanceSite(subject, images, labels, run.layers, key)
        at, of_classes = (
            tree[group].sel(epoch=epoch) for group in ("/importance", "/importance/classes")
        )
        for spec in run.analysis.further_importance:
            values = spec.measure(site)
            expected = np.concatenate([values[layer] for layer in run.layers])
            np.testing.assert_allclose(at[spec.variable], expected, rtol=1e-5, atol=1e-7)
        counts = np.bincount(labels, minlength=10)
        whole = of_classes.naa.fillna(0).values @ (counts / counts.sum())
        np.testing.assert_allclose(whole, at.naa, rtol=1e-4, atol=1e-7)
    assert at.naa.values.any()
    assert tree["/importance"].sel(epoch=1)[["naa", "rate"]].to_array().isnull().all()


def test_the_gradient_is_that_of_the_training(compared: Checked) -> None:
    training = dataclasses.replace(compared.study.training, surrogate=Triangle())
    other = compared.study.model_copy(update={"training": training})
    run = resolve(other, models.plain_source(compared.run))
    subjects = [trained_subject(compared.run, 2), trained_subject(run, 2)]
    test = models.dataset(run.data).test
    showing = (test.images[:20], test.labels[:20], {"conv2": range(6)}, KEY)

    plain, trained = (
        NaaSpec(steps=3).measure(ImportanceSite(subject, *showing))["conv2"] for subject in subjects
    )

    assert not np.allclose(plain, trained)
    spikes = [subject.responses(test.images[:5], {"fc1": (0, 1)})["fc1"] for subject in subjects]
    assert np.array_equal(spikes[0], spikes[1])
