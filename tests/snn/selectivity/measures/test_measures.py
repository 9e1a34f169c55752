"""What every measure of selectivity does, those built in and one that a user brings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.snn import selectivity
from spikeatlas.snn.selectivity import BUILT_IN, MEASURES, Measure
from tests.snn.brought import Broken, Loudness
from tests.snn.selectivity.planted import (
    CLASSES,
    FIRST,
    LABELS,
    SILENT,
    gaussian_neurons,
    plain_neurons,
)

OWN = "tests.snn.brought:Loudness"
KINDS = [*MEASURES.members, OWN]


def battery(measures: tuple[Measure, ...]) -> dict[str, Any]:
    return selectivity.measure(
        plain_neurons(), LABELS, FIRST, CLASSES, draws=5,
        rng=np.random.default_rng(0), measures=measures,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_one_value_a_neuron(kind: str) -> None:
    member = MEASURES.read(kind)
    responses = plain_neurons()
    before = responses.copy()
    values = member(responses, LABELS, FIRST, CLASSES)
    assert values.shape == (4,)
    assert values.dtype == np.float64
    assert np.array_equal(values, member(responses, LABELS, FIRST, CLASSES), equal_nan=True)
    assert np.array_equal(responses, before)
    assert member(responses[:, :0], LABELS, FIRST, CLASSES).shape == (0,)
    assert member.undefined(responses).tolist() == [True, False, False, False]


@pytest.mark.parametrize("kind", KINDS)
def test_all_arrays_are_named_and_silent_neurons_have_none(kind: str) -> None:
    member = MEASURES.read(kind)
    arrays = battery((member,))
    assert set(arrays) == set(member.quantities)
    assert all(quantity.long_name and quantity.units for quantity in member.quantities.values())
    for name, array in arrays.items():
        assert array.shape == (4,)
        assert array[SILENT] == -1 if name == "preferred_class" else np.isnan(array[SILENT])


def test_your_own_stands_beside_the_built_in() -> None:
    alone, beside = battery(BUILT_IN), battery((*BUILT_IN, Loudness(kind=OWN, scale=2)))
    assert beside.pop("loudness")[1:] == pytest.approx([0.6, 0.02, 2])
    assert all(np.array_equal(alone[name], beside[name], equal_nan=True) for name in alone)
    assert set(alone) == set(beside)


def test_names_are_told_apart() -> None:
    assert len({name for member in BUILT_IN for name in member.quantities}) == 14
    assert MEASURES.read({"kind": OWN, "scale": 3}) == Loudness(kind=OWN, scale=3)
    with pytest.raises(ValueError, match=r"did you mean d_prime\?"):
        MEASURES.read("d_primes")


def test_a_measure_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"gives loudness of shape \(5,\): it must be \(4,\)"):
        battery((Broken(kind="tests.snn.brought:Broken"),))


def test_what_shares_a_sum_is_undefined_for_a_neuron_with_a_negative_response() -> None:
    responses = gaussian_neurons(1.0, neurons=2)
    neuron = 1
    responses[0, neuron] = -0.5
    arrays = selectivity.measure(
        responses, LABELS, FIRST, CLASSES, draws=5, rng=np.random.default_rng(0)
    )
    shares = {
        "lifetime_sparseness",
        "hoyer_sparseness",
        *MEASURES.read("class_selectivity_index").quantities,
    }
    for name, array in arrays.items():
        assert np.isnan(array[neuron]) == (name in shares - {"preferred_class"}), name
    assert arrays["preferred_class"][neuron] >= 0
