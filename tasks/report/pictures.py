"""Pictures inside the page: stimuli and tuning as small ones, and the form of a panel."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from spikeatlas.tasks.report.averages import Array

READABLE = 56
"""Pixels of the screen that a picture's side takes, about."""

FRAMES = 5
"""Frames of a sequence that its film strip shows, at most: evenly chosen, first and last among them."""

STRIP_READABLE = 32
"""Pixels of the screen that a frame's width takes on a strip, about."""

STRIP_WIDEST = 330
"""Pixels of a phone's screen that a strip may take."""

BAR_HEIGHT = 44

BARS_HEIGHT, BAR_STEP, BAR_GREY = 28, 9, 60
"""Of bars that stand for a row of numbers: height, and width with a space, in pixels; their grey."""


@dataclass(frozen=True)
class Picture:
    """One picture, or a gap with its word, and what stands below it."""

    picture: str
    word: str
    response: str
    classes: str = ""
    agrees: bool = False
    note: str = ""
    beaten: str = ""
    """What beats the best found by the search, in words; empty where nothing does."""
    least: str = ""
    """Picture of the least exciting image; empty where there is none."""
    least_response: str = ""


@dataclass(frozen=True)
class Panel:
    """One drawing with its heading and a sentence on how to read it."""

    heading: str
    drawing: Markup
    reading: str


def data_uri(image: NDArray[np.uint8]) -> str:
    """Return a stimulus (1 or 3 channels, height, width) as a lossless PNG of its own size, or of its bars."""
    image = pictured(image[None])[0]
    pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def pictured(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return stimuli (n, channels, height, width) as pictures: rows of numbers, of height 1, as bars from 0 to 255.

    A bar's height is its number, at least a line; the first stands on the left.
    """
    if images.shape[2] > 1:
        return images
    _, height, _ = picture_shape(images.shape[1:])
    levels = np.rint(images[:, 0, 0] / 255 * (height - 1)).astype(int)
    rows = np.arange(height)[::-1, None]
    bars = np.repeat(rows <= levels[:, None, :], BAR_STEP, axis=2)
    bars[:, :, ::BAR_STEP] = False
    shapes = np.pad(bars, ((0, 0), (0, 0), (0, 1)))
    return np.where(shapes, np.uint8(BAR_GREY), np.uint8(255))[:, None]


def picture_shape(image: tuple[int, ...]) -> tuple[int, int, int]:
    """Return the (channels, height, width) of the picture of a stimulus of a shape."""
    channels, height, width = image
    return (channels, height, width) if height > 1 else (1, BARS_HEIGHT, BAR_STEP * width + 1)


def side(size: int) -> int:
    """Return the side on screen of a picture with ``size`` pixels: whole screen pixels for each of its own."""
    return size * max(1, round(READABLE / size)) if size < 2 * READABLE else 2 * READABLE


def frame_rows(frames: int) -> list[int]:
    """Return which of so many frames stand on a film strip, ascending, from 0."""
    rows = np.linspace(0, frames - 1, min(frames, FRAMES)).round()
    return [int(row) for row in rows]


def film_strips(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return sequences (n, F, channels, height, width) as pictures (n, channels, height, strip), a white line between frames."""
    rows = images[:, frame_rows(images.shape[1])]
    lined = np.pad(rows, ((0, 0),) * 4 + ((0, 1),), constant_values=255)
    n, frames, channels, height, width = lined.shape
    strips = lined.transpose(0, 2, 3, 1, 4).reshape(n, channels, height, frames * width)
    return np.ascontiguousarray(strips[..., :-1])


def strip_width(size: int, frames: int) -> int:
    """Return the pixels of a strip from left to right, of frames with ``size``."""
    return (size + 1) * len(frame_rows(frames)) - 1


def strip_side(size: int, frames: int) -> int:
    """Return the width of a strip on screen: whole screen pixels for each of its own, if a phone's has as many."""
    return min(strip_width(size, frames) * max(1, round(STRIP_READABLE / size)), STRIP_WIDEST)


def bar_width(classes: int) -> int:
    """Return the width of one class's bar: room for its label while there are few classes."""
    return max(2, min(15, 320 // classes))


def bars(values: Array, preferred: int, title: str) -> Markup:
    """Draw a neuron's responses to each class as bars from 0 to their extremes, the preferred class in colour."""
    step = bar_width(len(values))
    low, top = np.fmin(np.nanmin(values), 0), np.fmax(np.nanmax(values), 0)
    heights = np.nan_to_num(values / (top - low) if top > low else values * 0) * (BAR_HEIGHT - 1)
    ground = round(BAR_HEIGHT + (low / (top - low) if top > low else 0) * (BAR_HEIGHT - 1), 1)
    shapes = [
        f"M{place * step} {ground:g}v{-height:.1f}h{max(step - 2, 1)}V{ground:g}z"
        for place, height in enumerate(heights)
    ]
    plain = "".join(shape for place, shape in enumerate(shapes) if place != preferred)
    highlight = shapes[preferred] if preferred >= 0 else ""
    return Markup(
        '<svg class="bars" width="{0}" height="{1}" role="img" aria-label="{2}"><title>{2}</title>'
        '<path d="M0 {3}H{0}" class="base"/><path d="{4}"/><path class="preferred" d="{5}"/></svg>'
    ).format(step * len(values), BAR_HEIGHT + 1, title, f"{ground + 0.5:g}", plain, highlight)


def short_names(classes: Sequence[str]) -> list[str]:
    """Return labels of at most four letters: the names, unique beginnings of them, or the classes' numbers."""
    for length in (3, 4):
        names = [name if len(name) <= 4 else name[:length] for name in classes]
        if len({name.lower() for name in names}) == len(names):
            return names
    return [str(place) for place in range(len(classes))]
