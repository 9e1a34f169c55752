"""The compiled loop against the plain one: the same indices of the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.optim.methods.tt.draws import draw
from tests.optim.methods.tt.test_cores import cores_of


def plainly(cores: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """Mode by mode, as tensor operations."""
    d, neurons, _, rank, _ = cores.shape
    suffixes = torch.zeros(d, neurons, rank, dtype=torch.float64)
    suffixes[-1, :, 0] = 1
    for mode in range(d - 1, 0, -1):
        carried = torch.einsum("nvrc,nc->nr", cores[mode], suffixes[mode])
        suffixes[mode - 1] = carried / carried.abs().amax(1, keepdim=True)
    prefix = torch.zeros(neurons, uniforms.shape[2], rank, dtype=torch.float64)
    prefix[..., 0] = 1
    indices = []
    for mode in range(d):
        shares = (
            torch.einsum("nkr,nvrc,nc->nkv", prefix, cores[mode], suffixes[mode]).abs().cumsum(-1)
        )
        index = (shares[..., :-1] <= uniforms[mode, :, :, None] * shares[..., -1:]).sum(-1)
        indices.append(index)
        chosen = cores[mode][torch.arange(neurons)[:, None], index]
        prefix = torch.einsum("nkr,nkrc->nkc", prefix, chosen)
        prefix = prefix / prefix.abs().amax(-1, keepdim=True)
    return torch.stack(indices)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("sizes", [(80, 4, 2, 5), (7, 3, 3, 4), (1, 2, 5, 3), (12, 1, 2, 1)])
def test_draws_are_those_of_the_plain_loop(
    sizes: tuple[int, int, int, int], *, signed: bool
) -> None:
    cores = cores_of(sizes, signed=signed)
    uniforms = torch.from_numpy(np.random.default_rng(3).random((*sizes[:2], 50)))
    expected = plainly(cores, uniforms)
    assert torch.equal(draw(cores, uniforms), expected)
    neurons_first = cores.transpose(0, 1).contiguous()
    assert torch.equal(draw(neurons_first.transpose(0, 1), uniforms), expected)
