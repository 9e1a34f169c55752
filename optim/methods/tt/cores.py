"""A probability over multi-indices in tensor-train form: draws, likelihood and its gradient.

The model of PROTES (Batsheva et al., NeurIPS 2023, arXiv 2301.12162), for N neurons at once. With
left vectors q, right vectors z and cores G, mode j takes value i with probability

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


def draw(cores: Tensor, uniforms: Tensor) -> Tensor:
    """Draw indices (d, N, k) by ancestral sampling, from uniform numbers (d, N, k) in [0, 1)."""
    _, neurons, values, rank, _ = cores.shape
    count = uniforms.shape[-1]
    masses = _masses(cores, _right(cores)).mT.contiguous()
    offsets = values * torch.arange(neurons).unsqueeze(-1)
    left = _unit(neurons * count, rank)
    drawn = []
    for core, mass, uniform in zip(cores.flatten(1, 2), masses, uniforms, strict=True):
        summed = torch.bmm(left.view(neurons, count, rank), mass).abs_().cumsum(-1)
        index = (summed[..., :-1] <= uniform.unsqueeze(-1) * summed[..., -1:]).sum(-1)
        drawn.append(index)
        left = torch.bmm(left.mT, core.index_select(0, (index + offsets).view(-1))).mT
        left = left / _largest(left)
    return torch.stack(drawn)


def log_likelihood(cores: Tensor, indices: Tensor) -> Tensor:
    """Log-probabilities (N, k) of `indices` (d, N, k)."""
    left, right, _, _ = _vectors(cores, indices)
    mass = (left @ _masses(cores, right).mT).abs()
    chosen = mass.gather(-1, indices.unsqueeze(-1)).squeeze(-1)
    return (chosen / mass.sum(-1)).log().sum(0)


def gradient(cores: Tensor, indices: Tensor, weights: Tensor) -> Tensor:
    """Gradient, shaped like `cores`, of the sum of log-likelihoods times `weights` (N, k)."""
    values, rank = cores.shape[2:4]
    left, right, chain, divisors = _vectors(cores, indices)
    masses = _masses(cores, right)
    slopes = _slopes(left @ masses.mT, indices) * weights.unsqueeze(-1)
    pulled = slopes.mT @ left  # (d, N, n, r): what a_j(i) sends to G_j[i] z_j
    to_right = pulled.flatten(2).unsqueeze(2) @ cores.flatten(2, 3)
    sources = torch.cat([slopes @ masses, to_right.flip(0)], dim=2)
    returned = _carry_back(chain, divisors, sources.flatten(1, 2)).view_as(sources)
    from_left, from_right = returned[:, :, :-1], returned[:, :, -1:].flip(0)
    result = (pulled + from_right).unsqueeze(-1) * right.unsqueeze(-2)
    along = left.unsqueeze(-1) * from_left.unsqueeze(-2)  # only the chosen slices feed q
    result.view(-1, rank, rank).index_add_(0, _rows(indices, values), along.flatten(0, 2))
    return result


def _slopes(amplitudes: Tensor, indices: Tensor) -> Tensor:
    """Differentiate log p_j(i_j) by a_j(i), (d, N, k, n)."""
    # an amplitude of exactly zero was not drawn: it teaches nothing, instead of infinity
    inverse = torch.where(amplitudes == 0, 0, 1 / amplitudes)
    hit = torch.zeros_like(amplitudes).scatter_(-1, indices.unsqueeze(-1), 1)
    total = amplitudes.abs().sum(-1, keepdim=True).clamp_min(_TINY)
    return hit * inverse - amplitudes.sign() / total


def _vectors(cores: Tensor, indices: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Left vectors (d, N, k, r) along indices, right vectors (d, N, 1, r), both chains, divisors.

    The right chain runs backwards beside the left ones, so one sweep does both.
    """
    _, neurons, values, _, _ = cores.shape
    chosen = cores.flatten(0, 2)[_rows(indices, values)].view(*indices.shape, *cores.shape[-2:])
    chain = torch.cat([chosen.mT, cores.sum(2, keepdim=True).flip(0)], dim=2).flatten(1, 2)
    carried, divisors = _carry(chain)
    both = carried.view(len(chain), neurons, -1, chain.shape[-1])
    return both[:, :, :-1], both[:, :, -1:].flip(0), chain, divisors


def _right(cores: Tensor) -> Tensor:
    carried, _ = _carry(cores.sum(2).flip(0))
    return carried.flip(0).unsqueeze(2)


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


def _masses(cores: Tensor, right: Tensor) -> Tensor:
    """G_j[i] z_j for all modes and values, (d, N, n, r)."""
    return (cores.flatten(2, 3) @ right.mT).view(cores.shape[:-1])


def _rows(indices: Tensor, values: int) -> Tensor:
    """Row numbers of the slices `indices` choose, in cores with the first three axes flattened."""
    slices = torch.arange(indices.shape[0] * indices.shape[1]).view(*indices.shape[:2], 1)
    return (values * slices + indices).flatten()


def _unit(count: int, rank: int) -> Tensor:
    unit = torch.zeros(count, rank, 1, dtype=torch.float64)
    unit[:, 0] = 1
    return unit


def _largest(vectors: Tensor) -> Tensor:
    return vectors.abs().amax(1, keepdim=True).clamp_min(_TINY)
