"""Critics are two, and slow copies follow."""

from __future__ import annotations

import torch

from spikeatlas.snn.training.methods.td3.critics import Critics, follow


def test_two_networks_guess_apart() -> None:
    critics = Critics(3, 1, (8,), seed=0)
    values, actions = torch.randn(5, 3), torch.randn(5, 1)
    first, second = critics(values, actions)
    assert first.shape == second.shape == (5,)
    assert not torch.equal(first, second)
    torch.testing.assert_close(critics.guess(values, actions), first)
    again = Critics(3, 1, (8,), seed=0)
    torch.testing.assert_close(again(values, actions)[1], second)


def test_a_copy_follows_by_a_share_of_the_way() -> None:
    slow, fast = [torch.zeros(2)], [torch.tensor([1.0, -2.0])]
    follow(slow, fast, 0.25)
    assert slow[0].tolist() == [0.25, -0.5]
