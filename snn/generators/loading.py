"""Reads generators from their files."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from snn.checkpoint import load_checkpoint
from snn.generators.codes import CodeGenerator
from snn.generators.mango import is_mango, make_mango
from snn.generators.spec import GeneratorSpec
from snn.generators.vqvae import allocate_vqvae


def load_generator(path: Path) -> CodeGenerator:
    """Load a trained generator; it needs no study, its file says what it is.

    Ours is a safetensors file, MANGO's a state dict of torch, which is read without running what
    a pickle might bring. FileNotFoundError where there is none; ValueError for a damaged file or one
    that is no generator.
    """
    network = _load_foreign(path) if zipfile.is_zipfile(path) else _load_ours(path)
    _check_values(path, network)
    return network.eval().requires_grad_(requires_grad=False)


def _load_foreign(path: Path) -> CodeGenerator:
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"{path} cannot be read as tensors alone ({reason}), and nothing else is run: save a plain "
            "state dict, or a safetensors file."
        ) from None
    if not isinstance(tensors, dict) or not is_mango(tensors):
        raise ValueError(
            f"{path} holds no generator that is known: give one that a study's generator training "
            "wrote, or MANGO's VQ-VAE for CIFAR-10."
        )
    try:
        return make_mango(tensors)
    except ValueError as error:
        raise ValueError(f"{path}: {error}.") from None


def _load_ours(path: Path) -> CodeGenerator:
    tensors, metadata = load_checkpoint(path)
    try:
        spec = TypeAdapter(GeneratorSpec).validate_json(metadata["generator"])
        channels, height, width = json.loads(metadata["image_shape"])
        network = allocate_vqvae(spec, (channels, height, width))
    except (KeyError, ValueError, TypeError) as error:
        reason = "its header does not fit" if isinstance(error, ValidationError) else repr(error)
        raise ValueError(
            f"{path} holds no generator of ours ({reason}): give a file that a study's generator "
            "training wrote."
        ) from None
    misfits = _list_misfits(network.state_dict(), tensors)
    if misfits:
        raise ValueError(
            f"{path} does not fit the generator it describes ({', '.join(misfits)}): train the "
            "generator again."
        )
    network.load_state_dict(tensors)
    return network


def _check_values(path: Path, network: CodeGenerator) -> None:
    if not all(tensor.isfinite().all() for tensor in network.state_dict().values()):
        raise ValueError(f"{path} holds weights that are not finite: train the generator again.")


def _list_misfits(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> list[str]:
    """Names that are missing, too many, or of another shape."""
    shapes = [{name: tensor.shape for name, tensor in each.items()} for each in (wanted, found)]
    names = sorted({*wanted, *found})
    return [name for name in names if shapes[0].get(name) != shapes[1].get(name)]
