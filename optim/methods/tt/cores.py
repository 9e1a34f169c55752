"""A probability over multi-indices in tensor-train form: likelihood and its gradient; ``draws`` draws from it.

The model of PROTES (Batsheva et al., NeurIPS 2023, arXiv 2301.12162), for N neurons at once. With
prefixes q, suffixes z and cores G, mode j takes value i with probability

    p_j(i) = |a_j(i)| / sum_i |a_j(i)|,   a_j(i) = q_{j-1} G_j[i] z_j,
    q_j = q_{j-1} G_j[i_j],   z_{j-1} = S_j z_j,   S_j = sum_i G_j[i],

which is the tensor itself, normalised, where all cores are non-negative. Scaling q or z changes no
probability, so both are divided by their largest entry, and derivatives ignore that divisor.

Shapes: cores (d, N, n, r, r) for d modes of n values and rank r; the boundary vectors are the unit
vector e_0, so that all cores have one shape. Indices (d, N, k) int64. Numbers are float64.
"""

from __future__ import annotations

import torch
from torch import Tensor

_TINY = torch.finfo(torch.float64).tiny


def log_likelihood(cores: Tensor, indices: Tensor) -> Tensor:
    """Return the log-probabilities (N, k) of `indices` (d, N, k)."""
    prefix, suffix, _, _ = _vectors(cores, indices)
    masses = (prefix @ _masses(cores, suffix).mT).abs()
    mass = masses.gather(-1, indices.unsqueeze(-1)).squeeze(-1)
    return (mass / masses.sum(-1)).log().sum(0)


def gradient(cores: Tensor, indices: Tensor, weights: Tensor) -> Tensor:
    """Return the gradient, shaped like `cores`, of the sum of log-likelihoods times `weights` (N, k)."""
    values, rank = cores.shape[2:4]
    prefix, suffix, chain, divisors = _vectors(cores, indices)
    masses = _masses(cores, suffix)
    slopes = _slopes(prefix @ masses.mT, indices) * weights.unsqueeze(-1)
    by_mass = slopes.mT @ prefix  # (d, N, n, r): the derivative by G_j[i] z_j through a_j(i)
    by_suffix = by_mass.flatten(2).unsqueeze(2) @ cores.flatten(2, 3)
    sources = torch.cat([slopes @ masses, by_suffix.flip(0)], dim=2)
    products = _carry_back(chain, divisors, sources.flatten(1, 2)).view_as(sources)
    by_prefix_product, by_suffix_product = products[:, :, :-1], products[:, :, -1:].flip(0)
    result = (by_mass + by_suffix_product).unsqueeze(-1) * suffix.unsqueeze(-2)
    # only the slices of `indices` feed q
    along = prefix.unsqueeze(-1) * by_prefix_product.unsqueeze(-2)
    result.view(-1, rank, rank).index_add_(0, _rows(indices, values), along.flatten(0, 2))
    return result


def _slopes(amplitudes: Tensor, indices: Tensor) -> Tensor:
    """Differentiate log p_j(i_j) by a_j(i), (d, N, k, n)."""
    # an amplitude of exactly zero is never drawn: it teaches nothing, instead of infinity
    inverse = torch.where(amplitudes == 0, 0, 1 / amplitudes)
    hit = torch.zeros_like(amplitudes).scatter_(-1, indices.unsqueeze(-1), 1)
    total = amplitudes.abs().sum(-1, keepdim=True).clamp_min(_TINY)
    return hit * inverse - amplitudes.sign() / total


def _vectors(cores: Tensor, indices: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return prefixes (d, N, k, r) along indices, suffixes (d, N, 1, r), both chains, divisors.

    The suffixes' chain runs backwards beside the prefixes', so one sweep does both.
    """
    _, neurons, values, _, _ = cores.shape
    slices = cores.flatten(0, 2)[_rows(indices, values)].view(*indices.shape, *cores.shape[-2:])
    chain = torch.cat([slices.mT, cores.sum(2, keepdim=True).flip(0)], dim=2).flatten(1, 2)
    vectors, divisors = _carry(chain)
    both = vectors.view(len(chain), neurons, -1, chain.shape[-1])
    return both[:, :, :-1], both[:, :, -1:].flip(0), chain, divisors


def _carry(chain: Tensor) -> tuple[Tensor, Tensor]:
    """Carry e_0 through matrices (d, b, r, r): the vectors before each (d, b, r), the divisors."""
    vector = _unit(*chain.shape[1:3])
    vectors, divisors = [], []
    for matrix in chain:
        vectors.append(vector)
        vector = torch.bmm(matrix, vector)
        divisors.append(_largest(vector))
        vector = vector / divisors[-1]
    return torch.stack(vectors).squeeze(-1), torch.stack(divisors)


def _carry_back(chain: Tensor, divisors: Tensor, sources: Tensor) -> Tensor:
    """Turn derivatives by the vectors, `sources` (d, b, r), into those by the chain's products."""
    back = (chain / divisors).mT
    derivative = torch.zeros_like(sources[0]).unsqueeze(-1)
    derivatives = []
    steps = zip(back.unbind(), sources.unsqueeze(-1).unbind(), strict=True)
    for matrix, source in reversed(list(steps)):
        derivatives.append(derivative)
        derivative = torch.baddbmm(source, matrix, derivative)
    return torch.stack(derivatives[::-1]).squeeze(-1) / divisors.squeeze(-1)


def _masses(cores: Tensor, suffix: Tensor) -> Tensor:
    """Return G_j[i] z_j for all modes and values, (d, N, n, r)."""
    return (cores.flatten(2, 3) @ suffix.mT).view(cores.shape[:-1])


def _rows(indices: Tensor, values: int) -> Tensor:
    """Return the row numbers of the slices of `indices` in cores with the first three axes flattened."""
    slices = torch.arange(indices.shape[0] * indices.shape[1]).view(*indices.shape[:2], 1)
    return (values * slices + indices).flatten()


def _unit(count: int, rank: int) -> Tensor:
    unit = torch.zeros(count, rank, 1, dtype=torch.float64)
    unit[:, 0] = 1
    return unit


def _largest(vectors: Tensor) -> Tensor:
    return vectors.abs().amax(1, keepdim=True).clamp_min(_TINY)
