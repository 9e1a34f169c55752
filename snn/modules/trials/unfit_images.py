"""Images that a module fails on, and the likely cause: another type of number, size, or form."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.drive import DriveKind, ModuleDrive
from spikeatlas.snn.modules.trials.trial_record import record_call

_SIDES = (8, 16, 28, 32, 48, 64, 96, 128, 224, 299)
"""Sides of images that networks are commonly made for."""


def unfit_images(
    module: nn.Module, pictures: Tensor, drive: ModuleDrive, reasons: Mapping[DriveKind, str]
) -> str:
    """Say in a sentence how a module fails on normalised pictures (n, c, h, w) in each form, and how to mend it.

    ``drive``: of the form in which other images are tried, to name those that it takes.
    """
    errors = "; ".join(f"{form}: {reason}" for form, reason in reasons.items())
    return (
        f"network.factory: the module fails on images of shape {tuple(pictures.shape[1:])}, float32, in every form that was "
        f"tried ({errors}): {_mend(module, pictures, drive)}."
    )


def _mend(module: nn.Module, pictures: Tensor, drive: ModuleDrive) -> str:
    name = _other_type(module)
    if name is not None:
        return f"its {name}; end the factory in .float()"
    if _takes(module, pictures[:2].flatten(1), drive):
        return "it takes flat images, so let the factory put nn.Flatten before it"
    shape = _fitting(module, pictures, drive)
    if shape is not None:
        return f"it takes images of shape {shape}, so give data of that shape, or network.options that make it for these"
    return (
        "give data of the size and channels that it was made for, or network.options that make it for these, or name in "
        "network.input the form in which it takes them"
    )


def _other_type(module: nn.Module) -> str | None:
    """Name a weight that is no float32, with its type."""
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point() and tensor.dtype != torch.float32:
            return f"{name} is {str(tensor.dtype).removeprefix('torch.')}"
    return None


def _fitting(
    module: nn.Module, pictures: Tensor, drive: ModuleDrive
) -> tuple[int, int, int] | None:
    """Return the shape of the images that a module takes, among common ones; those of as many channels first."""
    channels = dict.fromkeys((pictures.shape[1], 1, 3))
    shapes = [(count, side, side) for count in channels for side in _SIDES]
    return next((shape for shape in shapes if _takes(module, torch.zeros(2, *shape), drive)), None)


def _takes(module: nn.Module, pictures: Tensor, drive: ModuleDrive) -> bool:
    try:
        record_call(module, drive, pictures[None], ())
    except (Exception, SystemExit):  # noqa: BLE001 - whatever a user's forward raises
        return False
    return True
