"""Kinds of tensors that a file may have in place of a module's plain ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

_COMPLEX = (
    "complex numbers, but the module's are real: save real weights, or let the factory make it so"
)
_ROUNDING = 1e-6
"""Of a whole number that was kept as a float."""


def require_plain(
    expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor], path: Path
) -> None:
    """Raise ValueError, one sentence, for a tensor of a module that a file has in a form with other or no numbers.

    ``expected``: the module's; ``tensors``: those of ``path``, by the module's names.
    """
    for name, tensor in tensors.items():
        reason = _reason(tensor)
        if reason is None and name in expected and tensor.is_complex():
            reason = None if expected[name].is_complex() else _COMPLEX
        if reason is not None:
            raise ValueError(f"{path} holds {name} as {reason}.")


def _reason(tensor: Tensor) -> str | None:
    """Say in which form a tensor is, and how to mend it; None for a plain one."""
    if tensor.is_meta:
        return "a meta tensor, a shape without numbers: save the module with its weights loaded"
    if tensor.is_quantized:
        return "a quantised tensor: save tensor.dequantize() in its place"
    if tensor.layout != torch.strided or tensor.is_nested:
        kind = "nested" if tensor.is_nested else str(tensor.layout).removeprefix("torch.")
        return f"a tensor that is not dense ({kind}): save tensor.to_dense() in its place"
    return None


def whole_numbers(
    expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor], path: Path
) -> dict[str, Tensor]:
    """Return ``tensors`` with floats rounded where a module has whole numbers; torch would cut their fractions off.

    ValueError for floats that are none.
    """
    rounded = dict(tensors)
    for name, tensor in tensors.items():
        if name in expected and tensor.is_floating_point() and not _has_fractions(expected[name]):
            near = tensor.double()
            whole = near.round()
            if not torch.allclose(near, whole, rtol=0, atol=_ROUNDING):
                raise ValueError(
                    f"{path} holds fractions in {name}, where the module has whole numbers: save the tensor as "
                    f"{str(expected[name].dtype).removeprefix('torch.')}."
                )
            rounded[name] = whole
    return rounded


def _has_fractions(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()
