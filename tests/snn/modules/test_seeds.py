from __future__ import annotations

import random

import numpy as np
import torch

from spikeatlas.snn.modules.seeds import seeded


def draw() -> tuple[float, float, float]:
    return random.random(), np.random.rand(), float(torch.rand(()))  # noqa: NPY002


def test_seeded_draws_repeat_and_leave_the_generators_as_they_were() -> None:
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    expected = [draw(), draw()]
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    before = draw()
    with seeded(2**63 + 5):
        first = draw()
    with seeded(2**63 + 5), seeded(None):
        assert draw() == first
    with seeded(7):
        assert draw() != first
    assert [before, draw()] == expected
