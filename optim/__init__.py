"""Gradient-free search for the stimuli that many neurons want most, all at once.

- `make_maximizer` and the names it knows (`registry.py`): the way in
- `Maximizer`, `Method` (`base.py`): the contract, ask and tell, of every method, a user's own included
- `Problem`, `Options`, `Batch`, `Result` (`types.py`): the values that go in and out; `ledger.py` does the books
- `spaces/`: the latents that are searched, `CodeSpace` and `GaussianSpace`, with its norm constraint
- `methods/`: a file (or a folder) each, one table: our own `screened`, MANGO's `tt` and `ttopt`, `ga`, `sep_cma`,
  `sphere_cma`; `random` and `pool` to be beaten; `diagonal_cma` and `nevergrad` of other libraries

Nothing here knows of networks, of files or of orchestration.
"""

from __future__ import annotations

from spikeatlas.optim.base import Maximizer, Method, in_turn
from spikeatlas.optim.registry import (
    MethodLike,
    can_start,
    make_maximizer,
    method_names,
    minimum_budget,
    option_names,
    uses_pool,
    uses_screening,
)
from spikeatlas.optim.spaces import (
    CodeSpace,
    GaussianSpace,
    Indices,
    NormConstraint,
    NormKind,
    Points,
    Space,
    norm_quantile,
)
from spikeatlas.optim.types import (
    Batch,
    Options,
    Problem,
    Result,
    Scores,
    State,
    packed,
    unpacked,
)

__all__ = [
    "Batch",
    "CodeSpace",
    "GaussianSpace",
    "Indices",
    "Maximizer",
    "Method",
    "MethodLike",
    "NormConstraint",
    "NormKind",
    "Options",
    "Points",
    "Problem",
    "Result",
    "Scores",
    "Space",
    "State",
    "can_start",
    "in_turn",
    "make_maximizer",
    "method_names",
    "minimum_budget",
    "norm_quantile",
    "option_names",
    "packed",
    "unpacked",
    "uses_pool",
    "uses_screening",
]
