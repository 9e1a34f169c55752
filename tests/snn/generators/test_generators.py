"""What every generator does, those built in and one that a user brings."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter

from spikeatlas.snn.data import Digits, load_data
from spikeatlas.snn.generators import (
    GENERATORS,
    Adapter,
    CodeLatent,
    GaussianLatent,
    Generator,
    GeneratorSpec,
    digest_generator,
    load_generator,
    open_generator,
    train_generator,
)
from spikeatlas.snn.generators.adapter import AdaptedGenerator

OWN = "tests.snn.brought:Grey"
IMAGES = load_data(Digits(limit=40)).train.images
ADAPTER = """
from spikeatlas.snn.generators import Adapter, GaussianLatent

def grey(checkpoint):
    decode = lambda points: points.sigmoid().view(-1, 1, 1, 1).expand(-1, 1, 8, 8)
    return Adapter(decode, GaussianLatent(1), (1, 8, 8))
"""
FIELDS: dict[str, dict[str, Any]] = {
    "vqvae": {"positions": 4, "codes": 8, "embedding": 4, "width": 8, "epochs": 2},
    "sngan": {
        "dim": 3, "width": 4, "critic_width": 4, "epochs": 2, "batch_size": 20, "precision": "float32",
    },
    "adapter": {"adapter": "grey_adapter:grey"},
    OWN: {},
}  # fmt: skip
"""Of every generator of images; ``grid``, of numbers in a row, has tests of its own."""


def test_all_are_here() -> None:
    assert {*FIELDS, "grid"} == {*GENERATORS.members, OWN}


@pytest.fixture(params=FIELDS)
def spec(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> GeneratorSpec:
    (tmp_path / "grey_adapter.py").write_text(ADAPTER)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "grey_adapter", raising=False)
    return GENERATORS.read({"kind": request.param, **FIELDS[request.param]})


def opened(spec: GeneratorSpec, path: Path, **options: Any) -> Generator:
    """The generator, trained where it is one that learns."""
    if spec.trained:
        train_generator(spec, IMAGES, path=path, seed=1, study="s", **options)
    return open_generator(spec, path)


def points_of(model: Generator, count: int = 5) -> Any:
    rng = np.random.default_rng(0)
    if isinstance(model.latent, CodeLatent):
        return rng.integers(model.latent.codes, size=(count, model.latent.size))
    return rng.standard_normal((count, model.latent.size), np.float32)


def test_it_is_what_it_says_it_will_be(spec: GeneratorSpec, tmp_path: Path) -> None:
    model = opened(spec, tmp_path / "file")
    assert isinstance(model.latent, type(spec.latent))
    assert (model.latent.size, model.latent.dtype) == (spec.latent.size, spec.latent.dtype)
    assert model.encodes == spec.encodes
    assert model.image_shape == (1, 8, 8)
    assert spec.naturalness in ("critic", "code", "norm", "pixels")
    assert spec.problems(IMAGES) == []
    assert (
        TypeAdapter(GeneratorSpec).validate_python(TypeAdapter(GeneratorSpec).dump_python(spec))
        == spec
    )


def test_points_become_stimuli(spec: GeneratorSpec, tmp_path: Path) -> None:
    model = opened(spec, tmp_path / "file")
    points = points_of(model)
    stimuli = model.decode(points)
    assert stimuli.shape == (5, 1, 8, 8)
    assert stimuli.dtype == np.uint8
    assert np.array_equal(model.decode(points), stimuli)
    assert np.array_equal(model.decode(points[2:3]), stimuli[2:3])
    share = model.clipped(points)
    assert share.shape == (5,)
    assert ((share >= 0) & (share <= 1)).all()
    with pytest.raises(ValueError, match=r"this generator takes .* of shape \(n, "):
        model.decode(np.zeros((2, model.latent.size + 1), points.dtype))


def test_wide_batches_change_no_bit(spec: GeneratorSpec, tmp_path: Path) -> None:
    model = opened(spec, tmp_path / "file")
    points = points_of(model, 2 * 256 + 70)
    one_by_one = [model.decode(points[start : start + 64]) for start in range(0, len(points), 64)]
    assert np.array_equal(model.decode(points), np.concatenate(one_by_one))


def test_a_decoder_whose_pixels_hang_on_the_batch_gets_small_ones() -> None:
    sizes = []

    def decode(points: torch.Tensor) -> torch.Tensor:
        sizes.append(len(points))
        return (points / len(points)).view(-1, 1, 1, 1).expand(-1, 1, 8, 8)

    model = AdaptedGenerator(Adapter(decode, GaussianLatent(1), (1, 8, 8)))
    model.decode(np.ones((600, 1), np.float32))
    assert sizes[:1] == [256]
    assert set(sizes[1:]) == {64}
    assert len(sizes) == 1 + 4 + 10


def test_images_become_points(spec: GeneratorSpec, tmp_path: Path) -> None:
    model = opened(spec, tmp_path / "file")
    if spec.encodes:
        points = model.encode(IMAGES)
        assert points.shape == (len(IMAGES), model.latent.size)
        model.check_points(points)
    else:
        with pytest.raises(ValueError, match="has no encoder"):
            model.encode(IMAGES)


def test_a_file_is_read_and_a_digest_sees_it(spec: GeneratorSpec, tmp_path: Path) -> None:
    path = tmp_path / "file"
    model = opened(spec, path)
    digest = digest_generator(spec, path)
    assert digest == digest_generator(spec, path)
    if not spec.trained:
        assert all(path.exists() for path in spec.sources)
        with pytest.raises(ValueError, match="is not trained"):
            train_generator(spec, IMAGES, path=path, seed=1, study="s")
        return
    again = load_generator(path, spec)
    assert np.array_equal(again.decode(points_of(model)), model.decode(points_of(model)))
    train_generator(spec, IMAGES, path=path, seed=2, study="s")
    assert digest_generator(spec, path) != digest
    if spec.kind == OWN:
        with pytest.raises(ValueError, match="holds no generator of ours"):
            load_generator(path)


def test_stopped_and_resumed_is_the_same_file(spec: GeneratorSpec, tmp_path: Path) -> None:
    if not spec.trained:
        assert spec.problems(IMAGES[:1]) == []
        return
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    opened(spec, whole)
    for steps in (0, 1, 3):
        with pytest.raises(InterruptedError, match="Training the generator stopped"):
            opened(spec, cut, should_stop=after(steps))
    models: list[Generator] = []
    opened(spec, cut, on_epoch=lambda _, model: models.append(model))
    assert cut.read_bytes() == whole.read_bytes()
    assert models
    assert "too few to learn from" in spec.problems(IMAGES[:1])[0]


def after(steps: int) -> Callable[[], bool]:
    answers = iter([False] * steps)
    return lambda: next(answers, True)
