"""A network's checkpoints: their names, their headers, and loading one back."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping
from importlib.metadata import version
from math import isnan, nan
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from spikeatlas.snn.allowed_places import require_place
from spikeatlas.snn.files import load_checkpoint, read_metadata, save_checkpoint
from spikeatlas.snn.networks import Architecture, NetworkSite, SpikingNetwork, TrainableNetwork
from spikeatlas.snn.neurons import DEFAULT_SURROGATE, SpikingNeuron, SurrogateSpec
from spikeatlas.snn.norms import Norm
from spikeatlas.snn.surgery import fit_units

SETTLING_SECONDS = 1
"""Time in which a file that is being written changes."""

_NAME = re.compile(r"epoch-(\d+(?:\.\d+)?)\.safetensors")


@dataclasses.dataclass(frozen=True)
class CheckpointHeader:
    """A checkpoint's own account of itself."""

    epoch: float
    """Training progress: 0 is untrained."""
    step: int
    """Training steps taken; -1: not known."""
    images_seen: int
    """Training images seen; -1: not known."""
    accuracy: float
    """Share of test images whose class has the most output spikes, 0 to 1; NaN: not known."""
    loss: float
    """Mean test loss: cross-entropy of output spike counts, in nats; NaN: not known."""
    study: str
    """Digest of the study that trained it; empty: of weights from elsewhere."""
    mean_return: float = nan
    """Mean over test episodes of an actor's sum of rewards; NaN: not known, or it acts nowhere."""


def checkpoint_epochs(epochs: int) -> tuple[float, ...]:
    """Return the epochs that training keeps without being asked: 0 and every whole one."""
    return tuple(float(epoch) for epoch in range(epochs + 1))


def epoch_path(folder: Path, epoch: float) -> Path:
    """Return the file of an epoch: epoch-5.safetensors, epoch-0.5.safetensors."""
    # never an exponent: list_epochs reads the name back
    return folder / f"epoch-{np.format_float_positional(epoch, trim='-')}.safetensors"


def list_epochs(folder: Path) -> dict[float, Path]:
    """Return the checkpoints in a folder by epoch, ascending.

    ValueError for a link that leaves the roots of a confined host.
    """
    epochs = {float(m[1]): path for path in folder.iterdir() if (m := _NAME.fullmatch(path.name))}
    for path in epochs.values():
        require_place(path)
    return dict(sorted(epochs.items()))


def unreadable_epochs(folder: Path) -> dict[float, str]:
    """Return why checkpoints in a folder cannot be read, by epoch: half-written as yet, or damaged.

    Files are looked at twice, a second apart, so that one that grows or is filled in place is noticed.
    """
    before = {epoch: _state(path) for epoch, path in list_epochs(folder).items()}
    time.sleep(SETTLING_SECONDS if before else 0)
    reasons = {}
    for epoch, path in list_epochs(folder).items():
        if before.get(epoch) != _state(path):
            reasons[epoch] = f"{path} is being written"
            continue
        try:
            load_checkpoint(path)
        except (ValueError, OSError) as error:
            reasons[epoch] = str(error)
    return reasons


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns


def save_network(path: Path, network: TrainableNetwork, header: CheckpointHeader) -> None:
    """Write a checkpoint, whole or not at all; the same contents give the same bytes."""
    numbers = {name: value for name, value in vars(header).items() if name != "study"}
    # only actors have one: a file of any other network has no such field
    if isnan(header.mean_return):
        del numbers["mean_return"]
    fields = {name: repr(value) for name, value in numbers.items()}
    versions = {f"{name}_version": version(name) for name in ("torch", "snntorch")}
    save_checkpoint(path, network.state_dict(), {**fields, "study": header.study, **versions})


