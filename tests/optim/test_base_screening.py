"""The contract before the first ask: a told screening, starts and a pool."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import CodeSpace, GaussianSpace, Maximizer, make_maximizer
from tests.optim.cases import Array, planted, pool_of, run

SPACE = CodeSpace(16, 32)
respond = planted(SPACE)
both_shares = pytest.mark.parametrize("share", [False, True])


def make(name: str = "random", **changes: Any) -> Maximizer:
    arguments: dict[str, Any] = {"space": SPACE, "seeds": [1, 2, 3], "budget": 40}
    return make_maximizer(name, **(arguments | changes))


def screening(count: int = 12) -> Array:
    return SPACE.sample(np.random.default_rng(5), count)


@both_shares
@pytest.mark.parametrize("name", ["random", "screened", "ga", "tt", "pool"])
def test_a_screening_is_charged_to_each_alone_and_once_to_all(name: str, *, share: bool) -> None:
    pool = pool_of(SPACE) if name == "pool" else None
    search, points = make(name, share=share, pool=pool), screening()
    search.tell_screening(points, respond(points))
    assert len(search.pending) == 0
    log = run(search, respond)
    proposed = sum(len(batch) for batch, _ in log)
    assert proposed == 3 * 40 - (12 if share else 36)
    assert search.result().queries.tolist() == [40] * 3
    if not share:
        owners = np.concatenate([batch.owner for batch, _ in log])
        assert np.bincount(owners).tolist() == [28] * 3


@both_shares
@pytest.mark.parametrize("sign", [1, -1])
def test_a_screening_counts_for_best_and_history(sign: int, *, share: bool) -> None:
    search, points = make(share=share, sign=sign), screening()
    responses = respond(points)
    responses[4, 1] = np.nan
    search.tell_screening(points, responses)
    result = search.result()  # before the first ask already
    best = np.nanargmax(sign * responses, axis=0)
    assert np.array_equal(result.best_point, points[best])
    assert np.array_equal(result.best_response, responses[best, [0, 1, 2]])
    images = 12 // 3 if share else 12
    running = sign * np.fmax.accumulate(sign * responses)
    columns = running[2::3] if share else running
    assert np.array_equal(result.history[:, :images], columns.T)
    assert (result.history[:, images:] == result.best_response[:, None]).all()
    assert result.queries.tolist() == [images] * 3
    assert np.array_equal(result.lowest, np.nanmin(responses, axis=0))
    assert np.array_equal(result.highest, np.nanmax(responses, axis=0))


@both_shares
def test_the_screening_and_the_responses_stay_the_caller_s(*, share: bool) -> None:
    search, points = make("screened", share=share), screening()
    responses = respond(points)
    points_before, responses_before = points.copy(), responses.copy()
    search.tell_screening(points, responses)
    points[:], responses[:] = 0, 0
    run(search, respond)
    other = make("screened", share=share)
    other.tell_screening(points_before, responses_before)
    run(other, respond)
    assert np.array_equal(search.result().best_point, other.result().best_point)


def test_a_screening_comes_before_the_first_ask_and_once() -> None:
    search, points = make(), screening()
    search.ask()
    with pytest.raises(RuntimeError, match=r"a screening is told before the first ask"):
        search.tell_screening(points, respond(points))
    search = make()
    search.tell_screening(points, respond(points))
    with pytest.raises(RuntimeError, match="a screening is told before"):
        search.tell_screening(points, respond(points))


@pytest.mark.parametrize(("share", "most"), [(False, 39), (True, 119)])
def test_a_screening_leaves_something_of_the_budget(most: int, *, share: bool) -> None:
    points = screening(most + 1)
    search = make(share=share)
    with pytest.raises(
        ValueError, match=f"has {most + 1} images, which leaves nothing of the budget"
    ):
        search.tell_screening(points, respond(points))
    search.tell_screening(points[:most], respond(points[:most]))  # nothing was changed
    assert len(search.ask()) == (1 if share else 3)


@pytest.mark.parametrize("wrong", [-1, 32, 0.5])
def test_a_screening_is_in_the_space(wrong: float) -> None:
    points = screening().astype(np.float32)
    points[3, 3] = wrong
    search = make()
    with pytest.raises(ValueError, match="screening holds points that are not in the space"):
        search.tell_screening(points, np.zeros((12, 3)))
    with pytest.raises(ValueError, match=r"shape \(12, 15\); it must be \(k, 16\)"):
        search.tell_screening(screening()[:, 1:], np.zeros((12, 3)))
    assert len(search.ask()) == 30


@both_shares
@pytest.mark.parametrize("shape", [(11, 3), (13, 3), (12, 2), (12,), "infinite"])
def test_wrong_responses_to_a_screening_change_nothing(shape: Any, *, share: bool) -> None:
    search = make(share=share)
    responses = np.full((12, 3), np.inf) if shape == "infinite" else np.zeros(shape)
    with pytest.raises(ValueError, match="responses"):
        search.tell_screening(screening(), responses)
    assert len(search.pending) == 0
    search.tell_screening(screening(), respond(screening()))


@pytest.mark.parametrize("space", [SPACE, GaussianSpace(16, None)])
def test_a_screening_of_nothing_is_nothing(space: Any) -> None:
    search, untold = make("screened", space=space), make("screened", space=space)
    search.tell_screening(np.empty((0, 16), dtype=space.dtype), np.empty((0, 3)))
    assert np.array_equal(search.ask().points, untold.ask().points)


@both_shares
def test_a_screening_of_which_nothing_was_measured(*, share: bool) -> None:
    for space in (SPACE, GaussianSpace(16, 64)):
        search = make("screened", space=space, share=share)
        points = space.sample(np.random.default_rng(5), 12)
        search.tell_screening(points, np.full((12, 3), np.nan))
        assert np.isnan(search.result().best_response).all()
        run(search, planted(space))
        assert np.isfinite(search.result().best_response).all()
        assert (search.result().highest > search.result().lowest).all()


@pytest.mark.parametrize("name", ["screened", "random"])
def test_starts_are_one_row_of_points_a_neuron(name: str) -> None:
    with pytest.raises(ValueError, match="starts are for 2 neurons, seeds for 3; give as many"):
        make(name, starts=screening(4).reshape(2, 2, 16))
    for wrong in (-1, 32):
        starts = screening(6).reshape(3, 2, 16)
        starts[2, 1, 0] = wrong
        with pytest.raises(ValueError, match="starts hold points that are not in the space"):
            make(name, starts=starts)
    with pytest.raises(ValueError, match=r"must be \(k, 16\)"):
        make(name, starts=screening(3).reshape(3, 2, 8))


@pytest.mark.parametrize("wrong", [np.nan, 0.123])
def test_gaussian_starts_and_pools_stand_on_the_grid(wrong: float) -> None:
    space = GaussianSpace(4, 64)
    points = space.sample(np.random.default_rng(0), 3)
    points[1, 2] = wrong
    for name, values in (("starts", points[:, None]), ("pool", points)):
        with pytest.raises(ValueError, match=f"{name} hold points that are not in the space"):
            make("screened", space=space, **{name: values})


def test_a_pool_is_in_the_space() -> None:
    pool = screening(50)
    pool[49, 0] = 32
    with pytest.raises(ValueError, match="pool hold points that are not in the space"):
        make("pool", pool=pool)


@pytest.mark.parametrize("name", ["screened", "sep-cma"])
def test_starts_have_three_axes(name: str) -> None:
    space = GaussianSpace(4, None)
    starts = space.sample(np.random.default_rng(0), 3)
    with pytest.raises(ValueError, match="starts"):
        make(name, space=space, starts=starts)


def test_starts_are_part_of_the_identity() -> None:
    one, two = (make("screened", starts=screening(k * 3).reshape(3, k, 16)) for k in (1, 2))
    with pytest.raises(ValueError, match="starts differ"):
        two.load_state_dict(one.state_dict())
    make("screened", starts=screening(3)[:, None]).load_state_dict(one.state_dict())
