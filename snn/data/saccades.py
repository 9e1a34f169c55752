"""Sequences of frames made of still images: a window that jumps or drifts over each, as an eye would."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.data.base import DataFields, DataSpec
from spikeatlas.snn.data.dataset import DataSet, Split
from spikeatlas.snn.registry import SPEC

_SHARE = 0.75


@dataclass(frozen=True, config=SPEC)
class Saccades(DataFields):
    """Images seen through a window that moves over them, F frames each: sequences (F, c, window, window)."""

    dataset: Literal["saccades"] = "saccades"
    """``saccades``: made here of the images of another data set, which ``root`` and ``download`` belong to."""
    of: Literal["digits", "fashion_mnist", "mnist", "cifar10", "folder"] = "digits"
    """The data set whose images are looked at."""
    frames: Annotated[int, Field(ge=1)] = 8
    """Frames of a sequence (>= 1); ``network.time_steps`` must be a multiple."""
    window: Annotated[int, Field(ge=1)] | None = None
    """Side of the window in pixels (>= 1, at most an image's); three quarters of the image's if none."""
    fixation: Annotated[int, Field(ge=1)] = 2
    """Frames from one point that is looked at to the next (>= 1)."""
    motion: Literal["jump", "drift"] = "jump"
    """The window rests at a point and jumps to the next, or drifts there in a straight line."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the points (>= 0)."""

    def load(self) -> DataSet:
        """Load the images and look at them. ValueError for a window that is larger than they are."""
        fields = {"dataset": self.of, "root": self.root, "download": self.download}
        spec: DataSpec = DataSpec.family.read(fields)
        data = spec.load()
        window = int(_SHARE * data.size) if self.window is None else self.window
        if window > data.size or window < 1:
            raise ValueError(
                f"data.window is {window}, but the images of {self.of} have {data.size} rows and columns: it must be "
                f"1 to {data.size}."
            )
        train, test = (
            Split(self._looked_at(split.images, window, number), split.labels)
            for number, split in enumerate((data.train, data.test))
        )
        return DataSet(train, test, data.classes)

    def _looked_at(
        self, images: npt.NDArray[np.uint8], window: int, number: int
    ) -> npt.NDArray[np.uint8]:
        """Sequences (n, F, c, window, window) of images (n, c, h, w), the split of a number."""
        corners = self._corners(len(images), images.shape[-1] - window, number)
        views = np.lib.stride_tricks.sliding_window_view(images, (window, window), axis=(2, 3))
        rows = np.arange(len(images))[:, None]
        # (n, F) corners pick (n, F, c, window, window)
        return np.ascontiguousarray(views[rows, :, corners[..., 0], corners[..., 1]])

    def _corners(self, count: int, room: int, number: int) -> npt.NDArray[np.int64]:
        """Upper left corners (n, F, 2) of the windows, each coordinate in 0..room."""
        points = -(-self.frames // self.fixation) + 1
        generator = np.random.default_rng([self.seed, number])
        targets = generator.integers(0, room + 1, (count, points, 2))
        place, step = np.divmod(np.arange(self.frames), self.fixation)
        start = targets[:, place]
        if self.motion == "jump":
            return start
        way = targets[:, place + 1] - start
        return start + np.rint(way * (step / self.fixation)[None, :, None]).astype(np.int64)
