"""Replay: all that happened in an environment so far, one row a step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Rows = npt.NDArray[np.float32]


class Memories(NamedTuple):
    """Some of the steps, as tensors."""

    values: Tensor
    """Observations (n, d), from -3 to 3."""
    actions: Tensor
    """(n, a), in shares of their limit."""
    rewards: Tensor
    """(n,)."""
    next_values: Tensor
    """What was observed then, (n, d)."""
    terminal: Tensor
    """1 where nothing followed, else 0, (n,)."""


class Replay:
    """Room for every step of a training."""

    def __init__(self, steps: int, observations: int, actions: int) -> None:
        self.count = 0
        """Steps that are in it."""
        self._rows: dict[str, Rows] = {
            "values": np.zeros((steps, observations), np.float32),
            "actions": np.zeros((steps, actions), np.float32),
            "rewards": np.zeros(steps, np.float32),
            "next_values": np.zeros((steps, observations), np.float32),
            "terminal": np.zeros(steps, np.float32),
        }

    def add(
        self, values: Rows, action: Rows, reward: float, next_values: Rows, *, terminal: bool
    ) -> None:
        """Enter a step."""
        row = {
            "values": values,
            "actions": action,
            "rewards": np.float32(reward),
            "next_values": next_values,
            "terminal": np.float32(terminal),
        }
        for name, value in row.items():
            self._rows[name][self.count] = value
        self.count += 1

    def memories(self, places: npt.NDArray[np.int64]) -> Memories:
        """Return the steps at ``places`` (n,), each below ``count``."""
        return Memories(*(torch.from_numpy(rows[places]) for rows in self._rows.values()))

    def actions_since(self, first: int) -> Rows:
        """Actions (n, a) from step number ``first`` on."""
        return self._rows["actions"][first : self.count]

    def state_dict(self) -> dict[str, Tensor]:
        """Return all steps."""
        return {name: torch.from_numpy(rows[: self.count]) for name, rows in self._rows.items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from what state_dict gave."""
        self.count = len(state["rewards"])
        for name, rows in self._rows.items():
            rows[: self.count] = state[name].numpy()
