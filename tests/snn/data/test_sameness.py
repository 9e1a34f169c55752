from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from spikeatlas.snn.data import DataSet, DataSpec, Digits, Split, load_data

RNG = np.random.default_rng(0)
Images = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def loaded(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Images], Images], split: str
) -> DataSet:
    """The digits, one split changed, as every data set is loaded."""
    digits = Digits().load()
    part = getattr(digits, split)
    changed = Split(change(part.images), part.labels)
    splits = {"train": digits.train, "test": digits.test, split: changed}
    other = dataclasses.replace(digits, train=splits["train"], test=splits["test"])
    monkeypatch.setattr(Digits, "load", lambda _: other)
    spec: DataSpec = Digits(limit=600)
    return load_data(spec)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_split_of_one_picture_is_refused(monkeypatch: pytest.MonkeyPatch, split: str) -> None:
    with pytest.raises(ValueError, match=rf"all \d+ {split} images are the same picture"):
        loaded(monkeypatch, lambda images: np.repeat(images[3:4], len(images), axis=0), split)
    with pytest.raises(ValueError, match=rf"all \d+ {split} images are the same picture"):
        loaded(monkeypatch, np.zeros_like, split)


def test_one_other_picture_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def nearly(images: Images) -> Images:
        return np.concatenate([np.repeat(images[:1], 599, axis=0), images[599:]])

    assert loaded(monkeypatch, nearly, "train").notes == ()


def test_images_of_one_colour_each_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = lambda images: np.broadcast_to(images[:, :, 3:4, 3:4], images.shape).copy()
    (note,) = loaded(monkeypatch, plain, "test").notes
    assert note.startswith("of one colour all over: each of the ")
    assert note.endswith(" test images")


def test_images_of_few_levels_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    (note,) = loaded(monkeypatch, lambda images: images // 16, "train").notes
    assert note == "nearly black: the brightest value of all train images is 15 of 255"
