"""The life of an atlas's neurons: how many are live, dormant, undriven, dead or cut, and what they are good for."""

from __future__ import annotations

from spikeatlas.tasks.life.life_table import accuracies_without, cut_effects, life_counts

__all__ = ["accuracies_without", "cut_effects", "life_counts"]
