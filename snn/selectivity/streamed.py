"""Tuning of neurons to classes, from responses that come a few images at a time: no more of them is kept than asked for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.selectivity.tuning import (
    Floats,
    Mask,
    Whole,
    active_images,
    check,
    check_halves,
    class_sums,
    means_of_sums,
)

Columns = npt.NDArray[np.float32]


class Best(NamedTuple):
    """The images that drive each neuron most, best first; the first of equals."""

    images: Whole
    """(neurons, count), their places."""
    responses: Columns
    """(neurons, count)."""


class StreamedTuning:
    """Class means, best images and single responses of a layer, of images in their order.

    Values are those of all responses at once: sums are float64, which spike counts fill exactly.
    """

    def __init__(
        self,
        labels: Whole,
        first: Mask,
        classes: int,
        neurons: int,
        *,
        best: int = 5,
        singles: Whole | None = None,
    ) -> None:
        """Expect images with ``labels`` (n,), in the halves that ``first`` (n,) tells apart. ValueError where they do not fit.

        ``best``: best images of each neuron; ``singles``: places of images whose responses are kept.
        """
        check_halves(labels, first)
        self._labels, self._first, self._classes = labels, first, classes
        self._sums = {name: np.zeros((neurons, classes)) for name in ("all", "first", "second")}
        self._active = np.zeros(neurons, np.int64)
        self._best = Best(np.empty((neurons, 0), np.int64), np.empty((neurons, 0), np.float32))
        self._best_count = best
        self._places = np.empty(0, np.int64) if singles is None else singles
        self.singles = np.full((len(self._places), neurons), np.nan, np.float32)
        """Responses to single images."""
        self._images = 0

    def add(self, responses: Columns) -> None:
        """Take the responses (k, neurons) to the next images. ValueError for more than there are labels."""
        rows = slice(self._images, self._images + len(responses))
        labels, first = self._labels[rows], self._first[rows]
        check(responses, labels, self._classes)
        for name, part in (("all", np.ones_like(first)), ("first", first), ("second", ~first)):
            self._sums[name] += class_sums(responses[part], labels[part], self._classes)
        self._active += active_images(responses)
        self._best = _better(self._best, responses, rows.start, self._best_count)
        here = (self._places >= rows.start) & (self._places < rows.stop)
        self.singles[here] = responses[self._places[here] - rows.start]
        self._images = rows.stop

    @property
    def active(self) -> Whole:
        """Images (neurons,) that each neuron answers at all."""
        return self._active

    @property
    def best(self) -> Best:
        """The best images so far."""
        return self._best

    def means(self) -> Floats:
        """Mean response (neurons, classes) to each class, NaN for one without images."""
        return means_of_sums(self._sums["all"], self._labels[: self._images], self._classes)

    def half_means(self) -> Floats:
        """The same in either half of the images, (neurons, 2, classes)."""
        labels, first = self._labels[: self._images], self._first[: self._images]
        parts = (("first", first), ("second", ~first))
        return np.stack(
            [means_of_sums(self._sums[name], labels[part], self._classes) for name, part in parts],
            axis=1,
        )


def _better(best: Best, responses: Columns, start: int, count: int) -> Best:
    """Return the best of those before and of responses (k, neurons) to images from ``start`` on."""
    order = np.argsort(-responses, axis=0, kind="stable")[:count].T
    values = np.take_along_axis(responses.T, order, axis=1)
    images = np.concatenate([best.images, order + start], axis=1)
    values = np.concatenate([best.responses, values], axis=1)
    # stable: of equals the first image, which stands first
    order = np.argsort(-values, axis=1, kind="stable")[:, :count]
    return Best(
        np.take_along_axis(images, order, axis=1), np.take_along_axis(values, order, axis=1)
    )
