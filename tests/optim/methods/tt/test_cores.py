"""The tensor-train distribution against teneva, finite differences and autograd."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
import teneva
import torch
from torch import Tensor

from spikeatlas.optim.methods.tt.cores import gradient, log_likelihood
from spikeatlas.optim.methods.tt.draws import draw


def cores_of(sizes: tuple[int, int, int, int], *, signed: bool = False, seed: int = 0) -> Tensor:
    """Random cores for (modes, neurons, values, rank)."""
    d, neurons, values, rank = sizes
    generator = torch.Generator().manual_seed(seed)
    shape = (d, neurons, values, rank, rank)
    cores = torch.rand(shape, dtype=torch.float64, generator=generator)
    return cores * 2 - 0.8 if signed else cores


def full(cores: Tensor, neuron: int) -> npt.NDArray[np.float64]:
    """The whole tensor of one neuron, contracted by teneva: the oracle."""
    train = list(cores[:, neuron].transpose(1, 2).numpy())  # each (r, n, r)
    train[0] = train[0][:1]
    train[-1] = train[-1][:, :, :1]
    return np.asarray(teneva.full(train), dtype=np.float64)


def everything(d: int, values: int) -> list[tuple[int, ...]]:
    return list(product(range(values), repeat=d))


def stacked(indices: list[tuple[int, ...]], neurons: int) -> Tensor:
    """The same indices (d, N, k) for all neurons."""
    return torch.tensor(indices).T.unsqueeze(1).expand(-1, neurons, -1)


def drawn_at_random(d: int, neurons: int, values: int, count: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, values, (d, neurons, count), generator=generator)


@pytest.mark.parametrize("sizes", [(5, 2, 3, 4), (6, 2, 2, 1), (1, 1, 4, 3), (2, 3, 2, 5)])
def test_probabilities_are_the_normalised_tensor(sizes: tuple[int, int, int, int]) -> None:
    d, neurons, values, _ = sizes
    cores = cores_of(sizes)
    likely = log_likelihood(cores, stacked(everything(d, values), neurons)).exp()
    for neuron in range(neurons):
        tensor = full(cores, neuron)
        assert np.allclose(likely[neuron], tensor.ravel() / tensor.sum(), rtol=1e-10)


def test_probabilities_sum_to_one_with_signs() -> None:
    likely = log_likelihood(cores_of((5, 2, 3, 4), signed=True), stacked(everything(5, 3), 2)).exp()
    assert torch.allclose(likely.sum(1), torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize("signed", [False, True])
def test_draws_follow_the_distribution(*, signed: bool) -> None:
    d, neurons, values, count = 3, 2, 3, 20_000
    cores = cores_of((d, neurons, values, 4), signed=signed)
    uniforms = torch.from_numpy(np.random.default_rng(5).random((d, neurons, count)))
    flat = np.ravel_multi_index(tuple(draw(cores, uniforms).numpy()), [values] * d)
    expected = count * log_likelihood(cores, stacked(everything(d, values), neurons)).exp().numpy()
    for neuron in range(neurons):
        counts = np.bincount(flat[neuron], minlength=values**d)
        chi_square = ((counts - expected[neuron]) ** 2 / expected[neuron]).sum()
        assert chi_square < 54.1  # 26 degrees of freedom: exceeded by chance once in a thousand


def test_draws_at_the_edges_of_the_uniform_numbers() -> None:
    cores = cores_of((4, 2, 3, 2))
    cores[:, :, 0] = 0  # a value without mass is never drawn, not even by the number zero
    numbers = torch.tensor([0.0, np.nextafter(1, 0)], dtype=torch.float64)
    indices = draw(cores, numbers.expand(4, 2, 2))
    assert (indices[..., 0] == 1).all()
    assert (indices[..., 1] == 2).all()


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("sizes", [(7, 3, 3, 4), (12, 1, 2, 5), (2, 2, 8, 1), (1, 2, 3, 2)])
def test_gradient_equals_autograd(sizes: tuple[int, int, int, int], *, signed: bool) -> None:
    d, neurons, values, _ = sizes
    cores = cores_of(sizes, signed=signed).requires_grad_()
    indices = drawn_at_random(d, neurons, values, 4)
    weights = torch.rand(neurons, 4, dtype=torch.float64)
    (log_likelihood(cores, indices) * weights).sum().backward()
    assert cores.grad is not None
    result = gradient(cores.detach(), indices, weights)
    torch.testing.assert_close(result, cores.grad, rtol=1e-9, atol=1e-9)


def test_gradient_equals_finite_differences() -> None:
    cores = cores_of((4, 2, 2, 3), signed=True)
    indices = drawn_at_random(4, 2, 2, 2)
    weights = torch.tensor([[0.5, 0.5], [1.0, 0.0]], dtype=torch.float64)
    result = gradient(cores, indices, weights)
    step = 1e-6
    for place in product(*map(range, cores.shape)):
        nudge = torch.zeros_like(cores)
        nudge[place] = step
        high, low = (log_likelihood(cores + way * nudge, indices) for way in (1, -1))
        slope = ((high - low) * weights).sum() / (2 * step)
        assert abs(slope - result[place]) < 1e-6


def test_one_step_uphill_raises_the_likelihood() -> None:
    cores = cores_of((30, 2, 2, 5))
    indices = drawn_at_random(30, 2, 2, 1)
    weights = torch.ones(2, 1, dtype=torch.float64)
    moved = cores + 1e-3 * gradient(cores, indices, weights)
    assert (log_likelihood(moved, indices) > log_likelihood(cores, indices)).all()


def test_many_modes_neither_overflow_nor_vanish() -> None:
    cores = 100 * cores_of((768, 1, 2, 5))
    indices = draw(cores, torch.rand(768, 1, 10, dtype=torch.float64))
    assert torch.isfinite(log_likelihood(cores, indices)).all()
    weights = torch.full((1, 10), 0.1, dtype=torch.float64)
    assert torch.isfinite(gradient(cores, indices, weights)).all()


def test_a_dead_tensor_breaks_nothing() -> None:
    cores = torch.zeros(5, 1, 2, 3, 3, dtype=torch.float64)
    indices = draw(cores, torch.rand(5, 1, 4, dtype=torch.float64))
    assert ((indices >= 0) & (indices < 2)).all()
    assert torch.isfinite(gradient(cores, indices, torch.ones(1, 4, dtype=torch.float64))).all()
