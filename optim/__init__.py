"""Gradient-free search for the stimuli that many neurons want most, all at once.

- `make_maximizer` and the names it knows (`registry.py`): the way in
- `Maximizer`, `Method` (`base.py`): the contract, ask and tell, of every method, a user's own included
- `Problem`, `Options`, `Batch`, `Result` (`types.py`): the values that go in and out; `ledger.py` does the books
- `spaces/`: the latents that are searched, `CodeSpace` and `GaussianSpace`, with its norm constraint
- `student.py`: the contract of models that learn from recordings and propose points, for the method `twin`
- `methods/`: a file (or a folder) each, one table: our own `screened` and `twin`, MANGO's `tt` and `ttopt`, `ga`, `sep_cma`,
  `sphere_cma`; `random` and `pool` to be beaten; `pycma` and `nevergrad` of other libraries

Nothing here knows of networks, of files or of orchestration.
"""

from __future__ import annotations

from spikeatlas.optim.base import Maximizer, Method, in_turn
from spikeatlas.optim.methods.screened import draw_textures
from spikeatlas.optim.methods.twin import Knowledge
from spikeatlas.optim.registry import (
    MethodLike,
    can_start,
    make_maximizer,
    method_names,
    minimum_budget,
    option_names,
    uses_pool,
    uses_screening,
    uses_student,
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
from spikeatlas.optim.student import RESPONSE, Brief, Recordings, Student
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
    "RESPONSE",
    "Batch",
    "Brief",
    "CodeSpace",
    "GaussianSpace",
    "Indices",
    "Knowledge",
    "Maximizer",
    "Method",
    "MethodLike",
    "NormConstraint",
    "NormKind",
    "Options",
    "Points",
    "Problem",
    "Recordings",
    "Result",
    "Scores",
    "Space",
    "State",
    "Student",
    "can_start",
    "draw_textures",
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
    "uses_student",
]
