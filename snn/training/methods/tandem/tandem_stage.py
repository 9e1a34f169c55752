"""One stage of a conversion: its epochs, its best network, and the end of its patience."""

from __future__ import annotations

import dataclasses
from typing import Any

from torch import Tensor


@dataclasses.dataclass
class Stage:
    """The epochs between two conversions."""

    limit: int
    """Epochs at most (>= 1)."""
    patience: int
    """Epochs without a better accuracy that end it (>= 1)."""
    epoch: int = 0
    """Epochs that are done."""
    batch: int = 0
    """Batches done in the epoch after these."""
    idle: int = 0
    """Epochs since the accuracy was better than ever before."""
    accuracy: float = -1.0
    """Best on the validation images; -1: not measured yet."""
    loss: float = float("inf")
    """Loss of the best network on them, in nats."""
    best: dict[str, Tensor] = dataclasses.field(default_factory=dict)
    """Tensors of the best network."""

    @property
    def begun(self) -> bool:
        """Tell whether a step of it has been taken."""
        return self.epoch > 0 or self.batch > 0

    @property
    def is_over(self) -> bool:
        """Tell whether it ends here."""
        return self.epoch >= self.limit or self.idle >= self.patience

    def end_epoch(self, accuracy: float, loss: float, tensors: dict[str, Tensor]) -> None:
        """Count an epoch that ends with ``tensors``; of equally accurate networks the best is that of the smallest loss."""
        self.epoch, self.batch = self.epoch + 1, 0
        self.idle = 0 if accuracy > self.accuracy else self.idle + 1
        if (accuracy, -loss) > (self.accuracy, -self.loss):
            self.accuracy, self.loss = accuracy, loss
            self.best = {name: tensor.clone() for name, tensor in tensors.items()}

    def state_dict(self) -> dict[str, Any]:
        """Return its fields."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
