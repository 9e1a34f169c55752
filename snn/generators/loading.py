"""Reads generators from their files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from snn.checkpoint import load_checkpoint
from snn.generators.spec import GeneratorSpec
from snn.generators.vqvae import VQVAE, allocate_vqvae


def load_generator(path: Path) -> VQVAE:
    """Load a trained generator; it needs no study, its file says what it is.

    FileNotFoundError where there is none; ValueError for a damaged file or one that is no
    generator.
    """
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
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise ValueError(f"{path} holds weights that are not finite: train the generator again.")
    return network.eval().requires_grad_(requires_grad=False)


def _list_misfits(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> list[str]:
    """Names that are missing, too many, or of another shape."""
    shapes = [{name: tensor.shape for name, tensor in each.items()} for each in (wanted, found)]
    names = sorted({*wanted, *found})
    return [name for name in names if shapes[0].get(name) != shapes[1].get(name)]
