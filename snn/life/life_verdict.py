"""The verdict on a unit: live, or silent on images and then dead, dormant or undriven; or cut out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

VERDICTS = ("unasked", "live", "dormant", "undriven", "dead", "cut")
"""In the order of their numbers in the atlas.

``live``: natural images drive it. ``dormant``: none does, but a search found a stimulus that drives it. ``undriven``: no search
found one, which is no proof that there is none. ``dead``: certified, no image can drive it. ``cut``: training has cut it out.
"""
UNASKED, LIVE, DORMANT, UNDRIVEN, DEAD, CUT = range(len(VERDICTS))


class Evidence(NamedTuple):
    """All that a verdict on a layer's units rests on, (units,) each."""

    cut: NDArray[np.bool_]
    natural: NDArray[np.floating]
    """Largest response, by its size, to natural images."""
    bound: NDArray[np.floating]
    """Certified bound of the size of all responses; infinite where there is none."""
    stimulus: NDArray[np.floating]
    """Largest response, by its size, to the stimuli of a search; NaN where there was none."""


def verdicts(evidence: Evidence) -> NDArray[np.uint8]:
    """Return the verdict (units,) on each unit, as a place among ``VERDICTS``."""
    natural, driven = evidence.natural > 0, np.nan_to_num(evidence.stimulus) > 0
    return np.select(
        [evidence.cut, natural, evidence.bound == 0, driven],
        [CUT, LIVE, DEAD, DORMANT],
        UNDRIVEN,
    ).astype(np.uint8)
