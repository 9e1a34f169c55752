"""Decoding and encoding on another device than the processor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikeatlas.snn.generators import GENERATORS, GaussianGenerator, GeneratorSpec
from tests.gpu import needs_gpu, stand_in
from tests.snn.generators.test_generators import IMAGES, opened, points_of, spec

__all__ = ["spec"]


def test_stimuli_are_those_of_the_processor_where_that_stands_in(
    spec: GeneratorSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = opened(spec, tmp_path / "generator.safetensors")
    stand_in(monkeypatch)
    there = here.on("cuda")
    # a user's function computes where it will
    assert (there is here) == (spec.kind == "adapter")
    points = points_of(here)
    np.testing.assert_array_equal(there.decode(points), here.decode(points))
    if here.encodes:
        np.testing.assert_array_equal(there.encode(IMAGES), here.encode(IMAGES))
    if isinstance(here, GaussianGenerator):
        assert isinstance(there, GaussianGenerator)
        np.testing.assert_array_equal(there.score(IMAGES), here.score(IMAGES))


@needs_gpu
@pytest.mark.parametrize("kind", ["vqvae", "sngan"])
def test_a_gpu_decodes_within_a_grey_level(tmp_path: Path, kind: str) -> None:
    fields = {"epochs": 1, "width": 8}
    here = opened(GENERATORS.read({"kind": kind, **fields}), tmp_path / "generator.safetensors")
    points = points_of(here, 16)
    gaps = here.on("cuda").decode(points).astype(int) - here.decode(points)
    assert np.abs(gaps).max() <= 1
