"""MANGO's published VQ-VAE: its file's names and shapes, its way of computing, and what is refused."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.generators import CodeLatent, load_generator
from spikeatlas.snn.generators.vqvae.mango import MEAN, STD, make_mango

PUBLISHED = Path(os.environ.get("MANGO_VQVAE", "data/mango-vqvae-cifar10.pt"))
_STACK = "_residual_stack._layers"


def tensors() -> dict[str, Tensor]:
    """Random weights under the names and with the shapes of the published file."""
    generator = torch.Generator().manual_seed(0)
    shapes: dict[str, tuple[int, ...]] = {
        "_encoder._conv_1": (64, 3, 4, 4), "_encoder._conv_2": (128, 64, 4, 4),
        "_encoder._conv_3": (128, 128, 3, 3), "_pre_vq_conv": (64, 128, 1, 1),
        "_decoder._conv_1": (128, 64, 3, 3), "_decoder._conv_trans_1": (128, 64, 4, 4),
        "_decoder._conv_trans_2": (64, 3, 4, 4),
    }  # fmt: skip
    transposed = {"_decoder._conv_trans_1": 64, "_decoder._conv_trans_2": 3}
    found = {
        f"{name}.bias": torch.zeros(transposed.get(name, shape[0]))
        for name, shape in shapes.items()
    }
    for side in ("_encoder", "_decoder"):
        for layer in (0, 1):
            shapes[f"{side}.{_STACK}.{layer}._block.1"] = (32, 128, 3, 3)
            shapes[f"{side}.{_STACK}.{layer}._block.3"] = (128, 32, 1, 1)
    for name, shape in shapes.items():
        found[f"{name}.weight"] = 0.05 * torch.randn(shape, generator=generator)
    found["_vq_vae._embedding.weight"] = torch.randn((512, 64), generator=generator)
    return found


def decode_plainly(given: dict[str, Tensor], codes: Tensor) -> Tensor:
    """The published decoder as its layers say, image by image."""
    maps = given["_vq_vae._embedding.weight"][codes].T.reshape(1, 64, 8, 8)
    maps = functional.conv2d(maps, given["_decoder._conv_1.weight"], padding=1)
    for layer in (0, 1):
        block = f"_decoder.{_STACK}.{layer}._block"
        maps = functional.relu(maps)  # in place in the published block: the skip carries it
        inner = functional.relu(functional.conv2d(maps, given[f"{block}.1.weight"], padding=1))
        maps = maps + functional.conv2d(inner, given[f"{block}.3.weight"])
    maps = functional.relu(maps)
    for name in ("_conv_trans_1", "_conv_trans_2"):
        maps = functional.conv_transpose2d(
            maps, given[f"_decoder.{name}.weight"], stride=2, padding=1
        )
        maps = functional.relu(maps) if name == "_conv_trans_1" else maps
    return maps[0] * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]


def test_a_file_with_these_names_is_known_and_decodes_as_its_layers_say(tmp_path: Path) -> None:
    given = tensors()
    torch.save(given, tmp_path / "mango.pt")
    model = load_generator(tmp_path / "mango.pt")
    assert isinstance(model.latent, CodeLatent)
    assert (model.latent.positions, model.latent.codes, model.image_shape) == (64, 512, (3, 32, 32))
    points = np.random.default_rng(0).integers(512, size=(3, 64))
    stimuli = model.decode(points)
    for point, stimulus in zip(points, stimuli, strict=True):
        plain = decode_plainly(given, torch.from_numpy(point)).clamp(0, 1) * 255
        assert np.abs(plain.numpy() - stimulus).max() <= 0.51


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"_pre_vq_conv.weight": torch.zeros(2, 2)}, "_pre_vq_conv.weight"),
        ({"_vq_vae._embedding.weight": torch.full((512, 64), torch.nan)}, "not finite"),
    ],
)
def test_weights_that_do_not_fit_are_named(
    tmp_path: Path, change: dict[str, Tensor], message: str
) -> None:
    torch.save(tensors() | change, tmp_path / "mango.pt")
    with pytest.raises(ValueError, match=message):
        load_generator(tmp_path / "mango.pt")


def test_other_tensors_and_code_in_a_pickle_are_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="no generator that is known"):
        load_generator(tmp_path / "other.pt")

    class Attack:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {tmp_path / 'attacked'}",)

    torch.save({"weight": Attack()}, tmp_path / "attack.pt", pickle_module=pickle)
    with pytest.raises(ValueError, match="nothing else is run"):
        load_generator(tmp_path / "attack.pt")
    assert not (tmp_path / "attacked").exists()


def test_encoding_finds_the_nearest_entries() -> None:
    model = make_mango(tensors())
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32)).astype(np.uint8)
    codes = model.encode(images)
    with torch.no_grad():
        maps = model.encoder(torch.from_numpy(images).float() / 255)
    vectors = maps.permute(0, 2, 3, 1).reshape(-1, 64)
    assert np.array_equal(codes.ravel(), torch.cdist(vectors, model.codebook).argmin(1).numpy())


@pytest.mark.skipif(not PUBLISHED.exists(), reason="MANGO_VQVAE names no file of MANGO's weights")
def test_the_published_file_loads() -> None:
    model = load_generator(PUBLISHED)
    grey = np.full((1, 3, 32, 32), 128, np.uint8)
    again = model.decode(model.encode(grey))
    assert np.abs(again.astype(int) - 128).mean() < 20
