"""What is known of a subject's layers: their shapes, from its own layers or from the shapes alone."""

from __future__ import annotations

import pytest

from spikeatlas.snn.layer_info import LayerInfo, Unit
from spikeatlas.snn.students import LayerForm, chain_structure, shape_structure, structure_of
from spikeatlas.snn.students.structure import pairs
from tests.snn.students.cases import SHAPE, subject


def test_a_chain_tells_kernels_and_pools() -> None:
    chain = subject(pool=("max", "average"), kernel=5)
    forms = chain_structure(chain.network, chain.layers)
    assert [form.name for form in forms] == ["conv1", "conv2", "fc1", "out"]
    assert [form.target for form in forms] == [(4, 4, 4), (6, 2, 2), (8,), (3,)]
    assert [(form.kernel, form.stride, form.padding) for form in forms] == [
        (5, 1, 2),
        (5, 1, 2),
        (0, 1, 0),
        (0, 1, 0),
    ]
    assert [form.pool for form in forms] == ["max", "average", "none", "none"]
    assert structure_of(chain) == forms


def test_each_layer_sees_the_one_before() -> None:
    forms = structure_of(subject())
    assert forms is not None
    assert [source for _, source in pairs(forms, SHAPE)] == [SHAPE, (4, 4, 4), (6, 2, 2), (8,)]
    assert [form for form, _ in pairs(forms[:2], SHAPE)] == list(forms[:2])


def test_shapes_alone_tell_strides() -> None:
    unit = Unit(top=None)
    layers = {"a": LayerInfo(4, (8, 8), unit), "b": LayerInfo(6, (4, 4)), "c": LayerInfo(9, ())}
    first, second, third = shape_structure(layers, (3, 8, 8))
    assert first == LayerForm("a", (4, 8, 8), unit, 5, 1, 2)
    assert second == LayerForm("b", (6, 4, 4), Unit(), 5, 2, 2)
    assert third == LayerForm("c", (9,))


@pytest.mark.parametrize("map_", [(3, 3), (4, 2)])
def test_maps_that_no_convolution_makes_see_everything(map_: tuple[int, int]) -> None:
    (form,) = shape_structure({"a": LayerInfo(4, map_)}, (3, 8, 8))
    assert form.kernel == 0


def test_maps_after_units_see_everything() -> None:
    layers = {"a": LayerInfo(4, ()), "b": LayerInfo(2, (4, 4))}
    assert shape_structure(layers, (3, 8, 8))[1].kernel == 0


def test_mere_recordings_have_no_structure() -> None:
    recordings = subject()
    recordings.layered = False
    assert structure_of(recordings) is None
