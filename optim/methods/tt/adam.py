"""Adam for many independent problems, each with its own count of steps.

Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1. Not torch's
optimiser, whose construction alone loads a compiler for a second in every worker process.
"""

from __future__ import annotations

import torch

_DECAYS = (0.9, 0.999)
_EPSILON = 1e-8


class Adam:
    """Gradient ascent, in place, on the N tensors `values[i]` of a stack, in steps of size `lr`."""

    def __init__(self, values: torch.Tensor, lr: float) -> None:
        self.values, self.lr = values, lr
        self.first, self.second = torch.zeros_like(values), torch.zeros_like(values)
        self.steps = torch.zeros(len(values), dtype=torch.int64)

    def climb(self, problem: int, gradient: torch.Tensor) -> None:
        """Move one problem up its gradient, shaped like `values[problem]`."""
        # problem by problem: a kernel's last bits may depend on a place in a longer array, and a
        # neuron must not depend on its place in a block; the pieces also fit the cache
        first, second = self.first[problem], self.second[problem]
        self.steps[problem] += 1
        biases = [1 - decay ** int(self.steps[problem]) for decay in _DECAYS]
        first.mul_(_DECAYS[0]).add_(gradient, alpha=1 - _DECAYS[0])
        second.mul_(_DECAYS[1]).addcmul_(gradient, gradient, value=1 - _DECAYS[1])
        size = (second / biases[1]).sqrt_().add_(_EPSILON)
        self.values[problem].addcdiv_(first, size, value=self.lr / biases[0])

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Copy values, moments and step counts."""
        return {name: tensor.clone() for name, tensor in self._tensors().items()}

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Put back, in place, a copy that `state_dict` made."""
        for name, tensor in self._tensors().items():
            tensor.copy_(state[name])

    def _tensors(self) -> dict[str, torch.Tensor]:
        return {
            "values": self.values,
            "first": self.first,
            "second": self.second,
            "steps": self.steps,
        }
