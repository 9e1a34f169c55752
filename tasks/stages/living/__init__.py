"""The life of units: certified, or looked for by all means there are."""

from __future__ import annotations

from spikeatlas.tasks.stages.living.judge_life import judge_life, natural_images

__all__ = ["judge_life", "natural_images"]
