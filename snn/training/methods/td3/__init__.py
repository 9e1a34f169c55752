"""Twin delayed deep deterministic policy gradient: an actor that learns from what its actions bring."""

from __future__ import annotations

from spikeatlas.snn.training.methods.td3.episode_returns import episode_returns, seeds_of_tests
from spikeatlas.snn.training.methods.td3.td3 import Td3

__all__ = ["Td3", "episode_returns", "seeds_of_tests"]
