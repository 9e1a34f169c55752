"""The device that networks and generators compute on: the processor, which is the reference, or a GPU."""

from __future__ import annotations

import copy
from typing import Literal, TypeVar

import torch
from torch import nn

Device = Literal["cpu", "cuda"]
"""``responder.device`` and ``training.device`` of a study."""

_NAMES: dict[Device, str] = {"cpu": "cpu", "cuda": "cuda"}
"""Torch's own."""

Module = TypeVar("Module", bound=nn.Module)


def device_problem(field: str, device: Device) -> str | None:
    """Say in a sentence that a field asks for a device that is not here; None where it is."""
    if device == "cpu" or has_cuda():
        return None
    return (
        f"{field}: cuda is asked for, but torch {torch.__version__} finds no CUDA device on this machine; write cpu, "
        "or run the study where there is one"
    )


def has_cuda() -> bool:
    """Return True where torch can compute on a GPU."""
    return torch.cuda.is_available()


def torch_device(device: Device) -> torch.device:
    """Return torch's own. ValueError where it is not here.

    On CUDA, products are then float32 all through, and of the same bits each time: a rounding to TF32's ten bits
    would flip spikes by the thousand.
    """
    if device == "cpu":
        return torch.device(_NAMES[device])
    problem = device_problem("device", device)
    if problem is not None:
        raise ValueError(f"{problem}.")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    return torch.device(_NAMES[device])


def copy_on(module: Module, device: Device) -> Module:
    """Return a copy of a module on a device, its weights too; on the processor, where it is, itself."""
    if device == "cpu":
        return module
    return copy.deepcopy(module).to(torch_device(device))
