"""Bad generators: one clear sentence, before any work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.flows.checks.study_checks import check
from spikeatlas.snn.files import load_checkpoint, save_checkpoint
from spikeatlas.snn.generators import SNGANSpec, VQVAESpec, train_generator
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import SNGAN, tiny

VQVAE = {"positions": 4, "codes": 8, "embedding": 4, "width": 8, "epochs": 1}
ADAPTER = """
import torch
from spikeatlas.snn.generators import Adapter, CodeLatent, GaussianLatent

def greys(points):
    return points.float().abs().mean(1).reshape(-1, 1, 1, 1).expand(-1, 1, 8, 8) / 8

def grey(checkpoint):
    return Adapter(greys, GaussianLatent(3), (1, 8, 8))

def codes(checkpoint):
    return Adapter(greys, CodeLatent(4, 8, None), (1, 8, 8))

def blank(checkpoint):
    return Adapter(lambda points: torch.zeros(len(points), 1, 8, 8), GaussianLatent(3), (1, 8, 8))

def alike(checkpoint):
    return Adapter(lambda points: 0.5 + points[:, :1, None, None].expand(-1, 1, 8, 8) / 200, GaussianLatent(3), (1, 8, 8))

def colour(checkpoint):
    return Adapter(lambda points: torch.zeros(len(points), 3, 8, 8), GaussianLatent(3), (3, 8, 8))

def greedy(checkpoint):
    return Adapter(lambda points: torch.zeros(len(points), 1, 9, 9), GaussianLatent(3), (1, 8, 8))
"""
FREE = {"methods": ["random"], "prior": "uniform"}


def problems(tmp_path: Path, **sections: Any) -> list[str]:
    with pytest.raises(StudyError) as caught:
        check(tiny(tmp_path / "run", **sections))
    assert not (tmp_path / "run").exists()
    return caught.value.problems


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.py").write_text(ADAPTER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    return tmp_path


def trained(folder: Path, size: int = 8, **fields: Any) -> Path:
    """A generator's file for images of one size."""
    path = folder / "given.safetensors"
    images = np.random.default_rng(0).integers(0, 256, (40, 1, size, size), dtype=np.uint8)
    spec = (
        SNGANSpec(**{**SNGAN, **fields}) if "kind" in fields else VQVAESpec(**{**VQVAE, **fields})
    )
    train_generator(spec, images, path=path, seed=0, study="s")
    return path


@pytest.mark.parametrize(
    ("sections", "parts"),
    [
        ({"generator": {"kind": "sngam"}}, ("generator.kind", "'sngam'", "did you mean sngan", "vqvae")),
        ({"generator": {**SNGAN, "positions": 4}}, ("generator.positions", "no such field", "dim", "critic_width")),
        ({"generator": {"codez": 4}}, ("generator.codez", "did you mean codes")),
        ({"generator": {**SNGAN, "lr": 0}}, ("generator.lr", "0")),
        ({"generator": {**SNGAN, "batch_size": 500}}, ("generator", "120 training images", "too few", "500")),
        ({"generator": SNGAN, "search": {"shell": "sphere"}}, ("search", "shell", "grid: continuous")),
        ({"generator": SNGAN, "search": {"shell": "cube", "grid": "continuous"}}, ("search.shell", "'cube'", "sphere")),
        ({"generator": SNGAN, "search": {"screening": "both"}}, ("search.screening: both", "no encoder", "vqvae")),
        ({"generator": SNGAN, "search": {"methods": ["pool"]}}, ("search.methods: pool", "no encoder")),
        ({"generator": SNGAN, "search": {"screening": "textures"}}, ("search.screening: textures", "sngan", "choose prior")),
        ({"generator": SNGAN, "search": {"grid": "continuous"}}, ("search.methods", "continuous")),
        ({"search": {"grid": "uniform"}}, ("search", "grid is uniform", "codes, which have neither")),
        ({"search": {"prior": "markov"}}, ("search.prior", "'markov'", "autoregressive")),
        ({"search": {"naturalness": 1.5}}, ("search.naturalness", "1.5", "1")),
        ({"search": {"naturalness": 0.5, "diverse": 2}}, ("search.naturalness", "search.diverse 2")),
        ({"classifier": {"widht": 3}}, ("classifier.widht", "did you mean width")),
    ],
)  # fmt: skip
def test_one_mistake_gets_one_sentence(
    tmp_path: Path, sections: dict[str, Any], parts: tuple[str, ...]
) -> None:
    found = problems(tmp_path, **sections)
    assert len(found) == 1, found
    assert all(part in found[0] for part in parts), found[0]
    assert "\n" not in found[0]


