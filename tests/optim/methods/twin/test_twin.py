"""The twin: what its student is given, when it is asked, and what becomes of its proposals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.optim import (
    RESPONSE,
    Brief,
    CodeSpace,
    GaussianSpace,
    Maximizer,
    Points,
    Space,
    make_maximizer,
)
from tests.optim.cases import Array, additive, planted, same
from tests.optim.pupil import Pupil

SPACE = CodeSpace(16, 32)
LATENTS = GaussianSpace(6, 64)
both_shares = pytest.mark.parametrize("share", [False, True])
both_spaces = pytest.mark.parametrize("space", [SPACE, LATENTS], ids=["codes", "latents"])


def make(student: Any, space: Space = SPACE, **changes: Any) -> Maximizer:
    arguments: dict[str, Any] = {"seeds": (11, 5, 42), "budget": 120}
    return make_maximizer("twin", space, student=student, **(arguments | changes))


def tell_all(search: Maximizer, respond: Any, **recordings: Any) -> list[Array]:
    """Run to the end, with recordings made of the points; return the points of each generation."""
    generations = []
    while not search.done:
        batch = search.ask()
        generations.append(batch.points)
        told = {name: record(batch.points) for name, record in recordings.items()}
        search.tell(batch, respond(batch.points), told)
    return generations


class Knowing:
    """A student that knows the best point of each neuron."""

    def __init__(self, best: Array) -> None:
        self.best = best

    def __call__(self, brief: Brief) -> Points:
        return np.asarray(np.repeat(self.best[brief.neurons][:, None], brief.count, axis=1))


@both_shares
def test_what_the_student_proposes_is_shown_and_counts(*, share: bool) -> None:
    weights = np.random.default_rng(0).random((3, 16, 32))
    best = weights.argmax(axis=2)
    isolated = [Knowing(best[[neuron]]) for neuron in range(3)]

    def student(brief: Brief) -> Points:
        if share:
            return Knowing(best)(brief)
        own = brief.recordings[RESPONSE][0, 0]
        truth = additive(weights, brief.points[:1])[0]
        return isolated[int(np.argmin(np.abs(truth - own)))](brief)

    search = make(student, share=share)
    tell_all(search, lambda points: additive(weights, points))
    assert np.array_equal(search.result().best_point, best)


@both_shares
def test_each_neuron_is_asked_for_as_many_rounds_as_there_are(*, share: bool) -> None:
    pupil = Pupil()
    tell_all(make(pupil, share=share, rounds=3), planted(SPACE))
    assert len(pupil.briefs) == (3 if share else 9)
    first = pupil.briefs[0]
    assert first.count == 12
    assert first.neurons.tolist() == ([0, 1, 2] if share else [0])
    assert first.starts.shape == (len(first.neurons), 3, 16)


def test_isolated_students_are_told_their_neuron_s_responses_alone() -> None:
    pupil = Pupil()
    respond = planted(SPACE)
    tell_all(make(pupil, rounds=1), respond)
    for neuron, brief in enumerate(pupil.briefs):
        assert brief.recordings[RESPONSE].shape == (len(brief.points), 1)
        assert np.array_equal(brief.recordings[RESPONSE][:, 0], respond(brief.points)[:, neuron])


def test_a_student_of_all_is_told_everything() -> None:
    pupil = Pupil()
    respond = planted(SPACE)
    tell_all(make(pupil, share=True, rounds=2), respond, layer=lambda points: points[:, :5])
    brief = pupil.briefs[-1]
    assert np.array_equal(brief.recordings["layer"], brief.points[:, :5])
    assert np.array_equal(brief.recordings[RESPONSE], respond(brief.points))


def test_responses_that_are_recorded_go_before_what_the_search_is_told() -> None:
    pupil = Pupil()
    respond = planted(SPACE)
    raw = {RESPONSE: lambda points: respond(points) * 3}
    tell_all(make(pupil, share=True, rounds=1), lambda points: respond(points) / 2, **raw)
    brief = pupil.briefs[0]
    assert np.allclose(brief.recordings[RESPONSE], 3 * respond(brief.points))


@both_shares
def test_a_screening_is_told_to_the_student(*, share: bool) -> None:
    pupil, respond = Pupil(), planted(SPACE)
    search = make(pupil, share=share)
    points = SPACE.sample(np.random.default_rng(0), 30)
    search.tell_screening(points, respond(points), {"layer": points})
    while not pupil.briefs:
        batch = search.ask()
        search.tell(batch, respond(batch.points), {"layer": batch.points})
    for brief in pupil.briefs:
        assert (brief.points[:, None] == points[None]).all(axis=2).any(axis=0).all()


def test_what_is_not_measured_is_no_number_to_the_student() -> None:
    pupil, respond = Pupil(), planted(SPACE)

    def patchy(points: Array) -> Array:
        responses = respond(points)
        responses[::3, 0] = np.nan
        return responses

    tell_all(make(pupil, share=True), patchy)
    assert np.isnan(pupil.briefs[-1].recordings[RESPONSE][:, 0]).any()
    assert not np.isnan(pupil.briefs[-1].recordings[RESPONSE][:, 1]).any()


def test_a_saturated_neuron_asks_for_nothing() -> None:
    pupil, respond = Pupil(), planted(SPACE)

    def loud(points: Array) -> Array:
        responses = respond(points)
        responses[:, 1] = 1
        return responses

    search = make(pupil, share=True)
    tell_all(search, loud)
    assert all(1 not in brief.neurons for brief in pupil.briefs)
    assert np.abs(search.result().queries - 120).max() <= 1


@pytest.mark.parametrize("sign", [1, -1])
def test_starts_are_the_best_of_the_sign(sign: int) -> None:
    pupil, respond = Pupil(), planted(SPACE)
    tell_all(make(pupil, share=True, sign=sign), respond)
    brief = pupil.briefs[-1]
    scores = sign * respond(brief.points)
    for neuron in range(3):
        first = sign * respond(brief.starts[neuron, :1])[0, neuron]
        assert first == scores[:, neuron].max()


@both_spaces
def test_proposals_are_brought_into_the_space(space: Space) -> None:
    def student(brief: Brief) -> Points:
        points = np.repeat(brief.starts[:, :1], brief.count, axis=1)
        return points if points.dtype.kind in "iu" else points + np.float32(0.01)

    search = make(student, space, share=True)
    for points in tell_all(search, planted(space)):
        assert space.contains(points).all()


def test_one_neuron_and_two() -> None:
    for count in (1, 2):
        search = make(Pupil(), seeds=range(count), share=True)
        respond = planted(SPACE)
        tell_all(search, lambda points, respond=respond, count=count: respond(points)[:, :count])
        assert search.result().best_response.shape == (count,)


def test_ten_thousand_neurons() -> None:
    count, pupil = 10_000, Pupil()
    space = CodeSpace(4, 8)
    search = make(
        pupil,
        space,
        seeds=range(count),
        budget=20,
        share=True,
        rounds=1,
        proposals=2,
        batch=2,
        memory=200,
    )
    best = np.random.default_rng(0).integers(8, size=(count, 4))
    while not pupil.briefs:
        batch = search.ask()
        responses = np.stack([(row == best).mean(axis=1) for row in batch.points])
        search.tell(batch, responses * 0.9)
    brief = pupil.briefs[0]
    assert brief.starts.shape == (count, 3, 4)
    assert len(brief.points) <= 200


def test_the_same_seeds_give_the_same_search_whatever_the_student_remembers() -> None:
    searches = [make(Pupil(), share=True) for _ in range(2)]
    for search in searches:
        tell_all(search, planted(SPACE))
    assert same(searches[0].result(), searches[1].result())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"student": None}, "no student is given, .* choose another method, say screened"),
        ({"rounds": 0}, "rounds is 0"),
        ({"proposals": 0}, "proposals is 0"),
        ({"memory": 99}, "memory is 99"),
        ({"knows": "all"}, "knows is 'all'; it must be maps, structure, numbers, or left out"),
    ],
)
def test_wrong_arguments(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(**({"student": Pupil()} | changes))
