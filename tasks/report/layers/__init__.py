"""The layers of an atlas as the pages show them: with the best of their searches, or without any."""

from __future__ import annotations

from spikeatlas.tasks.report.layers.diverse_stimuli import Diverse, diverse_at
from spikeatlas.tasks.report.layers.layer_summary import LayerSummary, LeastExciting
from spikeatlas.tasks.report.layers.mute_layers import mute_sentences
from spikeatlas.tasks.report.layers.searched_layer import read_searched, states
from spikeatlas.tasks.report.layers.tuned_layer import read_tuned

__all__ = [
    "Diverse",
    "LayerSummary",
    "LeastExciting",
    "diverse_at",
    "mute_sentences",
    "read_searched",
    "read_tuned",
    "states",
]