@pytest.mark.parametrize(
    ("given", "asked", "parts"),
    [
        ({"size": 16}, VQVAE, ("makes images of shape (1, 16, 16)", "takes (1, 8, 8)")),
        ({"codes": 16}, VQVAE, ("4 positions and 16 codes", "they are 4 and 8")),
        ({"kind": "sngan"}, VQVAE, ("of kind sngan", "set generator.kind")),
        ({"kind": "sngan", "dim": 5}, SNGAN, ("latents of 5 numbers", "it is 8")),
    ],
)
def test_a_given_generator_must_fit(
    tmp_path: Path, given: dict[str, Any], asked: dict[str, Any], parts: tuple[str, ...]
) -> None:
    path = trained(tmp_path, **given)
    found = problems(tmp_path, generator={"kind": "vqvae", **asked, "checkpoint": str(path)})
    assert len(found) == 1, found
    assert all(part in found[0] for part in (str(path), *parts)), found[0]


@pytest.mark.parametrize(("change", "words"), [("twice", "only 7 differ"), ("nan", "not finite")])
def test_a_spoilt_codebook_is_refused(tmp_path: Path, change: str, words: str) -> None:
    path = trained(tmp_path)
    tensors, metadata = load_checkpoint(path)
    tensors["codebook"][0] = tensors["codebook"][1] if change == "twice" else torch.nan
    save_checkpoint(path, tensors, metadata)
    found = problems(tmp_path, generator={"kind": "vqvae", **VQVAE, "checkpoint": str(path)})
    assert len(found) == 1, found
    assert words in found[0]


@pytest.mark.parametrize(
    ("name", "search", "parts"),
    [
        ("colour", {}, ("mine:colour", "(3, 8, 8)", "takes (1, 8, 8)")),
        ("greedy", {}, ("mine:greedy", "refuses points", "gaussian of size 3")),
        ("none", {}, ("mine:none", "has no none")),
        (
            "codes",
            {"prior": "autoregressive"},
            ("search.prior", "autoregressive", "prior: uniform"),
        ),
        ("grey", {"naturalness": 0.5}, ("search.naturalness", "0.5", "critic")),
        ("codes", {"screening": "natural"}, ("search.screening: natural", "no encoder")),
        ("blank", {}, ("mine:blank", "has collapsed", "only 1 different image", "give another")),
        ("alike", {}, ("mine:alike", "has collapsed", "nearly the same image", "give another")),
    ],
)
def test_a_user_s_own_generator_must_fit(
    folder: Path, name: str, search: dict[str, Any], parts: tuple[str, ...]
) -> None:
    generator = {"kind": "adapter", "adapter": f"mine:{name}"}
    found = problems(folder, generator=generator, search={**FREE, **search})
    assert len(found) == 1, found
    assert all(part in found[0] for part in parts), found[0]


def test_a_user_s_own_generator_is_taken(folder: Path) -> None:
    generator = {"kind": "adapter", "adapter": "mine:grey"}
    found = check(tiny(folder / "run", generator=generator, search=FREE))
    assert found.run.generator_file == folder / "mine.py"


def test_a_given_generator_that_collapsed_is_refused(tmp_path: Path) -> None:
    path = trained(tmp_path)
    tensors, metadata = load_checkpoint(path)
    for name, tensor in tensors.items():
        if name.startswith("decoder") and name.endswith("weight"):
            tensor.zero_()
    save_checkpoint(path, tensors, metadata)
    (problem,) = problems(tmp_path, generator={"kind": "vqvae", **VQVAE, "checkpoint": str(path)})
    assert "the generator has collapsed: of 64 latents it makes only 1 different image" in problem


def test_a_kind_with_a_preset_keeps_what_is_said(tmp_path: Path) -> None:
    found = check(
        tiny(
            tmp_path,
            generator={"kind": "vqvae", "preset": "published", "codes": 256, "positions": 16},
        )
    )
    assert found.study.generator == VQVAESpec(
        preset="published",
        positions=16,
        codes=256,
        embedding=64,
        width=128,
        batch_size=256,
        lr=1e-3,
    )
