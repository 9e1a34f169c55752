"""Random numbers that a module draws by itself: from the global generators of Python, numpy and torch."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

# the generators belong to the whole process: those who seed them take turns
_TURN = threading.RLock()


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Seed the global generators with ``seed`` (>= 0), and put them back at the end. None: leave them be."""
    if seed is None:
        yield
        return
    with _TURN:
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        # none where no GPU is in use
        of_devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
        try:
            random.seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002 - what a user's module draws from
            torch.manual_seed(seed % 2**63)
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
            torch.set_rng_state(states[2])
            if of_devices:
                torch.cuda.set_rng_state_all(of_devices)
