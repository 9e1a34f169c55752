"""Pictures of every mode: read as the file means, or refused by name."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from spikeatlas.snn.data.files.picture_file import read_picture

RNG = np.random.default_rng(1)
GREY = RNG.integers(0, 256, (4, 4), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (4, 4, 3), dtype=np.uint8)
DEEP = GREY.astype(np.uint16) * 257
RAMP = np.arange(16, dtype=np.uint8).reshape(4, 4) * 17


def tiff_of_12_bits(file: Path) -> None:
    """Write RAMP, each value stretched to 12 bits, packed."""
    values = (RAMP.astype(int) * 4095 // 255).ravel()
    pairs = values.reshape(-1, 2)
    data = b"".join(
        bytes([int(a) >> 4, (int(a) & 15) << 4 | int(b) >> 8, int(b) & 255]) for a, b in pairs
    )
    tags = [
        (256, 4),
        (257, 4),
        (258, 12),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, 4),
        (279, len(data)),
    ]
    entries = b"".join(struct.pack("<HHIHxx", tag, 3, 1, value) for tag, value in tags)
    start = 8 + len(data)
    header = b"II*\0" + struct.pack("<I", start)
    file.write_bytes(header + data + struct.pack("<H", len(tags)) + entries + b"\0" * 4)


def netpbm(kind: bytes, top: int, pixels: np.ndarray[Any, Any]) -> Callable[[Path], None]:
    height, width = pixels.shape[:2]
    head = kind + f" {width} {height} {top}\n".encode()
    return lambda file: [file.write_bytes(head + pixels.astype(">u2").tobytes())].clear()


def saving(
    pixels: np.ndarray[Any, Any], mode: str | None = None, **options: Any
) -> Callable[[Path], None]:
    image = Image.fromarray(pixels)
    return (image if mode is None else image.convert(mode)).save if not options else (
        lambda file: image.save(file, **options)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "write", "pixels"),
    [
        ("a.png", saving(GREY), GREY),
        ("a.bmp", saving(COLOUR), COLOUR),
        ("a.png", saving(DEEP), GREY),
        ("a.tif", saving(DEEP), GREY),
        ("a.pgm", netpbm(b"P5", 65535, DEEP), GREY),
        ("a.pgm", netpbm(b"P5", 4095, RAMP.astype(int) * 4095 // 255), RAMP),
        ("a.ppm", netpbm(b"P6", 65535, COLOUR.astype(np.uint16) * 257), COLOUR),
        ("a.tif", tiff_of_12_bits, RAMP),
        ("a.png", saving(GREY, "1"), None),
        ("a.png", saving(np.dstack([GREY, np.full_like(GREY, 255)])), GREY),
        ("a.png", saving(np.dstack([COLOUR, np.full_like(GREY, 255)])), COLOUR),
        ("a.gif", saving(GREY), GREY),
        ("a.png", saving(GREY, "P"), GREY),
        ("a.tif", saving(255 - COLOUR, "CMYK"), 255 - COLOUR),
        ("a.ico", saving(COLOUR), None),
    ],
)  # fmt: skip
def test_pictures_are_read_as_they_are_meant(
    tmp_path: Path, name: str, write: Callable[[Path], None], pixels: np.ndarray[Any, Any] | None
) -> None:
    write(tmp_path / name)
    picture = read_picture(tmp_path / name)
    assert picture.pixels.dtype == np.uint8
    if pixels is None:
        with Image.open(tmp_path / name) as image:
            pixels = np.asarray(image.convert("RGB"))
        pixels = pixels[..., 0] if (pixels == pixels[..., :1]).all() else pixels
    assert picture.pixels.shape == pixels.shape
    assert np.array_equal(picture.pixels, pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jpg"])
def test_a_picture_is_turned_as_its_orientation_says(
    tmp_path: Path, name: str, orientation: int
) -> None:
    turns: dict[int, Callable[[Any], Any]] = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: np.transpose,
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).T,
        8: np.rot90,
    }
    large = np.kron(RAMP, np.ones((8, 8), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(large).save(tmp_path / name, exif=exif, quality=100)
    expected = turns[orientation](large).astype(int)
    assert np.abs(read_picture(tmp_path / name).pixels.astype(int) - expected).max() <= 2


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("a.tif", saving(GREY.astype(np.float32) / 255), r"32-bit floats \(mode F\).*convert it to 8 bits"),
        ("a.tif", saving(GREY.astype(np.int32) * 257), r"32-bit whole numbers \(mode I\).*convert"),
        ("a.tif", saving(COLOUR, "LAB"), r"is of mode LAB, which is not read here: convert"),
        ("a.tif", saving(DEEP, tiffinfo={262: 0}), r"16 bits from white to black .*invert it"),
        ("a.png", saving(np.dstack([GREY, GREY])), r"transparent in places \(mode LA\).*background"),
        ("a.png", saving(np.dstack([COLOUR, GREY])), r"transparent in places \(mode RGBA\)"),
        ("a.webp", saving(np.dstack([COLOUR, GREY])), r"transparent in places \(mode RGBA\)"),
        ("a.png", saving(GREY, transparency=int(GREY[1, 2])), r"transparent in places \(mode L\)"),
        ("a.png", saving(COLOUR, transparency=tuple(map(int, COLOUR[0, 0]))), r"transparent .*mode RGB\)"),
        ("a.gif", saving(GREY, transparency=int(GREY[1, 2])), r"transparent in places \(mode P\)"),
    ],
)  # fmt: skip
def test_what_could_only_be_guessed_is_refused(
    tmp_path: Path, name: str, write: Callable[[Path], None], words: str
) -> None:
    write(tmp_path / name)
    with pytest.raises(ValueError, match=rf"a\.\w+ .*{words}"):
        read_picture(tmp_path / name)


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tif"])
def test_several_pictures_in_one_file_are_refused(tmp_path: Path, name: str) -> None:
    first, *others = [Image.fromarray(np.roll(COLOUR, row, axis=0)) for row in range(3)]
    first.save(tmp_path / name, save_all=True, append_images=others)
    with pytest.raises(ValueError, match=rf"{name} holds 3 pictures \(frames .*, or pages\): save"):
        read_picture(tmp_path / name)


def test_a_photograph_with_another_view_is_one_picture(tmp_path: Path) -> None:
    picture = Image.fromarray(np.kron(COLOUR, np.ones((8, 8, 1), np.uint8)))
    picture.save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[picture])
    assert read_picture(tmp_path / "a.jpg").pixels.shape == (32, 32, 3)


def test_the_contents_tell_the_format(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert np.array_equal(read_picture(tmp_path / "a.jpg").pixels, GREY)


@pytest.mark.parametrize("contents", [b"", b"no image", b"GIF89a\4\0"])
def test_what_is_no_image_is_refused(tmp_path: Path, contents: bytes) -> None:
    (tmp_path / "a.gif").write_bytes(contents)
    with pytest.raises(ValueError, match=r"a\.gif is no readable image \(.*repair or remove"):
        read_picture(tmp_path / "a.gif")
