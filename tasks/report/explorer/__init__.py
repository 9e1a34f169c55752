"""The explorer: one page to walk through every neuron of an atlas, without a server or a network."""

from __future__ import annotations

from spikeatlas.tasks.report.explorer.assembly import render_explorer

__all__ = ["render_explorer"]
