"""The embedded data set: digits of 8x8 pixels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic.dataclasses import dataclass

from spikeatlas.snn.data.base import DataFields
from spikeatlas.snn.data.dataset import DataSet, Split
from spikeatlas.snn.registry import SPEC

_TEST = 450


@dataclass(frozen=True, config=SPEC)
class Digits(DataFields):
    """1797 digits of 8x8 pixels in 17 grey levels (UCI optical recognition, test part; Alpaydin & Kaynak 1998)."""

    dataset: Literal["digits"] = "digits"
    """``digits``: embedded, so ``root`` and ``download`` say nothing."""

    def load(self) -> DataSet:
        """Load the digits, split once and for all."""
        # scikit-learn takes seconds to import
        from sklearn.datasets import load_digits  # noqa: PLC0415
        from sklearn.model_selection import train_test_split  # noqa: PLC0415

        pixels, labels = load_digits(return_X_y=True)
        images = np.round(pixels.reshape(-1, 1, 8, 8) * 255 / 16).astype(np.uint8)
        train, test = train_test_split(
            np.arange(len(labels)), test_size=_TEST, stratify=labels, random_state=0
        )
        labels = labels.astype(np.int64)
        return DataSet(
            Split(images[train], labels[train]),
            Split(images[test], labels[test]),
            tuple(str(figure) for figure in range(10)),
        )
