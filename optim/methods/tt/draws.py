"""Draws from tensor trains by ancestral sampling, in one compiled loop for all neurons.

Each mode is drawn given those before it (see ``cores``). As tensor operations, each of the many modes took eight of
them on small arrays, and four fifths of a draw's time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor

_TINY = float(np.finfo(np.float64).tiny)


def draw(cores: Tensor, uniforms: Tensor) -> Tensor:
    """Draw indices (d, N, k), int64, from uniform numbers (d, N, k) in [0, 1); cores (d, N, n, r, r), of any strides."""
    indices = torch.empty(uniforms.shape, dtype=torch.int64)
    _draw(cores.numpy(), uniforms.numpy(), indices.numpy())
    return indices


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop at its first call; the machine code is kept where there is a place for it."""
    loop: Callable[..., Any]
    try:
        loop = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:
        loop = numba.njit(nogil=True)(function)
    return loop


@_compiled
def _weigh(cores: Any, masses: Any, suffix: Any, carry: Any) -> None:
    """Weigh each mode's values with all that comes after them: masses (d, n, r) of one neuron's cores."""
    modes, values, rank, _ = cores.shape
    suffix[:] = 0.0
    suffix[0] = 1.0
    for mode in range(modes - 1, -1, -1):
        carry[:] = 0.0
        for value in range(values):
            for row in range(rank):
                mass = 0.0
                for column in range(rank):
                    mass += cores[mode, value, row, column] * suffix[column]
                masses[mode, value, row] = mass
                carry[row] += mass
        suffix[:] = carry / max(np.abs(carry).max(), _TINY)


@_compiled
def _share_out(masses: Any, prefix: Any, shares: Any) -> None:
    """Cumulate what the values (n,) of a mode weigh after a prefix (r,)."""
    total = 0.0
    for value in range(len(shares)):
        share = 0.0
        for row in range(len(prefix)):
            share += prefix[row] * masses[value, row]
        total += abs(share)
        shares[value] = total


@_compiled
def _pick(shares: Any, uniform: Any) -> Any:
    """Return the value of a uniform number among cumulated shares (n,)."""
    value, bound = 0, uniform * shares[-1]
    for share in shares[:-1]:
        value += share <= bound
    return value


@_compiled
def _go_on(core: Any, prefix: Any, carry: Any) -> None:
    """Carry a prefix (r,) through the matrix of the value that was drawn."""
    carry[:] = 0.0
    for row in range(len(prefix)):
        for column in range(len(prefix)):
            carry[column] += prefix[row] * core[row, column]
    prefix[:] = carry / max(np.abs(carry).max(), _TINY)


@_compiled
def _draw(cores: Any, uniforms: Any, indices: Any) -> None:
    modes, neurons, values, rank, _ = cores.shape
    masses, shares = np.empty((modes, values, rank)), np.empty(values)
    prefix, carry = np.empty(rank), np.empty(rank)
    for neuron in range(neurons):
        _weigh(cores[:, neuron], masses, prefix, carry)
        for sample in range(indices.shape[2]):
            prefix[:] = 0.0
            prefix[0] = 1.0
            for mode in range(modes):
                _share_out(masses[mode], prefix, shares)
                index = _pick(shares, uniforms[mode, neuron, sample])
                indices[mode, neuron, sample] = index
                _go_on(cores[mode, neuron, index], prefix, carry)
