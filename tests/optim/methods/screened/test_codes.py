"""The screened search of codes: its results, and its use of screenings, starts and others' images."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.optim import CodeSpace, Maximizer, make_maximizer
from spikeatlas.optim.methods.screened import ScreenedOptions, ScreenedSearch
from spikeatlas.optim.methods.screened.codes import CodeEvolution
from spikeatlas.optim.types import RATES, Problem
from tests.optim.cases import Array, Chain, Responses, chained, joined, run, same

NEURONS, POSITIONS, CODES = 8, 16, 128
SEEDS = range(100, 100 + NEURONS)
SPREAD = np.linspace(2, 0.3, 6)
VECTORS = np.random.default_rng(0).standard_normal((CODES, len(SPREAD))) * SPREAD
SPACE = CodeSpace(POSITIONS, CODES, VECTORS)


def _planted() -> tuple[Array, Array]:
    """Weights (N, positions, codes): how near each code is to the best one there; the best points."""
    best = np.random.default_rng(1).integers(CODES, size=(NEURONS, POSITIONS))
    distance = ((VECTORS - VECTORS[best][:, :, None]) ** 2).sum(axis=3)
    return np.exp(-distance / 16), best


WEIGHTS, BEST = _planted()
both_shares = pytest.mark.parametrize("share", [False, True])


def respond(points: Array) -> Array:
    """Responses (k, N) in (0, 1], 1 at the best point alone."""
    weights = WEIGHTS[:, np.arange(POSITIONS), points.astype(np.int64)]
    return np.asarray(weights.mean(axis=2).T, dtype=np.float32)


def make(name: str = "screened", neurons: int = NEURONS, **changes: Any) -> Maximizer:
    arguments: dict[str, Any] = {"space": SPACE, "budget": 200, "seeds": SEEDS[:neurons]}
    return make_maximizer(name, **(arguments | changes))


def screened(
    neurons: int = 2, budget: int = 200, space: CodeSpace = SPACE, **changes: Any
) -> ScreenedSearch:
    options = ScreenedOptions(**changes.pop("options", {}))
    return ScreenedSearch(Problem(space, tuple(SEEDS[:neurons]), budget, **changes), options)


def evolution(search: ScreenedSearch) -> CodeEvolution:
    refinement = search._refinement
    assert isinstance(refinement, CodeEvolution)
    return refinement


def first(neurons: int) -> Responses:
    return lambda points: respond(points)[:, :neurons]


def tell_generation(search: Maximizer, answer: Responses = respond) -> Array:
    """Show a generation and tell; return the points."""
    batch = search.ask()
    search.tell(batch, answer(batch.points))
    return batch.points


@both_shares
def test_beats_the_others_on_planted_neurons(*, share: bool) -> None:
    best = {}
    for name in ("random", "ga", "tt", "screened"):
        search = make(name, budget=300, share=share)
        run(search, respond)
        best[name] = search.result().best_response
    for name in ("random", "ga", "tt"):
        assert (best["screened"] > best[name]).sum() >= 6, name
    assert best["screened"].mean() > best["ga"].mean() + (0.1 if share else 0.03)


def test_sharing_pays() -> None:
    shared, alone = make(share=True), make()
    run(shared, respond)
    run(alone, respond)
    gain = shared.result().best_response - alone.result().best_response
    assert (gain > 0).sum() >= 7


@both_shares
def test_the_model_pays(*, share: bool) -> None:
    best = []
    for blind in (False, True):
        search = screened(NEURONS, 300, share=share)
        if blind:
            evolution(search)._model.refit = lambda: None  # type: ignore[method-assign]
        run(search, respond)
        best.append(search.result().best_response)
    assert (best[0] > best[1]).sum() >= 6


@both_shares
def test_least_exciting_images(*, share: bool) -> None:
    lowest = []
    for name in ("random", "screened"):
        search = make(name, sign=-1, share=share, budget=150)
        run(search, respond)
        lowest.append(search.result().best_response)
        assert np.array_equal(search.result().lowest, search.result().best_response)
    assert (lowest[1] < lowest[0]).sum() >= 7


@both_shares
@pytest.mark.parametrize("codes", [2, 8])
def test_few_codes_and_no_codebook(codes: int, *, share: bool) -> None:
    space, best = CodeSpace(12, codes), []
    target = np.random.default_rng(5).integers(codes, size=(NEURONS, 12))
    for name in ("random", "screened"):
        search = make(name, space=space, budget=120, share=share)
        log = run(search, lambda points: (points[:, None] == target).mean(axis=2))
        assert space.contains(joined(log)[0].points).all()
        best.append(search.result().best_response.mean())
    assert best[1] > best[0] + 0.05


def test_evolution_does_not_repeat_itself() -> None:
    batch, _ = joined(run(make(share=True), respond))
    evolved = batch.points[batch.owner >= 0]
    assert len(np.unique(evolved, axis=0)) > 0.75 * len(evolved)


# screenings


@both_shares
def test_a_told_screening_is_charged_in_full(*, share: bool) -> None:
    search, images = make(share=share), SPACE.sample(np.random.default_rng(2), 60)
    search.tell_screening(images, respond(images))
    batch, _ = joined(run(search, respond))
    paid = 60 if share else 60 * NEURONS
    assert len(batch) == 200 * NEURONS - paid
    assert batch.slot[0] == paid
    queries = search.result().queries
    assert abs(queries - 200).max() <= 1


@both_shares
def test_a_told_screening_is_used(*, share: bool) -> None:
    images = SPACE.sample(np.random.default_rng(2), 100)
    images[7] = np.where(np.arange(POSITIONS) < 12, BEST[3], images[7])
    search = screened(NEURONS, share=share)
    search.tell_screening(images, respond(images))
    assert (
        evolution(search)._model.anova.gram[:, -1, -1] == 100
    ).all()  # images that the model knows
    assert np.array_equal(evolution(search)._elite[3, 0], images[7])
    assert np.array_equal(evolution(search)._score[:, 0], respond(images).max(axis=0))
    search.ask()
    assert np.array_equal(search.result().best_point[3], images[7])
    assert search.result().history[3, 99 if not share else 12] == respond(images)[7, 3]


def test_a_told_screening_helps_early() -> None:
    early = []
    for count in (0, 500):
        search = make()
        if count:
            search = make(budget=200 + count)
            images = SPACE.sample(np.random.default_rng(2), count)
            search.tell_screening(images, respond(images))
        tell_generation(search)  # its own screening
        tell_generation(search)
        early.append(search.result().best_response)
    assert (early[1] > early[0]).sum() >= 7


def test_the_screening_is_of_all_when_sharing_and_own_otherwise() -> None:
    shared, alone = make(share=True).ask(), make().ask()
    assert (shared.owner == -1).all()
    assert len(shared) == 0.2 * 200 * NEURONS
    assert Counter(alone.owner.tolist()) == dict.fromkeys(range(NEURONS), 40)
    assert len(make(share=True, most=33).ask()) == 33
    assert len(make(share=True, screening=0.5).ask()) == 0.5 * 200 * NEURONS


# starts


@both_shares
def test_starts_are_proposed_first_and_kept_when_best(*, share: bool) -> None:
    starts = np.stack([BEST, SPACE.sample(np.random.default_rng(3), NEURONS)], axis=1)
    search = make(share=share, starts=starts, budget=60)
    batch = search.ask()
    assert np.array_equal(batch.points[:NEURONS], starts[:, 0])
    assert np.array_equal(batch.points[NEURONS : 2 * NEURONS], starts[:, 1])
    assert batch.owner[: 2 * NEURONS].tolist() == [*range(NEURONS)] * 2
    search.tell(batch, respond(batch.points))
    log = run(search, respond)
    assert sum(map(len, [batch, *(b for b, _ in log)])) == 60 * NEURONS
    assert np.array_equal(search.result().best_point, BEST)
    assert (search.result().best_response == 1).all()
    assert (search.result().history[:, 0] == 1).sum() == NEURONS


@both_shares
def test_a_good_start_is_climbed_from(*, share: bool) -> None:
    near = np.where(
        np.arange(POSITIONS) < 12, BEST, SPACE.sample(np.random.default_rng(3), NEURONS)
    )
    warm, cold = make(share=share, starts=near[:, None], budget=100), make(share=share, budget=100)
    run(warm, respond)
    run(cold, respond)
    assert (warm.result().best_response > cold.result().best_response).all()
    assert (warm.result().best_response > np.diag(respond(near))).sum() >= 6


# sharing


@both_shares
def test_an_image_of_another_may_become_the_best(*, share: bool) -> None:
    search = screened(2, share=share)

    def alike(points: Array) -> Array:
        return np.repeat(respond(points)[:, :1], 2, axis=1)

    batch, responses = joined(run(search, alike))
    top = responses[:, 0].argmax()
    best = search.result().best_point
    assert batch.owner[top] >= 0
    assert (best == batch.points[top]).all(axis=1).tolist().count(True) == (2 if share else 1)
    assert np.array_equal(evolution(search)._elite[0, 0], evolution(search)._elite[1, 0]) == share


def test_isolated_neurons_learn_of_their_own_images_only() -> None:
    search = screened(2)
    batch = search.ask()
    lies = np.where(batch.owner[:, None] == [0, 1], respond(batch.points)[:, :2], 100)
    search.tell(batch, lies)
    responses = respond(batch.points)[:, :2]
    for neuron in (0, 1):
        mine = responses[batch.owner == neuron, neuron]
        assert evolution(search)._score[neuron, 0] == mine.max()
        assert np.isclose(evolution(search)._model.anova.moment[neuron, -1, 0], mine.sum())


def test_elites_are_the_best_and_differ() -> None:
    search = screened(share=True, options={"elites": 5})
    log = []
    for _ in range(6):
        batch = search.ask()
        log.append((batch, respond(batch.points)[:, :2]))
        search.tell(*log[-1])
    batch, responses = joined(log)
    for neuron in (0, 1):
        images, where = np.unique(batch.points, axis=0, return_index=True)
        best = np.sort(responses[where, neuron])[::-1][:5]
        assert np.array_equal(evolution(search)._score[neuron], best)
        assert len(np.unique(evolution(search)._elite[neuron], axis=0)) == 5
        assert (images[:, None] == evolution(search)._elite[neuron]).all(axis=2).any(axis=0).all()


def test_mutations_that_pay_are_drawn_more_often() -> None:
    search = screened(1)
    evolution(search)._tries[:] = 50
    evolution(search)._gains[0, 2] = 40
    numbers = evolution(search)._choose(
        np.zeros(2000, dtype=np.int64), np.random.default_rng(0).random(2000)
    )
    counts = np.bincount(numbers, minlength=len(evolution(search)._mutations.all))
    assert counts.argmax() == 2
    assert counts.min() > 0


# flat, missing and late responses


@pytest.mark.parametrize(
    ("share", "allocation"), [(False, "fixed"), (True, "fixed"), (True, "adaptive")]
)
@pytest.mark.parametrize("response", [0.0, 0.5, 1.0, np.nan])
def test_flat_neurons_end_within_the_budget(
    response: float, allocation: str, *, share: bool
) -> None:
    search = make(neurons=3, share=share, allocation=allocation, budget=130)
    batch, _ = joined(run(search, lambda points: np.full((len(points), 3), response)))
    assert len(batch) == 3 * 130
    assert SPACE.contains(batch.points).all()
    assert np.array_equal(search.result().best_response, np.full(3, response), equal_nan=True)


@both_shares
def test_late_and_partial_answers(*, share: bool) -> None:
    search, late = make(neurons=3, share=share, budget=150), []
    turn = 0
    while not search.done:
        batch, turn = search.ask(), turn + 1
        rows = np.arange(len(batch))
        soon = {0: rows[:0], 1: rows, 2: rows[::2]}[turn % 3]  # never, at once, half of it
        search.tell(batch.take(soon), first(3)(batch.points[soon]))
        late.append(batch.take(np.setdiff1d(rows, soon)))
    early = search.result().best_response
    for batch in late[::-1]:
        search.tell(batch, first(3)(batch.points))
    result = search.result()
    assert (result.best_response >= early).all()
    assert np.array_equal(np.diag(respond(result.best_point)[:, :3]), result.best_response)
    chance = make("random", neurons=3, share=share, budget=150)
    run(chance, first(3))
    assert (result.best_response > chance.result().best_response).all()


def test_a_neuron_that_is_never_measured_does_not_blind_the_others() -> None:
    best = []
    for blank in (0.0, np.nan):
        search = screened(3, share=True)

        def answer(points: Array, blank: float = blank) -> Array:
            return np.where(np.arange(3) == 2, blank, respond(points)[:, :3])

        run(search, answer)
        assert np.isfinite(search.result().best_response[:2]).all()
        best.append(np.abs(evolution(search)._model.anova.moment[0, :, :2]).sum())
    # a neuron without an elite has other children, and so other images are learnt from
    assert np.isclose(best[0], best[1], rtol=0.02)


# adaptive allocation


def saturating(points: Array) -> Array:
    """The first neuron answers 1 to everything."""
    return np.where(np.arange(2) == 0, 1, respond(points)[:, :2]).astype(np.float32)


def test_a_saturated_neuron_leaves_its_budget_to_the_others() -> None:
    best = []
    for allocation in ("fixed", "adaptive"):
        search = make(neurons=2, share=True, allocation=allocation)
        batch, _ = joined(run(search, saturating))
        assert len(batch) == 400
        count = Counter(batch.owner.tolist())
        assert (count[1] > 200) == (allocation == "adaptive")
        assert (count[0] < 30) == (allocation == "adaptive")
        best.append(search.result().best_response[1])
        assert search.result().queries.sum() in (400, 401)
        assert search.result().history.shape == (2, 200)
    assert best[1] > best[0]


def stuck(points: Array) -> Array:
    """The first neuron answers a quarter to everything."""
    return np.where(np.arange(2) == 0, 0.25, respond(points)[:, :2]).astype(np.float32)


def test_a_neuron_that_no_longer_climbs_leaves_its_budget_too() -> None:
    search = make(neurons=2, share=True, allocation="adaptive", budget=400)
    log = run(search, stuck)
    count = [Counter(batch.owner.tolist())[0] for batch, _ in log]
    assert count[1:11] == [10] * 10
    assert count[11:-1] == [1] * len(count[11:-1])
    assert sum(len(batch) for batch, _ in log) == 800


def test_no_generation_of_a_neuron_is_larger_than_three() -> None:
    search = make(share=True, allocation="adaptive")

    def all_but_one(points: Array) -> Array:
        return np.where(np.arange(NEURONS) > 0, 1, respond(points)).astype(np.float32)

    log = run(search, all_but_one)
    assert max(Counter(batch.owner.tolist())[0] for batch, _ in log) == 30
    assert sum(len(batch) for batch, _ in log) == 200 * NEURONS


@pytest.mark.parametrize(
    ("response", "sign", "ends", "done"),
    [
        (0.0, -1, RATES, True),
        (1.0, -1, RATES, False),  # the worst there is
        (1.0, 1, RATES, True),
        (0.0, -1, (-1.0, 1.0), False),  # spikes of both signs go further down
        (-1.0, -1, (-1.0, 1.0), True),
        (1.0, 1, (None, None), False),
        (0.0, -1, (None, None), False),
    ],
)
def test_done_is_judged_by_the_sign_and_the_ends_of_responses(
    response: float, sign: int, ends: tuple[float | None, float | None], *, done: bool
) -> None:
    search = make(neurons=2, share=True, allocation="adaptive", sign=sign, ends=ends)

    def flat(points: Array) -> Array:
        return np.where(np.arange(2) == 0, response, respond(points)[:, :2]).astype(np.float32)

    tell_generation(search, flat)
    count = Counter(search.ask().owner.tolist())[0]
    assert count == (1 if done else 10)


@pytest.mark.parametrize("answer", [saturating, stuck])
def test_the_state_in_the_middle_of_an_adaptive_search(answer: Responses) -> None:
    def searching() -> Maximizer:
        starts = BEST[:2, None] % 7
        return make(neurons=2, share=True, allocation="adaptive", starts=starts, budget=300)

    whole, search = searching(), searching()
    expected, _ = joined(run(whole, answer))
    images = SPACE.sample(np.random.default_rng(2), 0)
    while len(images) < 250:
        images = np.concatenate([images, tell_generation(search, answer)])
    half = search.ask()
    search.tell(half.take(slice(5)), answer(half.points[:5]))
    file = io.BytesIO()
    torch.save(search.state_dict(), file)
    run(search, answer)  # the state is a copy
    file.seek(0)
    resumed = searching()
    resumed.load_state_dict(torch.load(file, weights_only=True))
    rest = resumed.pending
    assert np.array_equal(rest.points, half.points[5:])
    resumed.tell(rest, answer(rest.points))
    images = np.concatenate([images, half.points])
    while not resumed.done:
        images = np.concatenate([images, tell_generation(resumed, answer)])
    assert np.array_equal(images, expected.points)
    assert same(resumed.result(), whole.result())


def test_the_state_after_a_told_screening() -> None:
    search, resumed = make(neurons=2, share=True), make(neurons=2, share=True)
    images = SPACE.sample(np.random.default_rng(2), 50)
    search.tell_screening(images, first(2)(images))
    resumed.load_state_dict(search.state_dict())
    one, two = run(search, first(2)), run(resumed, first(2))
    assert all(same(a[0], b[0]) for a, b in zip(one, two, strict=True))
    with pytest.raises(ValueError, match="adaptive differ"):
        make(neurons=2, share=True, allocation="adaptive").load_state_dict(search.state_dict())


# priors

SPACE_WITH_PRIOR = CodeSpace(POSITIONS, CODES, VECTORS, Chain(POSITIONS, CODES))


def follow(points: Array) -> Array:
    """Responses of two neurons that want a chain, the first from any code, the second from few."""
    follows = chained(points.astype(np.int64), CODES)
    return np.stack([follows, follows * (points[:, 0] < 20)], axis=1).astype(np.float32)


@pytest.mark.parametrize(
    ("share", "digest"), [(False, "8133894091e11ca0"), (True, "eab8bd06db1fc67c")]
)
def test_without_a_prior_the_first_proposals_have_not_changed(digest: str, *, share: bool) -> None:
    """Of the screening alone: what follows depends on how a machine rounds."""
    batch = make(seeds=[1, 2, 3], budget=120, share=share).ask()
    assert hashlib.sha256(batch.points.astype("<i8").tobytes()).hexdigest().startswith(digest)
    assert len(evolution(screened())._mutations.all) == 7


@both_shares
def test_typical_images_are_proposed_where_they_pay(*, share: bool) -> None:
    best = []
    for space in (SPACE, SPACE_WITH_PRIOR):
        search = make(neurons=2, share=share, space=space)
        batch, _ = joined(run(search, follow))
        assert space.contains(batch.points).all()
        best.append(search.result().best_response)
    assert (best[1] > best[0] + 0.2).all()


@both_shares
def test_the_typical_mutation_is_drawn_and_credited(*, share: bool) -> None:
    search = screened(space=SPACE_WITH_PRIOR, share=share)
    tell_generation(search, follow)
    numbers = []
    while not search.done:
        tell_generation(search, follow)
        numbers.append(evolution(search)._numbers)
    assert (np.concatenate(numbers) == len(evolution(search)._mutations.all) - 1).any()
    assert (evolution(search)._tries[:, -1] > 0).all()


def test_neurons_together_are_neurons_alone_with_a_prior_too() -> None:
    together = make(neurons=2, space=SPACE_WITH_PRIOR)
    batch, _ = joined(run(together, follow))
    alone = make(seeds=[SEEDS[1]], space=SPACE_WITH_PRIOR)
    single, _ = joined(run(alone, lambda points: follow(points)[:, 1:]))
    assert np.array_equal(batch.points[batch.owner == 1], single.points)


@both_shares
def test_the_state_in_the_middle_of_a_search_with_a_prior(*, share: bool) -> None:
    whole, search = (make(neurons=2, share=share, space=SPACE_WITH_PRIOR) for _ in range(2))
    expected, _ = joined(run(whole, follow))
    images = tell_generation(search, follow)
    while len(images) < 250:
        images = np.concatenate([images, tell_generation(search, follow)])
    resumed = make(neurons=2, share=share, space=SPACE_WITH_PRIOR)
    resumed.load_state_dict(search.state_dict())
    while not resumed.done:
        images = np.concatenate([images, tell_generation(resumed, follow)])
    assert np.array_equal(images, expected.points)
    assert same(resumed.result(), whole.result())


def test_a_state_with_a_prior_needs_one() -> None:
    for one, two in ((SPACE, SPACE_WITH_PRIOR), (SPACE_WITH_PRIOR, SPACE)):
        with pytest.raises(ValueError, match=r"its mutations differ; .* with its prior or without"):
            make(space=one).load_state_dict(make(space=two).state_dict())


# sizes and wrong arguments


@both_shares
@pytest.mark.parametrize("budget", [20, 21, 39])
def test_one_neuron_and_the_smallest_budgets(budget: int, *, share: bool) -> None:
    search = make(neurons=1, share=share, budget=budget)
    batch, _ = joined(run(search, first(1)))
    assert len(batch) == budget
    assert search.result().best_response[0] > np.median(first(1)(batch.points))


def test_twin_codes_and_one_position() -> None:
    for space in (CodeSpace(9, 16, np.zeros((16, 3))), CodeSpace(1, 16, VECTORS[:16])):
        search = make(space=space, neurons=2, share=True, budget=40)
        log = run(search, lambda points: np.repeat((points == 5).mean(axis=1)[:, None], 2, 1))
        assert space.contains(joined(log)[0].points).all()
        assert (search.result().best_response > 0.3).all()


@pytest.mark.parametrize("neurons", [500, pytest.param(10_000, marks=pytest.mark.slow)])
@both_shares
def test_very_many_neurons(neurons: int, *, share: bool) -> None:
    space = CodeSpace(4, 8)
    search = make(
        space=space, seeds=range(neurons), share=share, budget=4, batch=2, elites=2, most=50
    )
    target = np.random.default_rng(0).integers(8, size=(neurons, 4), dtype=np.int8)
    while not search.done:
        batch = search.ask()
        for rows in np.array_split(np.arange(len(batch)), 20):
            part, answer = batch.take(rows), np.zeros((len(rows), neurons), dtype=np.float32)
            for place in range(4):
                answer += part.points[:, None, place] == target[:, place]
            search.tell(part, answer / 4)
    result = search.result()
    assert abs(result.queries.sum() - 4 * neurons) <= neurons
    assert result.best_response.mean() > (0.7 if share else 0.2)  # one image: 0.125


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"allocation": "adaptive"}, "'adaptive', but share is false: isolated neurons have their"),
        (
            {"name": "tt", "allocation": "adaptive", "share": True},
            "'adaptive', which 'tt' cannot do; choose fixed, or a method that can: screened",
        ),
        ({"batch": 1}, "batch is 1; it must be a whole number of at least 2"),
        ({"elites": 1}, "elites is 1; it must be a whole number of at least 2"),
        ({"most": 0}, "most is 0"),
        ({"growth": 0}, "growth is 0"),
        ({"screening": -0.1}, "screening is -0.1; it must be 0 or more, below 1"),
        ({"screening": 1.0}, "screening is 1.0"),
        ({"screening": float("nan")}, "screening is nan"),
        ({"budget": 19}, "budget is 19; .* needs at least 20 images a neuron"),
    ],
)
def test_wrong_arguments(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(**changes)


@pytest.mark.parametrize("changes", [{"allocation": "adaptiv"}, {"screening": "much"}])
def test_wrong_words_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="it must be"):
        make(share=True, **changes)


@both_shares
def test_the_best_image_of_each_new_model_is_shown(*, share: bool) -> None:
    search = screened(3, 300, share=share, options={"growth": 0.2})
    shown, fits = [], 0
    while not search.done:
        model, elite = evolution(search)._model, evolution(search)._elite[:, 0]
        best, bold = model.likely[:, :, 0], model.bold
        fresh = model.fresh and model.news.all()
        batch = search.ask()
        if fresh and len(batch) >= 9:
            fits += 1
            assert np.array_equal(batch.points[:3], best)
            assert np.array_equal(batch.points[3:6], bold)
            mixed = batch.points[6:9]
            assert ((mixed == best) | (mixed == elite)).all()
            shown.append((mixed == best).mean())
        search.tell(batch, respond(batch.points)[:, :3])
    # from a fifth of the images to all of them, a fifth more each time
    assert 3 < fits < 12
    assert len(shown) > 5
    assert 0.4 < np.mean(shown) < 0.9
