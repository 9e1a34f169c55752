"""Adam against torch's."""

from __future__ import annotations

import torch

from spikeatlas.optim.methods.tt.adam import Adam


def test_equals_torch() -> None:
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(2, 3, 4, dtype=torch.float64, generator=generator)
    adam = Adam(start.clone(), 0.05)
    parameter = torch.nn.Parameter(start.clone())
    oracle = torch.optim.Adam([parameter], lr=0.05, maximize=True)
    for _ in range(20):
        gradient = torch.randn(2, 3, 4, dtype=torch.float64, generator=generator)
        parameter.grad = gradient.clone()
        oracle.step()
        adam.climb(0, gradient[0])
        adam.climb(1, gradient[1])
        torch.testing.assert_close(adam.values, parameter.detach(), rtol=1e-12, atol=1e-12)


def test_a_problem_without_news_stands_still_and_counts_no_step() -> None:
    gradient = torch.ones(3, dtype=torch.float64)
    one, both = (Adam(torch.zeros(2, 3, dtype=torch.float64), 0.1) for _ in range(2))
    for _ in range(3):
        one.climb(1, gradient)
        both.climb(0, gradient)
        both.climb(1, gradient)
    assert one.steps.tolist() == [0, 3]
    assert torch.equal(one.values[1], both.values[1])
    assert not one.values[0].any()


def test_state_round_trip() -> None:
    gradient = torch.arange(3, dtype=torch.float64)
    adam, other = (Adam(torch.zeros(1, 3, dtype=torch.float64), 0.1) for _ in range(2))
    adam.climb(0, gradient)
    state = adam.state_dict()
    other.load_state_dict(state)
    adam.climb(0, -gradient)
    other.climb(0, -gradient)
    assert torch.equal(adam.values, other.values)
    assert state["steps"].tolist() == [1]
