"""The twin: a screened search with a student of the subject, which proposes points of its own."""

from __future__ import annotations

from spikeatlas.optim.methods.twin.twin import Knowledge, TwinOptions, TwinSearch

__all__ = ["Knowledge", "TwinOptions", "TwinSearch"]
