"""Which search is best, who is alive, and whose rows these are: on small arrays whose answer is plain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from spikeatlas.tasks.atlas import (
    DONE,
    FAILED,
    PENDING,
    SATURATED,
    SILENT,
    UNPLANNED,
    alive,
    answered,
    at_search,
    best_search,
    by_search,
    cold,
    layer_rows,
    main_sign,
    mask,
    of_sign,
    settled,
    zero_is_silence,
)

DIMS = ("epoch", "neuron", "search", "repeat")
STATES = xr.DataArray([PENDING, DONE, SILENT, SATURATED, FAILED, UNPLANNED], dims="search")


def test_a_settled_search_has_a_result_and_a_living_neuron_an_image() -> None:
    assert settled(STATES).values.tolist() == [False, True, True, True, False, False]
    assert alive(STATES).values.tolist() == [False, True, False, True, False, False]


def searches(
    responses: list[list[float]], signs: tuple[int, ...] = (1, 1), status: int = DONE
) -> tuple[xr.DataArray, xr.DataArray]:
    """One epoch and neuron: searches x repeats."""
    response = xr.DataArray(
        [[responses]], dims=DIMS, coords={"search_sign": ("search", list(signs))}
    )
    return response, xr.full_like(response, status, dtype=np.uint8)


@pytest.mark.parametrize(
    ("responses", "signs", "place"),
    [
        ([[0.1, 0.3], [0.3, 0.2]], (1, 1), 1),  # the first among equals
        ([[0.1, 0.3], [0.4, 0.2]], (1, 1), 2),
        ([[0.1, 0.3], [0.4, 0.1]], (-1, -1), 0),
        ([[np.nan, 0.0], [0.0, np.nan]], (1, 1), 1),
        ([[np.nan, np.nan], [np.nan, np.nan]], (1, 1), 0),
        # the most exciting image stands for a neuron, whatever the least exciting one does
        ([[0.1, 0.3], [0.4, 0.5]], (1, -1), 1),
        ([[0.1, 0.3], [0.4, 0.5]], (-1, 1), 3),
        ([[0.1, 0.3], [np.nan, np.nan]], (-1, 1), 2),
    ],
)
def test_the_best_search(responses: list[list[float]], signs: tuple[int, ...], place: int) -> None:
    assert best_search(*searches(responses, signs)).tolist() == [[place]]


def test_the_least_exciting_image_is_asked_for_by_its_sign() -> None:
    response, status = searches([[0.1, 0.3], [0.5, 0.4]], (1, -1))

    assert best_search(response, status, -1).tolist() == [[3]]
    assert main_sign(response) == 1
    assert main_sign(response.isel(search=[1])) == -1
    group = of_sign(response.to_dataset(name="response"), -1)
    assert group.response.values.tolist() == [[[[0.5, 0.4]]]]


@pytest.mark.parametrize(
    ("attributes", "silence"),
    [
        ({"units": "1"}, True),
        ({}, True),
        ({"units": "spikes a step and position", "valid_min": -1.0, "valid_max": 1.0}, False),
        ({"units": "dF/F"}, False),
        ({"units": "activity", "valid_min": 0.0}, True),
    ],
)
def test_an_answer_of_nothing_is_one_where_something_is_below_it(
    attributes: dict[str, Any], *, silence: bool
) -> None:
    response = searches([[0.0, 0.3], [0.0, -0.5]], (1, -1))[0].assign_attrs(attributes)

    assert zero_is_silence(response) == silence
    assert answered(response).values.tolist() == [[[[not silence, True], [True, True]]]]


def test_what_is_not_settled_is_not_best() -> None:
    response, status = searches([[0.9, 0.3], [0.8, 0.2]])
    status[0, 0, :, 0] = FAILED

    assert best_search(response, status).item() == 1
    assert best_search(response, xr.full_like(status, PENDING)).item() == 0


def test_values_of_the_best_search_whatever_the_order_of_dimensions() -> None:
    rng = np.random.default_rng(0)
    signs = {"search_sign": ("search", [1] * 4)}
    response = xr.DataArray(rng.random((2, 3, 4, 5)), dims=DIMS, coords=signs)
    status = xr.full_like(response, DONE, dtype=np.uint8)
    images = xr.DataArray(rng.integers(0, 255, (2, 3, 4, 5, 6)), dims=(*DIMS, "x"))

    place = best_search(response.transpose("repeat", "epoch", "search", "neuron"), status)

    assert by_search(images).shape == (2, 3, 20, 6)
    assert np.array_equal(at_search(response, place), response.max(("search", "repeat")).values)
    picture = at_search(images.transpose("x", ...), place)
    method, repeat = divmod(place[1, 2], 5)
    assert np.array_equal(picture[1, 2], images[1, 2, method, repeat].values)


def test_one_epoch_has_no_axis_for_it() -> None:
    response, status = searches([[0.1, 0.3], [0.2, 0.2]])

    place = best_search(response[0], status[0])

    assert place.tolist() == [1]
    assert at_search(response[0], place).tolist() == [0.3]


def test_cold_where_there_is_a_warm_start() -> None:
    group = xr.Dataset({"mei": ("x", [1]), "cold_mei": ("x", [2])})

    assert cold(group, "mei") == "cold_mei"
    assert cold(group.drop_vars("cold_mei"), "mei") == "mei"


def test_rows_of_a_layer() -> None:
    layers = ("neuron", np.array(["a", "b", "a"], object))
    table = xr.Dataset({"value": ("neuron", [1, 2, 3])}, coords={"layer": layers})

    assert layer_rows(table, "a").value.values.tolist() == [1, 3]
    assert layer_rows(table, "c").sizes["neuron"] == 0


@pytest.mark.parametrize(("dtype", "nothing"), [("float32", np.nan), ("int16", -1), ("int32", -1)])
def test_what_is_undefined_keeps_its_type(dtype: str, nothing: float) -> None:
    values = np.ones((2, 3), dtype)

    masked = mask(values, np.array([True, False]))

    assert masked.dtype == dtype
    assert masked[0].tolist() == [1, 1, 1]
    np.testing.assert_array_equal(masked[1], np.full(3, nothing))
