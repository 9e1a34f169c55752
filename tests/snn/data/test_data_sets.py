"""What every data set does, those built in and one that a user brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from spikeatlas.snn.data import DATASETS, DataSpec, Digits, load_data
from tests.snn.brought import Stripes
from tests.snn.data.test_data import write_family

OWN = "tests.snn.brought:Stripes"
KINDS = [*DATASETS.members, OWN]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of every data set but the embedded one."""
    write_family(tmp_path)
    for split in ("train", "test"):
        for name in ("a", "b"):
            (tmp_path / split / name).mkdir(parents=True)
            for row in range(3):
                Image.new("L", (8, 8), 40 * row).save(tmp_path / split / name / f"{row}.png")
    pixels = np.zeros((20, 32, 32, 3), np.uint8)
    pixels[::2, :4] = 200

    class Files:
        data = pixels
        targets = [row % 10 for row in range(20)]  # noqa: RUF012

    monkeypatch.setattr("torchvision.datasets.CIFAR10", lambda *_, **__: Files)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_images_and_labels(root: Path, kind: str) -> None:
    fields = {} if kind == OWN else {"root": root}
    spec = DATASETS.read({"dataset": kind, **fields})
    data = load_data(spec)
    for split in (data.train, data.test):
        assert split.images.dtype == np.uint8
        assert split.images.shape[-3:] == data.shape
        assert split.labels.dtype == np.int64
        assert len(split.images) == len(split.labels)
        assert 0 <= split.labels.min() <= split.labels.max() < len(data.classes)
    assert load_data(spec).digest() == data.digest()
    few = load_data(DATASETS.read({"dataset": kind, "limit": 4, **fields}))
    assert (len(few.train), len(few.test)) == (4, 4)
    assert few.classes == data.classes


@pytest.mark.parametrize("value", ["digits", {"dataset": "digits"}, {"kind": "digits"}, {}])
def test_a_data_set_is_named(value: Any) -> None:
    assert DATASETS.read(value) == Digits()


def test_it_is_written_as_always() -> None:
    adapter = TypeAdapter(DataSpec)
    fields = {"dataset": "digits", "root": None, "download": False, "limit": 50}
    assert adapter.dump_python(Digits(limit=50), mode="json") == fields
    assert adapter.validate_python(fields) == Digits(limit=50)
    own = Stripes(dataset=OWN, count=9)
    assert adapter.validate_python(adapter.dump_python(own, mode="json")) == own
