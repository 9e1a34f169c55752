"""Pictures come out of the page as they went in."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from spikeatlas.tasks.report.explorer.sprites import decode, sheets, tiles_per_sheet

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("n", [1, 7, 2000])
def test_stimuli_stay_exact(channels: int, n: int) -> None:
    images = RNG.integers(0, 256, (n, channels, 28, 28)).astype(np.uint8)
    step = tiles_per_sheet(28, 28)
    decoded = [
        decode(base64.b64decode(sheet), min(step, n - at * step), channels, 28, 28)
        for at, sheet in enumerate(sheets(images))
    ]
    assert np.array_equal(np.concatenate(decoded), images)
    assert len(decoded) == -(-n // step)
