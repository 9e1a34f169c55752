"""A student with a network's layers: it learns to answer as the network does, from maps or from numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.snn.students import LayeredStudent, SearchedNeuron, structure_of
from tests.snn.students.cases import SHAPE, correlations, images, recording, responses, subject


def student(layer: str, neurons: int, **fields: object) -> LayeredStudent:
    structure = structure_of(subject(**fields))
    assert structure is not None
    return LayeredStudent(structure, SHAPE, [SearchedNeuron(layer, n) for n in range(neurons)])


def predicted(model: LayeredStudent, neurons: int, stimuli: np.ndarray) -> np.ndarray:
    rows = torch.from_numpy(stimuli)
    answers = [
        model.answers(rows, torch.full((len(rows),), neuron)).responses for neuron in range(neurons)
    ]
    return torch.stack(answers, 1).numpy()


@pytest.mark.parametrize(
    ("layer", "neurons", "maps", "least"),
    [
        ("conv1", 4, True, 0.95),
        ("conv2", 6, True, 0.8),
        ("fc1", 8, True, 0.65),
        ("conv1", 4, False, 0.85),
        ("conv2", 6, False, 0.7),
        ("fc1", 8, False, 0.4),
    ],
)
def test_it_answers_as_the_network_does(layer: str, neurons: int, maps: bool, least: float) -> None:
    chain, model = subject(), student(layer, neurons)
    model.fit(recording(chain, layer, 800, maps=maps), torch.Generator().manual_seed(0))
    unseen = images(200, seed=9)
    against = correlations(predicted(model, neurons, unseen), responses(chain, unseen)[layer])
    assert np.median(against) > least


def test_layers_behind_the_searched_one_are_left_out() -> None:
    assert [layer.form.name for layer in student("conv1", 2)] == ["conv1"]
    assert len(list(student("fc1", 2))) == 3


def test_neurons_of_several_layers_are_answered_for_at_once() -> None:
    chain, structure = subject(), structure_of(subject())
    assert structure is not None
    neurons = [SearchedNeuron("fc1", 3), SearchedNeuron("conv1", 1)]
    both = LayeredStudent(structure, SHAPE, neurons)
    both.fit(recording(chain, "fc1"), torch.Generator().manual_seed(0))
    stimuli = torch.from_numpy(images(6, seed=3))
    together = both.answers(stimuli, torch.tensor([0, 1, 0, 1, 1, 0])).responses
    for neuron in (0, 1):
        alone = both.answers(stimuli, torch.full((6,), neuron)).responses
        rows = torch.tensor([0, 1, 0, 1, 1, 0]) == neuron
        assert torch.equal(together[rows], alone[rows])


def test_answers_have_a_gradient_in_the_image() -> None:
    chain, model = subject(), student("conv2", 6)
    model.fit(recording(chain, "conv2"), torch.Generator().manual_seed(0))
    stimuli = torch.from_numpy(images(4)).float().requires_grad_()
    answers = model.answers(stimuli, torch.arange(4))
    (answers.responses + answers.drives).sum().backward()
    assert stimuli.grad is not None
    assert (stimuli.grad.flatten(1).abs().sum(1) > 0).all()


def test_no_weight_of_the_network_is_used() -> None:
    chain, model = subject(), student("conv1", 4)
    record = recording(chain, "conv1", maps=False)
    model.fit(record, torch.Generator().manual_seed(0))
    before = [layer.weight.clone() for layer in model]
    with torch.no_grad():
        for layer in chain.network:
            layer.operator.weight.zero_()
    model.fit(record, torch.Generator().manual_seed(0))
    assert all(torch.equal(old, layer.weight) for old, layer in zip(before, model, strict=True))
