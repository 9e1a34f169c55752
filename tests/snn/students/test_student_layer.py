"""One layer of a student: what it computes, and that each fit finds a layer that made the responses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spikeatlas.snn.layer_info import Unit
from spikeatlas.snn.readings import pick
from spikeatlas.snn.students.structure import LayerForm
from spikeatlas.snn.students.student_layer import StudentLayer

SOURCE = (3, 8, 8)
FORMS = {
    "max": LayerForm("a", (5, 4, 4), Unit(), 3, 1, 1, "max"),
    "average": LayerForm("a", (5, 4, 4), Unit(), 3, 1, 1, "average"),
    "stride": LayerForm("a", (5, 4, 4), Unit(), 3, 2, 1),
    "none": LayerForm("a", (5, 8, 8), Unit(), 3, 1, 1),
    "signed": LayerForm("a", (5, 4, 4), Unit(bottom=-1.0), 3, 1, 1, "average"),
}
_LEAST = 0.015
"""Deviation of a unit's responses below which it is all but constant."""
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def signals(count: int) -> Tensor:
    return torch.rand((count, *SOURCE), generator=random(1))


def teacher(form: LayerForm) -> StudentLayer:
    layer = StudentLayer(form, SOURCE)
    weight = torch.randn(layer.weight.shape, generator=random(2))
    layer.weight.copy_(weight * 2 / layer.weight.shape[1] ** 0.5)
    usual = layer.drive(signals(50)).transpose(0, 1).flatten(1).mean(1)
    layer.bias.copy_(torch.linspace(0.2, 0.8, form.units) - usual)
    return layer


def correlation(first: Tensor, second: Tensor) -> float:
    """The median correlation of units that answer differently, over images and positions."""
    rows = torch.stack([first.transpose(0, 1).flatten(1), second.transpose(0, 1).flatten(1)], 1)
    live = rows[rows[:, 1].std(1) > _LEAST]
    assert len(live) > 2
    return float(np.median([torch.corrcoef(pair)[0, 1] for pair in live]))


@every_form
def test_maps_have_the_form_s_shape(form: LayerForm) -> None:
    layer = teacher(form)
    responses = layer(signals(2))
    assert responses.shape == (2, *form.target)
    low = -1.0 if form.unit.bottom else 0.0
    assert low <= responses.min() < responses.max() <= 1


@every_form
def test_a_fit_to_maps_finds_the_layer(form: LayerForm) -> None:
    truth, student, inputs = teacher(form), StudentLayer(form, SOURCE), signals(80)
    student.measure(inputs)
    student.fit_maps(inputs[:60], truth(inputs[:60]), random())
    assert correlation(student(inputs[60:]), truth(inputs[60:])) > 0.97


@every_form
def test_a_fit_to_means_of_maps_finds_it_too(form: LayerForm) -> None:
    truth, student, inputs = teacher(form), StudentLayer(form, SOURCE), signals(900)
    student.measure(inputs)
    numbers = pick(truth(inputs), "channel")
    student.fit_numbers(inputs[:800], numbers[:800], "channel", random())
    assert correlation(pick(student(inputs[800:]), "channel"), numbers[800:]) > 0.7


def test_a_fit_to_one_position() -> None:
    truth, student, inputs = (
        teacher(FORMS["none"]),
        StudentLayer(FORMS["none"], SOURCE),
        signals(900),
    )
    student.measure(inputs)
    numbers = pick(truth(inputs), (2, 3))
    student.fit_numbers(inputs[:800], numbers[:800], (2, 3), random())
    assert correlation(pick(student(inputs[800:]), (2, 3)), numbers[800:]) > 0.7


def test_units_that_see_everything() -> None:
    form = LayerForm("fc", (7,), Unit())
    truth, student, inputs = teacher(form), StudentLayer(form, SOURCE), signals(1200)
    student.measure(inputs)
    student.fit_units(inputs[:1000], truth(inputs[:1000]), random())
    assert correlation(student(inputs[1000:]), truth(inputs[1000:])) > 0.9


def test_maps_that_see_everything_are_the_same_at_all_positions() -> None:
    layer = teacher(LayerForm("a", (4, 3, 3), Unit()))
    responses = layer(signals(2))
    assert responses.shape == (2, 4, 3, 3)
    assert torch.equal(responses[:, :, 0, 0], responses[:, :, 2, 1])


def test_the_same_generator_gives_the_same_fit() -> None:
    form, inputs = FORMS["max"], signals(30)
    weights = []
    for _ in range(2):
        student = StudentLayer(form, SOURCE)
        student.measure(inputs)
        student.fit_maps(inputs, teacher(form)(inputs), random(4))
        weights.append(student.weight.clone())
    assert torch.equal(*weights)


def test_fewer_images_than_a_batch() -> None:
    form, inputs = FORMS["stride"], signals(3)
    student = StudentLayer(form, SOURCE)
    student.measure(inputs)
    student.fit_maps(inputs, teacher(form)(inputs), random())
    student.fit_numbers(inputs, pick(teacher(form)(inputs), "channel"), "channel", random())
    assert torch.isfinite(student.weight).all()
