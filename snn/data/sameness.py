"""Splits that show nothing: the same picture again and again, one colour all over, or nearly black.

Images are looked at in order, until one is otherwise: of an ordinary data set, few.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.data.dataset import Split

_PART = 256
_DARK = 32


def require_pictures(name: str, split: Split) -> None:
    """Raise ValueError for a split of several images that are all the same."""
    if len(split) > 1 and all((part == split.images[0]).all() for part in _parts(split)):
        raise ValueError(
            f"data: all {len(split)} {name} images are the same picture: nothing can be learnt or told of them; look at "
            "the files, and at what wrote them."
        )


def plain_notes(name: str, split: Split) -> list[str]:
    """Say so where all images of a split are of one colour each."""
    if not len(split) or not all((part == part[..., :1, :1]).all() for part in _parts(split)):
        return []
    return [f"of one colour all over: each of the {len(split)} {name} images"]


def dark_notes(split: Split) -> list[str]:
    """Say so where no value of the training images is an eighth of the range: files of fewer levels than 256 look so."""
    if any(int(part.max()) >= _DARK for part in _parts(split)):
        return []
    brightest = max((int(part.max()) for part in _parts(split)), default=0)
    return [f"nearly black: the brightest value of all train images is {brightest} of 255"]


def _parts(split: Split) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield the images a few at a time."""
    for start in range(0, len(split), _PART):
        yield split.images[start : start + _PART]
