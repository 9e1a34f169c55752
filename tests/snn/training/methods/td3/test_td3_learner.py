"""One change of TD3 is the one that autograd and the formulas give."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.environments import environment
from spikeatlas.snn.neurons import SURROGATES
from spikeatlas.snn.training import TRAINING_METHODS, Lesson, TrainingSpec
from spikeatlas.snn.training.methods.td3.td3_learner import Td3Learner
from tests.snn.actors import QUICK, architecture, data

pytest.importorskip("gymnasium", reason="environments are Gymnasium's (extra actor)")


def learner(**fields: Any) -> Td3Learner:
    method: Any = TRAINING_METHODS.read({**QUICK, **fields})
    spec = TrainingSpec(epochs=60, surrogate=SURROGATES.read("rectangle"), method=method)
    made = Td3Learner(
        Lesson(architecture(), spec, data(), 3, "s"), method, environment("Pendulum-v1")
    )
    made.plan((0, 60), Path(), first=0)
    return made


def test_a_change_follows_the_formulas() -> None:
    """Adam's first step is lr * sign of the gradient, that of the loss written out here."""
    one = learner(update_after=60, policy_delay=1, batch_size=6, polyak=0.9)
    one.reach(20, lambda: None, lambda: None)
    actor, critics = copy.deepcopy((one._actor, one._critics))
    random = np.random.default_rng([3, 2, 0])
    rows = torch.from_numpy(random.integers(0, 20, 6))
    noise = torch.from_numpy(0.2 * random.standard_normal((6, 1), np.float32)).clamp(-0.5, 0.5)
    memories = one._replay.memories(rows.numpy())
    with torch.no_grad():
        after = (actor.act(memories.next_values) + noise).clamp(-1, 1)
        joined = torch.cat([memories.next_values, after], 1)
        lower = torch.minimum(critics.first(joined)[:, 0], critics.second(joined)[:, 0])
        worth = memories.rewards + 0.99 * lower
    joined = torch.cat([memories.values, memories.actions], 1)
    loss = sum(((net(joined)[:, 0] - worth) ** 2).mean() for net in (critics.first, critics.second))
    gradients = torch.autograd.grad(loss, list(critics.parameters()))
    one._change()
    for before, now, gradient in zip(
        critics.parameters(), one._critics.parameters(), gradients, strict=True
    ):
        large = gradient.abs() > 1e-3
        torch.testing.assert_close(
            (now - before)[large], -1e-3 * gradient[large].sign(), rtol=1e-2, atol=1e-6
        )
    # the actor follows the new critics, and the slow copies go a tenth of the way
    value = -one._critics.first(torch.cat([memories.values, actor.act(memories.values)], 1)).mean()
    slopes = torch.autograd.grad(value, list(actor.parameters()))
    moved = 0
    for before, now, slow, slope in zip(
        actor.parameters(),
        one._actor.parameters(),
        one._slow_actor.parameters(),
        slopes,
        strict=True,
    ):
        large = slope.abs() > 1e-3
        moved += int(large.sum())
        torch.testing.assert_close(
            (now - before)[large], -1e-4 * slope[large].sign(), rtol=1e-2, atol=1e-6
        )
        torch.testing.assert_close(slow, before + 0.1 * (now - before))
    assert moved > 0


def test_the_first_actions_are_drawn_and_later_ones_the_actors() -> None:
    one = learner(start_steps=10, noise=0.0, update_after=60)
    one.reach(12, lambda: None, lambda: None)
    expected = np.random.default_rng([3, 1, 4]).uniform(-1, 1, 1).astype(np.float32)
    actions = one._replay.actions_since(0)
    np.testing.assert_array_equal(actions[4], expected)
    memories = one._replay.memories(np.array([10, 11]))
    with torch.no_grad():
        np.testing.assert_allclose(actions[10:], one._actor.act(memories.values).numpy(), atol=1e-6)


def test_what_follows_in_memory_is_what_was_observed() -> None:
    one = learner(update_after=60)
    one.reach(30, lambda: None, lambda: None)
    memories = one._replay.memories(np.arange(30))
    torch.testing.assert_close(memories.values[1:], memories.next_values[:-1], rtol=0, atol=0)
    assert memories.terminal.sum() == 0
    assert memories.values.abs().max() <= 3
