"""A picture file as 8-bit grey or RGB: read as the file means, or refused with its mode and a remedy."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

Pixels = npt.NDArray[np.uint8]

_UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
)
_GREY = ("1", "L", "LA", "La")
_COLOURED = ("RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr")
_PALETTES = ("P", "PA")
_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_RANGES = {"F": "32-bit floats", "I": "32-bit whole numbers"}
_ORIENTATION, _PHOTOMETRY = 0x0112, 0x0106
_COMPOSITES = ("MPO", "PSD")
"""Formats whose further frames belong to one picture: other views, layers."""


class PictureFile(NamedTuple):
    """A picture."""

    pixels: Pixels
    """(h, w) if grey, else (h, w, 3)."""
    deep: bool
    """True if the file has more than 8 bits a value."""


def read_picture(file: Path) -> PictureFile:
    """Read a picture file, turned as its orientation says.

    Deeper values are rounded to 8 bits; a palette of greys is grey. ValueError, with the file's name, for what is no
    whole image, for several pictures in one file, for transparent pixels, and for modes that do not tell what is black
    and what is white.
    """
    try:
        with Image.open(file) as image:
            layout = _layout(image)
            problem = _problem(image)
            picture = (
                None if problem else PictureFile(_pixels(image, layout), _is_deep(image, layout))
            )
    except _UNREADABLE as error:
        raise ValueError(
            f"{file} is no readable image ({error}): repair or remove the file."
        ) from None
    if picture is None:
        raise ValueError(f"{file} {problem}.")
    return picture


def _problem(image: Image.Image) -> str | None:
    """Say what of a picture could only be guessed; None: nothing."""
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format not in _COMPOSITES:
        return f"holds {frames} pictures (frames of an animation, or pages): save each as a file of its own"
    if not (_is_deep_grey(image) or image.mode in (*_GREY, *_COLOURED, *_PALETTES)):
        return _unread(image.mode)
    if _is_deep_grey(image) and _is_white_zero(image):
        return "counts 16 bits from white to black (a TIFF of photometry 0): invert it, or convert it to 8 bits"
    if _is_transparent(image):
        return (
            f"is transparent in places (mode {image.mode}), and nothing says what is behind: lay it on a background, "
            "for example with ImageMagick: mogrify -background white -alpha remove -alpha off FILE"
        )
    return None


def _unread(mode: str) -> str:
    remedy = "convert it to 8 bits, grey or RGB"
    if mode in _RANGES:
        return f"holds {_RANGES[mode]} (mode {mode}), and nothing says which are black and white: {remedy}"
    return f"is of mode {mode}, which is not read here: {remedy}"


def _is_deep_grey(image: Image.Image) -> bool:
    """Tell whether the values are 16-bit greys; Pillow has those of PGM files as 32 bits."""
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")


def _is_white_zero(image: Image.Image) -> bool:
    return getattr(image, "tag_v2", {}).get(_PHOTOMETRY) == 0


def _is_transparent(image: Image.Image) -> bool:
    if image.mode not in _ALPHA and "transparency" not in image.info:
        return False
    if _is_deep_grey(image):
        return bool((np.asarray(image) == image.info["transparency"]).any())
    lowest, _ = image.convert("RGBA").getchannel("A").getextrema()
    return bool(lowest != 255)


def _pixels(image: Image.Image, layout: str) -> Pixels:
    turned = ImageOps.exif_transpose(image) if _orientation(image) != 1 else image
    if _is_deep_grey(image):
        # TIFF files of 12 bits are unpacked, but not stretched
        top = 4095 if "I;12" in layout else 65535
        return np.round(np.asarray(turned) * (255 / top)).astype(np.uint8)
    if image.mode in _GREY:
        return np.asarray(turned.convert("L"))
    # Pillow warns when a palette with transparency turns into RGB directly
    solid = turned.convert("RGBA") if image.mode in _PALETTES else turned
    pixels = np.asarray(solid.convert("RGB"))
    is_grey = image.mode in _PALETTES and (pixels == pixels[..., :1]).all()
    return pixels[..., 0] if is_grey else pixels


def _orientation(image: Image.Image) -> int:
    return int(image.getexif().get(_ORIENTATION, 1))


def _is_deep(image: Image.Image, layout: str) -> bool:
    return _is_deep_grey(image) or ";16" in layout or "65535" in layout


def _layout(image: Image.Image) -> str:
    """Return the layout of the values in the file, as Pillow names it before they are loaded."""
    return " ".join(str(tile.args) for tile in getattr(image, "tile", []))
