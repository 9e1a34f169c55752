"""The modes of a tensor train: how the axes of a grid are spread over them."""

from __future__ import annotations

import numpy as np
import pytest
import teneva

from spikeatlas.optim import CodeSpace, GaussianSpace
from spikeatlas.optim.methods.tt.quantization import modes_of


def test_bits_are_position_major_with_the_least_significant_first() -> None:
    modes = modes_of(CodeSpace(3, 8), quantize=True)
    codes = np.array([[1, 4, 6]])
    bits = np.array([[1, 0, 0, 0, 0, 1, 0, 1, 1]])
    assert (modes.count, modes.size) == (9, 2)
    assert np.array_equal(modes.split(codes), bits)
    assert np.array_equal(modes.join(bits), codes)


def test_without_quantising_an_axis_is_a_mode() -> None:
    modes = modes_of(CodeSpace(3, 20), quantize=False)
    codes = np.array([[1, 19, 6]])
    assert (modes.count, modes.size) == (3, 20)
    assert np.array_equal(modes.split(codes), codes)
    assert np.array_equal(modes.join(codes), codes)


def test_levels_that_are_no_power_of_two_go_by_their_prime_factors() -> None:
    modes = modes_of(CodeSpace(2, 20), quantize=True)
    codes = np.array([[19, 7], [0, 20 - 2]])
    assert modes.sizes == (2, 2, 5, 2, 2, 5)
    assert np.array_equal(modes.split(codes), [[1, 1, 4, 1, 1, 1], [0, 0, 0, 0, 1, 4]])
    assert np.array_equal(modes.join(modes.split(codes)), codes)


@pytest.mark.parametrize("levels", [2, 3, 20, 64, 509, 1000])
def test_every_level_has_one_row_of_values(levels: int) -> None:
    modes = modes_of(CodeSpace(1, levels), quantize=True)
    rows = np.stack(np.unravel_index(np.arange(levels), modes.sizes), axis=1)
    assert np.prod(modes.sizes) == levels
    assert np.array_equal(np.sort(modes.join(rows)[:, 0]), np.arange(levels))


@pytest.mark.parametrize("levels", [2, 8, 512])
def test_bits_are_teneva_s(levels: int) -> None:
    bits = levels.bit_length() - 1
    codes = np.random.default_rng(0).integers(levels, size=(7, 5))
    split = modes_of(CodeSpace(5, levels), quantize=True).split(codes)
    assert np.array_equal(split, teneva.ind_tt_to_qtt(codes, levels))
    assert np.array_equal(codes, teneva.ind_qtt_to_tt(split, bits))


@pytest.mark.parametrize("quantize", [True, False])
def test_a_space_without_levels_has_no_modes(quantize: bool) -> None:
    with pytest.raises(ValueError, match="levels is None"):
        modes_of(GaussianSpace(3, None), quantize=quantize)
