"""Gradient-free search for the stimuli that many neurons want most, all at once.

- `CodeSpace`, `GaussianSpace`: the latents that are searched (`space.py`)
- `make_maximizer` and the names it knows (`registry.py`): the way in
- `Maximizer`: the contract, ask and tell (`contract.py`); `Batch`, `Result`: what it gives
- methods, a file each: our own `screened.py` (codes, Gaussian), MANGO's `tt.py`, `ttopt.py`, `ga.py`,
  `sep_cma.py`, `sphere_cma.py`; `random.py` and `pool.py` to be beaten; `baselines.py` of other libraries

Nothing here knows of networks, of files or of orchestration.
"""

from __future__ import annotations

from optim.contract import Maximizer as Maximizer
from optim.registry import (
    can_start,
    make_maximizer,
    method_names,
    minimum_budget,
    option_names,
    uses_pool,
    uses_screening,
)
from optim.space import CodeSpace as CodeSpace
from optim.space import GaussianSpace as GaussianSpace
from optim.space import Space as Space
from optim.values import Batch as Batch
from optim.values import Result as Result

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
