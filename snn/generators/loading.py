"""Reads generators from their files."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from spikeatlas.snn.files import digest_file, load_checkpoint
from spikeatlas.snn.generators.adapter import digest_adapter, load_adapter
from spikeatlas.snn.generators.base import Generator, Shape
from spikeatlas.snn.generators.gaussian import allocate_sngan
from spikeatlas.snn.generators.mango import is_mango, make_mango
from spikeatlas.snn.generators.spec import AdapterSpec, GeneratorSpec, SNGANSpec, VQVAESpec
from spikeatlas.snn.generators.vqvae import allocate_vqvae

_ADAPTER: TypeAdapter[VQVAESpec | SNGANSpec | AdapterSpec] = TypeAdapter(GeneratorSpec)


def load_generator(path: Path) -> Generator:
    """Load a trained generator; it needs no study, its file says what it is.

    Ours is a safetensors file, MANGO's a state dict of torch, which is read without running what
    a pickle might bring. FileNotFoundError where there is none; ValueError for a damaged file or one
    that is no generator.
    """
    network = _load_foreign(path) if zipfile.is_zipfile(path) else _load_ours(path)
    _check_values(path, network)
    return network.eval().requires_grad_(requires_grad=False)


def open_generator(spec: VQVAESpec | SNGANSpec | AdapterSpec, path: Path) -> Generator:
    """The generator of a study: whatever its adapter makes, or what is in the file ``path``."""
    return load_adapter(spec) if isinstance(spec, AdapterSpec) else load_generator(path)


def digest_generator(spec: VQVAESpec | SNGANSpec | AdapterSpec, path: Path) -> str:
    """Digest (hex) of what a generator is made of: its file, and the source of its adapter."""
    return digest_adapter(spec) if isinstance(spec, AdapterSpec) else digest_file(path)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors in a file: safetensors, or a plain state dict of torch; nothing in it is run.

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
        isinstance(each, Tensor) for each in tensors.values()
    ):
        raise ValueError(
            f"{path} holds more than tensors by their names: save a plain state dict, or a safetensors file."
        )
    return tensors


def fit(network: torch.nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Load tensors into a network; ValueError naming the keys that are missing, too many, or misshapen."""
    wanted = network.state_dict()
    told = [
        f"{name} is {_shape(tensors.get(name))} and should be {_shape(wanted.get(name))}"
        for name in sorted({*wanted, *tensors})
        if _shape(wanted.get(name)) != _shape(tensors.get(name))
    ]
    if told:
        raise ValueError(
            ", ".join(told[:_TOLD])
            + (f" and {len(told) - _TOLD} more" if len(told) > _TOLD else "")
        )
    network.load_state_dict(dict(tensors))


_TOLD = 6


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


def _load_ours(path: Path) -> Generator:
    tensors, metadata = load_checkpoint(path)
    try:
        spec = _ADAPTER.validate_python(_fields(metadata))
        channels, height, width = json.loads(metadata["image_shape"])
        if isinstance(spec, AdapterSpec):
            raise TypeError(spec.kind)  # noqa: TRY301 - told below like any other header that does not fit
        network = _allocate(spec, (channels, height, width))
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


def _fields(metadata: Mapping[str, str]) -> Any:
    """The specification in a file's header."""
    fields = json.loads(metadata["generator"])
    if isinstance(fields, dict) and fields.get("kind") == "sngan":
        # a file from before the field was known has one width throughout
        return {"narrowing": 1, **fields}
    return fields


def _allocate(spec: VQVAESpec | SNGANSpec, shape: Shape) -> Generator:
    if isinstance(spec, SNGANSpec):
        return allocate_sngan(spec, shape)
    return allocate_vqvae(spec, shape)


def _check_values(path: Path, network: Generator) -> None:
    if not all(tensor.isfinite().all() for tensor in network.state_dict().values()):
        raise ValueError(f"{path} holds weights that are not finite: train the generator again.")