def read_header(path: Path) -> CheckpointHeader:
    """Read a checkpoint's header; what weights from elsewhere do not tell is -1, NaN or empty, the epoch that of the name.

    FileNotFoundError where there is none; ValueError for a file that is damaged or whose header holds no numbers.
    """
    fields = read_metadata(path)
    name = _NAME.fullmatch(path.name)
    try:
        return CheckpointHeader(
            epoch=float(fields.get("epoch", name[1] if name else "nan")),
            step=int(fields.get("step", -1)),
            images_seen=int(fields.get("images_seen", -1)),
            accuracy=float(fields.get("accuracy", "nan")),
            loss=float(fields.get("loss", "nan")),
            study=fields.get("study", ""),
            mean_return=float(fields.get("mean_return", "nan")),
        )
    except ValueError as error:
        raise ValueError(
            f"{path} has no usable header ({error}): leave the field out, or write a number."
        ) from None


def load_network(
    path: Path,
    spec: Architecture,
    input_shape: tuple[int, int, int],
    classes: int,
    surrogate: SurrogateSpec = DEFAULT_SURROGATE,
) -> TrainableNetwork:
    """Load a checkpoint into the network of ``spec`` for images (c, h, w), its spikes with the gradient of ``surrogate``.

    A network of which units were cut (``snn.surgery``) has the layers that it was left with. ValueError, naming the
    tensors, where the file does not fit the network.
    """
    tensors, _ = load_checkpoint(path)
    blank = [0.0] * input_shape[0], [1.0] * input_shape[0]
    network = spec.build(NetworkSite(input_shape, classes, *blank, 0, surrogate))
    if isinstance(network, SpikingNetwork):
        fit_units(network, tensors)
    _require_fit(path, tensors, network)
    network.load_state_dict({**_constants(network), **tensors})
    return network.eval()


def _constants(network: TrainableNetwork) -> dict[str, Tensor]:
    """Return what the study says of neurons and normalisations: a file need not repeat it, but must not say otherwise."""
    state = network.state_dict()
    names = {
        f"{path}.{name}"
        for path, module in network.named_modules()
        for name in _constants_of(module)
    }
    # membranes are no part of the state
    return {name: tensor for name, tensor in state.items() if name in names}


def _constants_of(module: nn.Module) -> tuple[str, ...]:
    if isinstance(module, SpikingNeuron):
        return tuple(name for name, _ in module.named_buffers())
    return module.constants if isinstance(module, Norm) else ()


def _require_fit(path: Path, stored: Mapping[str, Tensor], network: TrainableNetwork) -> None:
    # what a neuron learns is the checkpoint's
    target, constants = network.state_dict(), _constants(network)
    _require_steps(path, stored, network)
    misfits = [
        f"{name} of shape {tuple(tensor.shape)} is missing"
        for name, tensor in target.items()
        if name not in stored and name not in constants
    ]
    misfits += [f"{name} is not in the network" for name in stored if name not in target]
    for name in target:
        if name in stored:
            misfits += _misfit(name, stored[name], target[name], fixed=name in constants)
    if misfits:
        raise ValueError(
            f"{path} does not fit the study's network: {'; '.join(misfits)}. Set the network's fields to those it was "
            "trained with, give other checkpoints, or name the tensors so (docs/networks.md, weights of your own)."
        )


def _require_steps(path: Path, stored: Mapping[str, Tensor], network: TrainableNetwork) -> None:
    """Raise ValueError where a normalisation has learnt another number of time steps than the network's."""
    for module_path, module in network.named_modules():
        scales = module.step_scales() if isinstance(module, Norm) else None
        for name, parameter in module.named_parameters(recurse=False):
            values = stored.get(f"{module_path}.{name}", parameter)
            if (
                scales is not None
                and values.shape[1:] == scales.shape[1:]
                and len(values) != len(scales)
            ):
                raise ValueError(
                    f"{path} was trained over {len(values)} time steps, each with scales of its own "
                    f"({module_path}.{name}): network.time_steps is {len(scales)}, it must be {len(values)} here too."
                )


def _misfit(name: str, stored: Tensor, target: Tensor, *, fixed: bool) -> list[str]:
    """Return what is wrong with one tensor: its shape, or, if it is ``fixed``, another value."""
    if stored.shape != target.shape:
        return [f"{name} has shape {tuple(stored.shape)}, not {tuple(target.shape)}"]
    if fixed and not torch.equal(stored, target):
        return [f"{name} is {stored.tolist()}, not {target.tolist()}"]
    return []
