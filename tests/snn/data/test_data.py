from __future__ import annotations

import gzip
import urllib.error
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.datasets import load_digits

from spikeatlas.snn.data import (
    CIFAR10,
    DATASETS,
    MNIST,
    DataSet,
    Digits,
    FashionMNIST,
    Split,
    load_data,
)
from spikeatlas.snn.data.dataset import even_rows

RNG = np.random.default_rng(0)


def write_idx(file: Path, array: np.ndarray[Any, Any], *, packed: bool = True) -> None:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content = header + array.astype(np.uint8).tobytes()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(content) if packed else content)


def write_family(folder: Path, *, packed: bool = True) -> dict[str, Split]:
    """Both splits as MNIST's files are called: 30 and 20 images of 28x28 pixels."""
    splits = {}
    ending = ".gz" if packed else ""
    for split, name, count in (("train", "train", 30), ("test", "t10k", 20)):
        images = RNG.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = np.arange(count) % 10
        write_idx(folder / f"{name}-images-idx3-ubyte{ending}", images, packed=packed)
        write_idx(folder / f"{name}-labels-idx1-ubyte{ending}", labels, packed=packed)
        splits[split] = Split(images[:, None], labels)
    return splits


def check_family(data: DataSet, wanted: dict[str, Split]) -> None:
    for split, found in (("train", data.train), ("test", data.test)):
        assert np.array_equal(found.images, wanted[split].images)
        assert np.array_equal(found.labels, wanted[split].labels)
        assert found.images.dtype == np.uint8
        assert found.labels.dtype == np.int64
    assert data.shape == (1, 28, 28)


@pytest.fixture
def no_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikeatlas.snn.data.fashion_mnist._DEBIAN", None)


def test_digits_are_split_once_and_for_all() -> None:
    data = load_data(Digits())
    assert data.train.images.shape == (1347, 1, 8, 8)
    assert data.test.images.shape == (450, 1, 8, 8)
    assert (data.channels, data.size, data.classes) == (1, 8, tuple("0123456789"))
    assert np.bincount(data.test.labels).tolist() == [45, 46, 44, 46, 45, 46, 45, 45, 43, 45]
    assert data.digest() == load_data(Digits()).digest()


def test_digits_hold_every_image_on_the_scale_of_a_screen() -> None:
    data = load_data(Digits())
    pixels, labels = load_digits(return_X_y=True)
    found = np.concatenate([data.train.images, data.test.images]).reshape(-1, 64)
    wanted = np.round(pixels * 255 / 16).astype(np.uint8)
    assert sorted(map(bytes, found)) == sorted(map(bytes, wanted))
    assert found.max() == 255
    name = dict(zip(map(bytes, wanted), labels, strict=True))
    assert all(
        name[bytes(image)] == label
        for image, label in zip(
            data.test.images.reshape(-1, 64), data.test.labels.tolist(), strict=True
        )
    )


def test_digest_sees_pixels_labels_and_shapes() -> None:
    images = np.zeros((4, 1, 2, 2), np.uint8)
    labels = np.zeros(4, np.int64)
    whole = DataSet(Split(images, labels), Split(images, labels), ("a", "b"))
    pixel, label = images.copy(), labels.copy()
    pixel[3, 0, 1, 1] = 1
    label[3] = 1
    wide = images.reshape(1, 4, 2, 2)
    others = [Split(pixel, labels), Split(images, label), Split(wide, labels)]
    digests = {DataSet(other, whole.test, whole.classes).digest() for other in others}
    assert len(digests | {whole.digest()}) == 4


@settings(deadline=None)
@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=60), limit=st.none() | st.integers(1, 9)
)
def test_a_limit_spreads_evenly_over_classes(labels: list[int], limit: int | None) -> None:
    array = np.array(labels)
    rows = even_rows(array, limit)
    assert len(rows) == min(len(labels), limit or len(labels))
    assert (np.diff(rows) > 0).all()
    taken, there = np.bincount(array[rows], minlength=5), np.bincount(array, minlength=5)
    # a class with fewer than another gave all it has, or is one behind
    assert ((taken == there) | (taken >= taken.max() - 1)).all()


