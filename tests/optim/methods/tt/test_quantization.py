"""The modes of a tensor train: how the axes of a grid are spread over them."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_spaces_that_have_no_such_modes() -> None:
    with pytest.raises(ValueError, match=r"codes\) is 20, no power of two"):
        modes_of(CodeSpace(3, 20), quantize=True)
    for quantize in (False, True):
        with pytest.raises(ValueError, match="levels is None"):
            modes_of(GaussianSpace(3, None), quantize=quantize)
