"""Generators that users bring: what an adapter must say, and what is refused."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from spikeatlas.snn.generators import (
    Adapter,
    AdapterSpec,
    CodeLatent,
    GaussianLatent,
    digest_generator,
    open_generator,
)
from spikeatlas.snn.generators.adapter import adapter_source, load_adapter
from spikeatlas.snn.generators.loading import fit, read_tensors

MODULE = """
import torch
from spikeatlas.snn.generators import Adapter, CodeLatent, GaussianLatent
from spikeatlas.snn.generators.loading import fit, read_tensors

def vectors(checkpoint):
    network = torch.nn.Sequential(torch.nn.Linear(3, 64), torch.nn.Tanh(), torch.nn.Unflatten(1, (1, 8, 8)))
    fit(network, read_tensors(checkpoint))
    return Adapter(network, GaussianLatent(3), (1, 8, 8), mean=(0.5,), std=(0.5,))

def codes(checkpoint):
    grey = torch.linspace(-1, 1, 5)
    decode = lambda points: grey[points].view(-1, 1, 2, 2).repeat_interleave(4, 2).repeat_interleave(4, 3)
    encode = lambda images: ((torch.nn.functional.avg_pool2d(images, 4).flatten(1) + 1) * 2).round().long()
    return Adapter(decode, CodeLatent(4, 5, None), (1, 8, 8), mean=(0.5,), std=(0.5,), encode=encode)

def greedy(checkpoint):
    return Adapter(lambda points: torch.zeros(len(points), 1, 9, 9), GaussianLatent(3), (1, 8, 8))

def narrow(checkpoint):
    return Adapter(torch.nn.Linear(2, 64), GaussianLatent(3), (1, 8, 8))

def broken(checkpoint):
    raise RuntimeError("no such luck")

def other(checkpoint):
    return torch.nn.Linear(3, 64)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "brought.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "brought", raising=False)
    return tmp_path


def spec(name: str, checkpoint: Path | None = None) -> AdapterSpec:
    return AdapterSpec(kind="adapter", adapter=f"brought:{name}", checkpoint=checkpoint)


def weights(folder: Path, **more: torch.Tensor) -> Path:
    path = folder / "weights.safetensors"
    network = torch.nn.Linear(3, 64)
    save_file({"0.weight": network.weight.data, "0.bias": network.bias.data, **more}, path)
    return path


def test_vectors_become_pixels_by_mean_and_std(folder: Path) -> None:
    path = weights(folder)
    model = open_generator(spec("vectors", path), path)
    assert model.latent == GaussianLatent(3)
    points = np.random.default_rng(0).standard_normal((4, 3), np.float32)
    tensors = read_tensors(path)
    units = torch.tanh(torch.from_numpy(points) @ tensors["0.weight"].T + tensors["0.bias"])
    expected = ((units * 0.5 + 0.5) * 255).round().numpy().astype(np.uint8).reshape(4, 1, 8, 8)
    assert np.abs(model.decode(points).astype(int) - expected).max() <= 1
    assert not model.encodes


def test_codes_go_both_ways(folder: Path) -> None:
    model = load_adapter(spec("codes"))
    assert isinstance(model.latent, CodeLatent)
    points = np.random.default_rng(0).integers(5, size=(7, 4))
    assert np.array_equal(model.encode(model.decode(points)), points)
    with pytest.raises(ValueError, match=r"codes 0\.\.4"):
        model.decode(np.full((1, 4), 5))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("greedy", r"decode makes \(2, 1, 9, 9\) .* its image_shape says \(2, 1, 8, 8\)"),
        ("narrow", r"refuses points of the space it names, gaussian of size 3"),
        ("broken", r"brought:broken failed with RuntimeError: no such luck"),
        ("other", r"returns a Linear; it must return an Adapter"),
        ("nothing", r"generator.adapter: brought:nothing: module brought has no nothing"),
    ],
)
def test_what_does_not_work_is_said(folder: Path, name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        load_adapter(spec(name))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.exit(3)", r"fails with exit\(3\), which would end"),
        ("1 / 0", "ZeroDivision"),
    ],
)
def test_a_file_that_fails_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "fails_at_once.py").write_text(code)
    given = AdapterSpec(kind="adapter", adapter="fails_at_once:make")

    for read in (load_adapter, adapter_source):
        with pytest.raises(ValueError, match=f"generator.adapter: .*{words}"):
            read(given)


def test_no_module(folder: Path) -> None:
    missing = AdapterSpec(kind="adapter", adapter="not_there:make")
    with pytest.raises(ValueError, match="not_there:make cannot be imported"):
        load_adapter(missing)
    with pytest.raises(ValueError, match=r"generator.adapter: not_there:make cannot be imported"):
        adapter_source(missing)
    assert not missing.trained
    with pytest.raises(ValueError, match=r"generator.adapter: not_there:make cannot be imported"):
        _ = missing.sources


def test_weights_that_do_not_fit_are_named(folder: Path) -> None:
    path = weights(folder, spare=torch.zeros(2))
    with pytest.raises(ValueError, match=r"spare is \(2,\) and should be absent"):
        load_adapter(spec("vectors", path))


def test_a_pickle_that_wants_to_run_code_is_not_run(folder: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return Path.touch, (folder / "sprung",)

    path = folder / "trap.pt"
    torch.save({"weights": Trap()}, path)
    with pytest.raises(ValueError, match=r"cannot be read as tensors alone .* nothing else is run"):
        read_tensors(path)
    assert not (folder / "sprung").exists()
    (folder / "plain.pkl").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match="no readable safetensors file"):
        read_tensors(folder / "plain.pkl")
    torch.save({"weights": [1, 2]}, path)
    with pytest.raises(ValueError, match="holds more than tensors by their names"):
        read_tensors(path)


def test_the_digest_is_of_source_and_weights(folder: Path) -> None:
    path = weights(folder)
    first = digest_generator(spec("vectors", path), path)
    assert first == digest_generator(spec("vectors", path), path)
    weights(folder)  # drawn anew
    second = digest_generator(spec("vectors", path), path)
    (folder / "brought.py").write_text(MODULE + "\n# changed\n")
    assert len({first, second, digest_generator(spec("vectors", path), path)}) == 3


def test_fit_loads_what_fits() -> None:
    network = torch.nn.Linear(2, 2)
    tensors = {name: torch.ones_like(value) for name, value in network.state_dict().items()}
    fit(network, tensors)
    assert all((value == 1).all() for value in network.state_dict().values())
    with pytest.raises(ValueError, match=r"bias is absent and should be \(2,\)"):
        fit(network, {"weight": torch.ones(2, 2)})


def test_a_latent_s_codebook_is_checked() -> None:
    entries = np.eye(3, dtype=np.float32)
    CodeLatent(4, 3, entries).check()
    with pytest.raises(ValueError, match="3 entries, of which only 2 differ"):
        CodeLatent(4, 3, entries[[0, 1, 1]]).check()
    entries[0, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        CodeLatent(4, 3, entries).check()


def test_adapters_are_public() -> None:
    assert Adapter.__module__ == "spikeatlas.snn.generators.adapter"
