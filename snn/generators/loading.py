"""Reads generators from their files."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import ValidationError
from torch import Tensor

from spikeatlas.snn.files import digest_file, load_checkpoint
from spikeatlas.snn.generators.base import Generator
from spikeatlas.snn.generators.spec import GeneratorSpec
from spikeatlas.snn.generators.vqvae.mango import is_mango, make_mango


def load_generator(path: Path, user_spec: GeneratorSpec | None = None) -> Generator:
    """Load a trained generator; it needs no study, its file says what it is.

    Ours is a safetensors file, MANGO's a state dict of torch, which is read without running what
    a pickle might bring. ``user_spec``: a specification of a user's own, whose files are read too. FileNotFoundError
    where there is none; ValueError for a damaged file or one that is no generator.
    """
    network = _load_foreign(path) if zipfile.is_zipfile(path) else _load_ours(path, user_spec)
    _check_values(path, network)
    return network.eval().requires_grad_(requires_grad=False)


def open_generator(spec: GeneratorSpec, path: Path) -> Generator:
    """Open the generator of a study: made of its own sources, or what is in the file ``path``."""
    return load_generator(path, spec) if spec.trained else spec.make()


def digest_generator(spec: GeneratorSpec, path: Path) -> str:
    """Return the digest (hex) of what a generator is made of: its sources, or its file."""
    return digest_file(path) if spec.trained else spec.digest


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors in a file: safetensors, or a plain state dict of torch; nothing in it is run.

    FileNotFoundError where there is none; ValueError for a damaged file or one that holds more.
    """
    if not zipfile.is_zipfile(path):
        return load_checkpoint(path)[0]
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"{path} cannot be read as tensors alone ({reason}), and nothing else is run: save a plain "
            "state dict, or a safetensors file."
        ) from None
    if not isinstance(tensors, dict) or not all(
        isinstance(tensor, Tensor) for tensor in tensors.values()
    ):
        raise ValueError(
            f"{path} holds more than tensors by their names: save a plain state dict, or a safetensors file."
        )
    return tensors


def fit(network: torch.nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Load tensors into a network; ValueError naming the keys that are missing, too many, or misshapen."""
    target = network.state_dict()
    misfits = [
        f"{name} is {_shape(tensors.get(name))} and should be {_shape(target.get(name))}"
        for name in sorted({*target, *tensors})
        if _shape(target.get(name)) != _shape(tensors.get(name))
    ]
    if misfits:
        raise ValueError(
            ", ".join(misfits[:_MOST_MISFITS])
            + (f" and {len(misfits) - _MOST_MISFITS} more" if len(misfits) > _MOST_MISFITS else "")
        )
    network.load_state_dict(dict(tensors))


_MOST_MISFITS = 6


def _shape(tensor: Tensor | None) -> str:
    return "absent" if tensor is None else str(tuple(tensor.shape))


def _load_foreign(path: Path) -> Generator:
    tensors = read_tensors(path)
    if not is_mango(tensors):
        raise ValueError(
            f"{path} holds no generator that is known: give one that a study's generator training "
            "wrote, or MANGO's VQ-VAE for CIFAR-10, or write an adapter (generator.kind: adapter)."
        )
    try:
        return make_mango(tensors)
    except ValueError as error:
        raise ValueError(f"{path}: {error}.") from None


def _load_ours(path: Path, user_spec: GeneratorSpec | None) -> Generator:
    tensors, metadata = load_checkpoint(path)
    try:
        channels, height, width = json.loads(metadata["image_shape"])
        network = _spec_of(metadata, user_spec).allocate((channels, height, width))
    except (KeyError, ValueError, TypeError) as error:
        reason = "its header does not fit" if isinstance(error, ValidationError) else repr(error)
        raise ValueError(
            f"{path} holds no generator of ours ({reason}): give a file that a study's generator "
            "training wrote."
        ) from None
    try:
        fit(network, tensors)
    except ValueError as error:
        raise ValueError(
            f"{path} does not fit the generator it describes ({error}): train the generator again."
        ) from None
    return network


def _spec_of(metadata: Mapping[str, str], user_spec: GeneratorSpec | None) -> GeneratorSpec:
    """Make the specification in a file's header; a file names no code to import, so ``user_spec`` gives its class."""
    family = GeneratorSpec.family
    fields = {family.key: family.default, **json.loads(metadata["generator"])}
    kind = fields[family.key]
    kinds = {
        **family.members,
        **({user_spec.kind: type(user_spec)} if user_spec is not None else {}),
    }
    spec: GeneratorSpec = kinds[kind](**kinds[kind].of_file(fields))
    return spec


def _check_values(path: Path, network: Generator) -> None:
    if not all(tensor.isfinite().all() for tensor in network.state_dict().values()):
        raise ValueError(f"{path} holds weights that are not finite: train the generator again.")
