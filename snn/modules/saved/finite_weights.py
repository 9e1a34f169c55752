"""Weights that are numbers: a training that diverged leaves others, and responses to them mean nothing."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

_STATISTICS = ("running_mean", "running_var")


def require_finite(module: nn.Module, origin: str) -> None:
    """Raise ValueError, one sentence, for a weight that is NaN or infinite.

    ``origin``: the file or factory that the weights are from. A buffer may be infinite, as masks of attention are.
    """
    weights = dict(module.named_parameters())
    for name, tensor in module.state_dict().items():
        if is_lazy(tensor) or not tensor.dtype.is_floating_point:
            continue
        whole = name in weights or name.rpartition(".")[2] in _STATISTICS
        count = _faults(tensor, infinite=whole)
        if count:
            raise ValueError(
                f"{origin}: {count} of {tensor.numel()} values of {name} are NaN{' or infinite' if whole else ''}: did its "
                "training diverge? Take an epoch from before, or train it anew."
            )


def _faults(tensor: Tensor, *, infinite: bool) -> int:
    """Count the values that are NaN, and those that are infinite if these count."""
    faults = ~tensor.isfinite() if infinite else tensor.isnan()
    return int(faults.sum())
