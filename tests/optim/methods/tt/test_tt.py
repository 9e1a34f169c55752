"""Tensor-train search: what it learns, from whom, and how its modes are ordered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.optim import CodeSpace, make_maximizer
from spikeatlas.optim.methods.tt import TensorTrain, TTOptions
from spikeatlas.optim.methods.tt.cores import log_likelihood
from spikeatlas.optim.types import Problem
from tests.optim.cases import Array, additive, planted, run

SPACE = CodeSpace(16, 32)


def tensor_train(*seeds: int, share: bool = False, **options: Any) -> TensorTrain:
    return TensorTrain(Problem(SPACE, seeds, 100, share), TTOptions(**options))


def test_cores_start_uniform_from_the_neuron_s_own_seed() -> None:
    cores = tensor_train(3, 4)._cores
    assert cores.shape == (2, 80, 2, 5, 5)
    assert cores.dtype == torch.float64
    assert 0 <= cores.min() < 0.01
    assert 0.99 < cores.max() < 1
    assert torch.equal(cores[1], tensor_train(4)._cores[0])


def test_learning_makes_the_elite_likelier() -> None:
    search = tensor_train(3, 4)
    batch = search.ask()
    responses = np.zeros((20, 2))
    elite = [6, 11]  # one row of each neuron
    responses[elite, [0, 1]] = 1
    split = search._modes.split(SPACE.to_indices(batch.points[elite]))
    indices = torch.from_numpy(split).T.unsqueeze(-1)
    before = log_likelihood(search._cores.transpose(0, 1), indices)
    search.tell(batch, responses)
    after = log_likelihood(search._cores.transpose(0, 1), indices)
    assert (after > before + 1).all()


@pytest.mark.parametrize(
    "responses", [np.zeros((20, 2)), np.ones((20, 2)), np.full((20, 2), np.nan)]
)
def test_a_flat_generation_teaches_nothing(responses: Array) -> None:
    search = tensor_train(3, 4)
    before = search._cores.clone()
    search.tell(search.ask(), responses)
    assert torch.equal(search._cores, before)


def test_the_worst_is_no_elite() -> None:
    several, one = tensor_train(3, elites=5), tensor_train(3, elites=1)
    responses = np.zeros((10, 1))
    responses[4] = 1
    for search in (several, one):
        search.tell(search.ask(), responses)
    assert torch.equal(several._cores, one._cores)


def test_only_own_proposals_teach_even_when_sharing() -> None:
    search = tensor_train(3, 4, share=True)
    batch = search.ask()
    before = search._cores.clone()
    responses = np.zeros((20, 2))
    responses[batch.owner == 1, 0] = 1  # neuron 0 likes what neuron 1 proposed
    search.tell(batch, responses)
    assert torch.equal(search._cores, before)
    assert search.result().best_response.tolist() == [1, 0]


def test_a_partly_told_generation_teaches_at_the_next_ask() -> None:
    search = tensor_train(3)
    before = search._cores.clone()
    batch = search.ask()
    part = batch.take(slice(4))
    search.tell(part, np.arange(4.0)[:, None])
    assert torch.equal(search._cores, before)
    search.ask()
    learnt = search._cores.clone()
    assert not torch.equal(learnt, before)
    late = batch.take(slice(4, None))
    search.tell(late, np.full((6, 1), 9.0))
    assert torch.equal(search._cores, learnt)
    assert search.result().best_response == 9


@pytest.mark.parametrize(("name", "quantize"), [("tt", True), ("tt-s", True), ("tt", False)])
def test_beats_random_on_a_planted_objective(name: str, *, quantize: bool) -> None:
    respond = planted(SPACE, 16)
    search = make_maximizer(name, SPACE, seeds=range(16), budget=400, quantize=quantize)
    chance = make_maximizer("random", SPACE, seeds=range(16), budget=400)
    run(search, respond)
    run(chance, respond)
    gain = search.result().best_response - chance.result().best_response
    assert (gain > 0).mean() >= 0.8
    assert gain.mean() > 0.02


def test_finds_the_optimum_of_an_easy_objective() -> None:
    weights = np.zeros((2, 6, 4))
    target = np.array([[0, 1, 2, 3, 0, 1], [3, 3, 3, 0, 0, 2]])
    weights[np.arange(2)[:, None], np.arange(6), target] = 1
    search = make_maximizer("tt", CodeSpace(6, 4), seeds=[1, 2], budget=600)
    run(search, lambda points: additive(weights, points))
    assert np.array_equal(search.result().best_point, target)


def test_what_smaller_modes_have_no_value_for_stays_without_weight() -> None:
    problem = Problem(CodeSpace(4, 12), (3, 4), 100)
    search = TensorTrain(problem, TTOptions(elites=3, lr=0.5))
    weights = np.random.default_rng(0).random((2, 4, 12))
    run(search, lambda points: additive(weights, points))
    assert search._modes.sizes == (2, 2, 3) * 4
    assert (search._cores[:, np.array(search._modes.sizes) == 2, 2] == 0).all()
