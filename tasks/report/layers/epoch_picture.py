"""The picture of an epoch on a run's page: what its neurons want to see, each with its number and its response."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from spikeatlas.tasks.atlas import STATUS, Tree
from spikeatlas.tasks.report.grid import PICTURED
from spikeatlas.tasks.report.pictures import data_uri, pictured

PICTURES = 16
"""Neurons of a layer on the picture: those with the highest responses."""

EDGE, GAP = 48, 6
"""Least side of an image on it, and the space between two, in pixels of the screen."""

LINE, LETTER = 13, 8
"""Height of a line of text, and the most width of a letter."""


@dataclass(frozen=True)
class Strip:
    """The images of a layer, side by side."""

    title: str
    images: NDArray[np.uint8]
    """(n, height, width, channels), enlarged."""
    neurons: list[int]
    responses: list[float]

    @property
    def size(self) -> tuple[int, int]:
        """Its width and height with all labels, in pixels."""
        height, width = self.images.shape[1:3]
        tiles = len(self.neurons) * (width + GAP) + GAP
        return max(tiles, LETTER * len(self.title)), height + 3 * LINE + GAP

    def draw(self, canvas: ImageDraw.ImageDraw, picture: Image.Image, top: int) -> None:
        """Draw it from row ``top`` on."""
        font = ImageFont.load_default(size=11)
        height, width = self.images.shape[1:3]
        title = self.title if self.neurons else f"{self.title}: no neuron fires"
        canvas.text((GAP, top), title, fill=0, font=font)
        tiles = zip(self.images, self.neurons, self.responses, strict=True)
        for place, (image, neuron, response) in enumerate(tiles):
            column = GAP + place * (width + GAP)
            picture.paste(Image.fromarray(image.squeeze()), (column, top + LINE))
            canvas.text((column, top + LINE + height), f"n {neuron}", fill=0, font=font)
            canvas.text((column, top + 2 * LINE + height), f"{response:.3g}", fill=0, font=font)


def epoch_picture(tree: Tree, epoch: float) -> str:
    """Draw the MEIs of the most driven neurons, a row for each layer, with neuron and response below, as a data URI."""
    strips = [_strip(layer, tree[f"best/{layer}"].sel(epoch=epoch)) for layer in tree.layers]
    pixels = np.atleast_3d(np.asarray(paint(strips)))
    return data_uri(pixels.transpose(2, 0, 1))


def paint(strips: Sequence[Strip]) -> Image.Image:
    """Draw strips one below the other."""
    size = max(strip.size[0] for strip in strips), sum(strip.size[1] for strip in strips)
    picture = Image.new("L" if strips[0].images.shape[3] == 1 else "RGB", size, "white")
    canvas, top = ImageDraw.Draw(picture), 0
    for strip in strips:
        strip.draw(canvas, picture, top)
        top += strip.size[1]
    return picture


def png(picture: Image.Image, title: str) -> bytes:
    """Return a picture as a PNG file with a title within."""
    file, text = io.BytesIO(), PngInfo()
    text.add_text("Title", title)
    picture.save(file, "PNG", pnginfo=text)
    return file.getvalue()


def _strip(layer: str, best: xr.Dataset) -> Strip:
    """Return the best images of a layer, silent neurons left out."""
    alive = best.isel(neuron=np.isin(best.status.values, [STATUS[state] for state in PICTURED]))
    order = np.argsort(-alive.response.values, kind="stable")[:PICTURES]
    return Strip(
        layer,
        enlarged(alive.mei.values[order]),
        [int(neuron) for neuron in alive.neuron.values[order]],
        [float(response) for response in alive.response.values[order]],
    )


def enlarged(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (n, channels, height, width) images as (n, height, width, channels), each pixel a square.

    Numbers in a row are drawn as bars.
    """
    images = pictured(images)
    scale = -(-EDGE // min(images.shape[2:]))
    return images.repeat(scale, axis=2).repeat(scale, axis=3).transpose(0, 2, 3, 1)
