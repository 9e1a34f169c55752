"""A user's own function: made by its factory, tried, called, and its answers checked."""

from __future__ import annotations

from spikeatlas.snn.subjects.functions.function_answers import checked_answers
from spikeatlas.snn.subjects.functions.function_factory import make_function
from spikeatlas.snn.subjects.functions.function_respond import (
    Function,
    FunctionRespond,
    FunctionSite,
    turns,
)
from spikeatlas.snn.subjects.functions.function_trial import trial_problem

__all__ = [
    "Function",
    "FunctionRespond",
    "FunctionSite",
    "checked_answers",
    "make_function",
    "trial_problem",
    "turns",
]
