"""A student that knows one number a neuron."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.snn.layer_info import Unit
from spikeatlas.snn.students import ONE, GenericStudent, Recording
from tests.snn.students.cases import SHAPE, correlations, images, recording, responses, subject


def predicted(model: GenericStudent, neurons: int, stimuli: np.ndarray) -> np.ndarray:
    rows = torch.from_numpy(stimuli)
    answers = [
        model.answers(rows, torch.full((len(rows),), neuron)).responses for neuron in range(neurons)
    ]
    return torch.stack(answers, 1).numpy()


@pytest.mark.parametrize(("layer", "neurons", "least"), [("conv2", 6, 0.75), ("fc1", 8, 0.5)])
def test_it_learns_from_the_numbers_of_all(layer: str, neurons: int, least: float) -> None:
    chain = subject()
    units = {name: info.unit for name, info in chain.layers.items()}
    model = GenericStudent(SHAPE, [Unit()] * neurons, units)
    model.fit(recording(chain, layer, 800, maps=False), torch.Generator().manual_seed(0))
    unseen = images(200, seed=9)
    against = correlations(predicted(model, neurons, unseen), responses(chain, unseen)[layer])
    assert np.median(against) > least


def test_an_isolated_neuron_has_a_small_one() -> None:
    chain = subject()
    record = recording(chain, "fc1", 400, maps=False, numbers=False)
    live = int(record.targets.std(0).argmax())
    own = Recording(record.images, record.targets[:, [live]], {}, {})
    model = GenericStudent(SHAPE, [Unit()], {}, ONE)
    model.fit(own, torch.Generator().manual_seed(0))
    unseen = images(200, seed=9)
    against = correlations(predicted(model, 1, unseen), responses(chain, unseen)["fc1"][:, [live]])
    assert against[0] > 0.6


@pytest.mark.parametrize(
    ("unit", "low", "high"),
    [
        (Unit(), 0, 1),
        (Unit(bottom=-1.0), -1, 1),
        (Unit(top=None), 0, np.inf),
        (Unit(top=None, bottom=None), -np.inf, np.inf),
    ],
)
def test_answers_stay_between_the_ends_of_the_unit(unit: Unit, low: float, high: float) -> None:
    chain = subject()
    record = recording(chain, "conv1", 60, maps=False, numbers=False)
    model = GenericStudent(SHAPE, [unit] * 4, {}, ONE)
    model.fit(record, torch.Generator().manual_seed(0))
    wild = torch.from_numpy(images(30)).float() * 40 - 5000
    for neuron in range(4):
        answers = model.answers(wild, torch.full((30,), neuron)).responses
        assert low - 1e-5 <= answers.min() <= answers.max() <= high + 1e-5


def test_the_same_generator_gives_the_same_student() -> None:
    record = recording(subject(), "conv1", 60, maps=False)
    answers = []
    for _ in range(2):
        model = GenericStudent(SHAPE, [Unit()] * 4, {"conv1": Unit()}, ONE)
        model.fit(record, torch.Generator().manual_seed(1))
        answers.append(model.answers(record.images[:4], torch.arange(4)).responses)
    assert torch.equal(*answers)


def test_images_of_a_few_pixels() -> None:
    stimuli = torch.from_numpy(
        np.random.default_rng(0).integers(256, size=(30, 2, 1, 3), dtype=np.uint8)
    )
    numbers = stimuli.float().mean((1, 2, 3))[:, None] / 255
    model = GenericStudent((2, 1, 3), [Unit()], {}, ONE)
    model.fit(Recording(stimuli, numbers, {}, {}), torch.Generator().manual_seed(0))
    assert torch.isfinite(
        model.answers(stimuli, torch.zeros(30, dtype=torch.int64)).responses
    ).all()


def test_silent_neurons_beside_do_not_drown_the_others() -> None:
    record = recording(subject(), "conv1", 300, maps=False)
    silent = {"silent": torch.zeros(300, 200)}
    beside = Recording(record.images, record.targets, {**record.numbers, **silent}, {})
    unseen, answers = images(200, seed=9), {}
    for name, record_of in (("alone", record), ("beside", beside)):
        units = {layer: Unit() for layer in record_of.numbers}
        model = GenericStudent(SHAPE, [Unit()] * 4, units, ONE)
        model.fit(record_of, torch.Generator().manual_seed(0))
        answers[name] = correlations(
            predicted(model, 4, unseen), responses(subject(), unseen)["conv1"][:, :4]
        )
    assert np.median(answers["beside"]) > np.median(answers["alone"]) - 0.1
