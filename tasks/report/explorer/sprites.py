"""Stimuli as sprite sheets: many tiles in one lossless picture, each still the stimulus to the last bit.

WebP keeps colours as red, green and blue; a grey stimulus has the same in all three.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spikeatlas.tasks.report.pictures import pictured

PIXELS = 2**20
"""Pixels of a sheet, at most (one tile at least): 4 MB when it is decoded."""

Stimuli = NDArray[np.uint8]


def tiles_per_sheet(height: int, width: int) -> int:
    """Return the number of tiles on a full sheet."""
    return max(1, PIXELS // (height * width))


def columns(height: int, width: int) -> int:
    """Return the number of tiles in a row of a sheet: full sheets are about square."""
    return max(1, math.isqrt(tiles_per_sheet(height, width) * height // width))


def sheets(images: Stimuli) -> Iterator[str]:
    """Yield sheets of stimuli (n, 1 or 3 channels, height, width) as base64, ``tiles_per_sheet`` of them on each.

    Rows of numbers are drawn as bars.
    """
    images = pictured(images)
    _, _, height, width = images.shape
    step = tiles_per_sheet(height, width)
    for start in range(0, len(images), step):
        yield base64.b64encode(encode(images[start : start + step])).decode()


def encode(tiles: Stimuli) -> bytes:
    """Encode one sheet: tiles from left to right and then down, as lossless WebP."""
    n, channels, height, width = tiles.shape
    across = min(n, columns(height, width))
    down = -(-n // across)
    full = np.zeros((down * across, channels, height, width), np.uint8)
    full[:n] = tiles
    rows = full.reshape(down, across, channels, height, width).transpose(0, 3, 1, 4, 2)
    pixels = rows.reshape(down * height, across * width, channels)
    picture = Image.fromarray(pixels[..., 0] if channels == 1 else np.ascontiguousarray(pixels))
    file = io.BytesIO()
    # a harder try (method 4 and above) takes twice the time for a thousandth of the bytes
    picture.convert("RGB").save(file, "WEBP", lossless=True, exact=True, method=2, quality=50)
    return file.getvalue()


def decode(sheet: bytes, n: int, channels: int, height: int, width: int) -> Stimuli:
    """Return the ``n`` stimuli of one sheet."""
    pixels = np.asarray(Image.open(io.BytesIO(sheet)).convert("RGB"))
    down, across = pixels.shape[0] // height, pixels.shape[1] // width
    tiles = pixels.reshape(down, height, across, width, 3).transpose(0, 2, 4, 1, 3)
    return tiles.reshape(down * across, 3, height, width)[:n, :channels]