def test_limit_cuts_both_splits() -> None:
    data = load_data(Digits(limit=25))
    assert len(data.train) == len(data.test) == 25
    assert np.bincount(data.train.labels).tolist() == [3] * 5 + [2] * 5
    assert len(load_data(Digits(limit=1000)).test) == 450


def test_idx_files_are_read_where_the_study_says(tmp_path: Path) -> None:
    wanted = write_family(tmp_path)
    data = load_data(FashionMNIST(root=tmp_path))
    check_family(data, wanted)
    assert data.classes[9] == "Ankle boot"
    check_family(load_data(MNIST(root=tmp_path)), wanted)


def test_idx_files_of_the_system_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = write_family(tmp_path)
    monkeypatch.setattr("spikeatlas.snn.data.fashion_mnist._DEBIAN", tmp_path)
    check_family(load_data(FashionMNIST()), wanted)


@pytest.mark.usefixtures("no_debian")
@pytest.mark.parametrize(
    ("name", "folder"), [("mnist", "MNIST"), ("fashion_mnist", "FashionMNIST")]
)
def test_torchvisions_files_are_read(tmp_path: Path, name: Any, folder: str) -> None:
    wanted = write_family(tmp_path / folder / "raw", packed=False)
    check_family(load_data(DATASETS.read({"dataset": name, "root": tmp_path})), wanted)


def test_colour_images_become_planes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = RNG.integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    found = SimpleNamespace(data=pixels, targets=[row % 10 for row in range(20)])
    monkeypatch.setattr("torchvision.datasets.CIFAR10", lambda *_, **__: found)
    data = load_data(CIFAR10(root=tmp_path))
    assert data.shape == (3, 32, 32)
    assert np.array_equal(data.train.images[4, 2], pixels[4, :, :, 2])
    assert data.classes[0] == "airplane"


@pytest.mark.parametrize(
    "content",
    # no time in the header: names of tests are the same in every process
    [b"", b"text", gzip.compress(b"", mtime=0), gzip.compress(b"\0\0\x08", mtime=0)],
    ids=["empty", "text", "no header", "half a header"],
)
def test_damaged_idx_files_are_named(tmp_path: Path, content: bytes) -> None:
    write_family(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte\.gz is .*fetch it again"):
        load_data(MNIST(root=tmp_path))


def test_truncated_idx_files_are_named(tmp_path: Path) -> None:
    write_family(tmp_path)
    file = tmp_path / "train-labels-idx1-ubyte.gz"
    whole = file.read_bytes()
    shorter = gzip.compress(gzip.decompress(whole)[:-1])
    for content in (whole[:-9], shorter):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"train-labels-idx1-ubyte\.gz is .*fetch it again"):
            load_data(MNIST(root=tmp_path))


@pytest.mark.usefixtures("no_debian")
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_a_missing_data_set_says_what_to_do(tmp_path: Path, name: Any) -> None:
    with pytest.raises(FileNotFoundError, match=rf"{name} is not in .*data\.download to true"):
        load_data(DATASETS.read({"dataset": name, "root": tmp_path}))


def test_a_failed_download_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("no route")

    monkeypatch.setattr("torchvision.datasets.MNIST", fail)
    with pytest.raises(ConnectionError, match=r"mnist could not be downloaded .*no route"):
        load_data(MNIST(root=tmp_path, download=True))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"dataset": "imagenet"}, "dataset"),
        ({"limit": 0}, "limit"),
        ({"colour": True}, "colour"),
        ({"dataset": "folder"}, r"data\.root is missing"),
    ],
)
def test_a_bad_choice_is_refused(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        DATASETS.read(fields)
