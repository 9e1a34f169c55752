"""The screened search: a screening, a first-order model, and a refinement in lock step."""

from __future__ import annotations

from spikeatlas.optim.methods.screened.base import ScreenedOptions
from spikeatlas.optim.methods.screened.screened import ScreenedSearch
from spikeatlas.optim.methods.screened.textures import draw_textures

__all__ = ["ScreenedOptions", "ScreenedSearch", "draw_textures"]
