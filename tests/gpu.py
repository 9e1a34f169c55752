"""Tests of a GPU: with one, or with the processor standing in for it where there is none.

The stand-in takes every way that a GPU takes (copies, no compiled loop), but a tensor that was never moved is no
mistake there: that shows on a GPU alone.
"""

from __future__ import annotations

import pytest
import torch

from spikeatlas.snn import device

needs_gpu = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="torch finds no CUDA device: what only a GPU shows"
)


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processor stand in for a GPU."""
    # of ours alone: torch's own optimisers ask torch, and must not be misled
    monkeypatch.setattr(device, "has_cuda", lambda: True)
    monkeypatch.setitem(device._NAMES, "cuda", "cpu")
