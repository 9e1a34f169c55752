from __future__ import annotations

import numpy as np

from spikeatlas.snn.data import DataSet, Digits, Split, count_words, load_data


def split(labels: list[int]) -> Split:
    return Split(np.zeros((len(labels), 3, 8, 8), np.uint8), np.array(labels))


def test_images_are_counted_by_split_and_class() -> None:
    data = DataSet(split([0, 0, 1]), split([1]), ("cat", "dog"))
    assert count_words(data) == "3 training and 1 test images, 3x8x8; cat (2, 0), dog (1, 1)"


def test_many_classes_are_counted_together() -> None:
    names = tuple(map(str, range(13)))
    data = DataSet(split([*range(13), 0]), split([*range(13)]), names)
    assert count_words(data).endswith("; of each class 1 to 2 and 1 to 1")


def test_a_data_set_built_in_is_counted() -> None:
    words = count_words(load_data(Digits(limit=20)))
    assert words == "20 training and 20 test images, 1x8x8; of each class 2 and 2"
