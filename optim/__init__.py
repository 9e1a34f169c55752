"""Gradient-free search for the stimuli that many neurons want most, all at once.

- `CodeSpace`, `GaussianSpace`: the latents that are searched (`space.py`)
- `make_maximizer` and the names it knows (`registry.py`): the way in
- `Maximizer`: the contract, ask and tell (`contract.py`); `Batch`, `Result`: what it gives
- methods, a file each: our own `screened.py` (codes, Gaussian), MANGO's `tt.py`, `ttopt.py`, `ga.py`,
  `sep_cma.py`, `sphere_cma.py`; `random.py` and `pool.py` to be beaten; `baselines.py` of other libraries

Nothing here knows of networks, of files or of orchestration.
"""

from __future__ import annotations

from spikeatlas.optim.base import Maximizer as Maximizer
from spikeatlas.optim.registry import (
    can_start,
    make_maximizer,
    method_names,
    minimum_budget,
    option_names,
    uses_pool,
    uses_screening,
)
from spikeatlas.optim.spaces.space import CodeSpace as CodeSpace
from spikeatlas.optim.spaces.space import GaussianSpace as GaussianSpace
from spikeatlas.optim.spaces.space import Space as Space
from spikeatlas.optim.types import Batch as Batch
from spikeatlas.optim.types import Result as Result

__all__ = [
    "Batch",
    "CodeSpace",
    "GaussianSpace",
    "Maximizer",
    "Result",
    "Space",
    "can_start",
    "make_maximizer",
    "method_names",
    "minimum_budget",
    "option_names",
    "uses_pool",
    "uses_screening",
]
