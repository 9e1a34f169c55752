"""The counter-based generator Philox4x64-10 (Salmon et al. 2011), compiled: the numbers of numpy's own, sooner."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.compiled import compiled

Words = npt.NDArray[np.uint64]
_ROUNDS = 10
_MULTIPLIERS = (np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157))
_STEPS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B))
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


@compiled
def fill(key: Words, words: Words) -> None:
    """Fill ``words`` (a multiple of 4) with the stream of a key (2,), as ``np.random.Philox(key=key).random_raw`` has it."""
    zero = np.uint64(0)
    for block in range(len(words) // 4):
        one, two, three, four = np.uint64(block + 1), zero, zero, zero
        first, second = key[0], key[1]
        for _ in range(_ROUNDS):
            upper, lower = _product(_MULTIPLIERS[0], one)
            upper_too, lower_too = _product(_MULTIPLIERS[1], three)
            one, three = upper_too ^ two ^ first, upper ^ four ^ second
            two, four = lower_too, lower
            first += _STEPS[0]
            second += _STEPS[1]
        place = 4 * block
        words[place], words[place + 1] = one, two
        words[place + 2], words[place + 3] = three, four


@compiled
def _product(one: Any, other: Any) -> tuple[Any, Any]:
    """Return the upper and the lower 64 bits of a product."""
    low, high = one & _LOW, one >> _HALF
    other_low, other_high = other & _LOW, other >> _HALF
    cross, cross_too = low * other_high, high * other_low
    middle = ((low * other_low) >> _HALF) + (cross & _LOW) + (cross_too & _LOW)
    upper = high * other_high + (cross >> _HALF) + (cross_too >> _HALF) + (middle >> _HALF)
    return upper, one * other
