"""A user's own images: root/train/<class>/*, root/test/<class>/*."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError
from pydantic import model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.data.base import DataFields
from spikeatlas.snn.data.dataset import DataSet, Split, even_rows
from spikeatlas.snn.registry import SPEC

_LAYOUT = (
    "a folder data set is laid out as root/train/<class>/<image> and root/test/<class>/<image>"
)
_UNREADABLE = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
)
_GREY = ("1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N")


@dataclass(frozen=True, config=SPEC)
class FolderImages(DataFields):
    """Images of your own: root/train/<class>/*, root/test/<class>/*."""

    dataset: Literal["folder"] = "folder"
    """``folder``: reads root/train and root/test, a folder a class."""

    @model_validator(mode="after")
    def _has_root(self) -> FolderImages:
        if self.root is None:
            raise ValueError(
                "data.root is missing: the data set 'folder' needs the folder that holds train and "
                "test."
            )
        return self

    def load(self) -> DataSet:
        """Load as many images as the limit leaves."""
        assert self.root is not None
        return load_folder(self.root.expanduser(), self.limit)


def load_folder(root: Path, limit: int | None) -> DataSet:
    """Read the images of a folder; grey if every image read is grey, else RGB.

    Only the files that ``limit`` leaves are decoded. FileNotFoundError for a missing folder;
    ValueError for folders without images, splits with other classes, images of another size and
    unreadable files.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"data.root {root} is no folder: {_LAYOUT}.")
    train, test = _list_split(root / "train"), _list_split(root / "test")
    _check_classes(train, test)
    files = [_choose(listing, limit) for listing in (train, test)]
    pictures = _decode([file for paths, _ in files for file in paths])
    images = _stack(pictures)
    count = len(files[0][0])
    return DataSet(
        train=Split(images[:count], files[0][1]),
        test=Split(images[count:], files[1][1]),
        classes=tuple(train),
    )


def _list_split(folder: Path) -> dict[str, list[Path]]:
    """List image files by class, both in the order of their names."""
    if not folder.is_dir():
        raise FileNotFoundError(f"data.root has no folder {folder}: {_LAYOUT}.")
    classes = sorted(entry for entry in folder.iterdir() if entry.is_dir() and _visible(entry))
    endings = Image.registered_extensions()
    listing = {
        entry.name: sorted(
            file
            for file in entry.iterdir()
            if file.suffix.lower() in endings and _visible(file) and file.is_file()
        )
        for entry in classes
    }
    empty = [name for name, files in listing.items() if not files]
    if empty or not listing:
        where = ", ".join(str(folder / name) for name in empty) or str(folder)
        raise ValueError(f"data.root has no images in {where}: {_LAYOUT}, each class with images.")
    return listing


def _visible(entry: Path) -> bool:
    return not entry.name.startswith(".")


def _check_classes(train: dict[str, list[Path]], test: dict[str, list[Path]]) -> None:
    lonely = [f"train/{name}" for name in train if name not in test]
    lonely += [f"test/{name}" for name in test if name not in train]
    if lonely:
        raise ValueError(
            f"data.root has classes in one split only ({', '.join(lonely)}): train and test need "
            "the same class folders; add the missing ones or remove these."
        )


def _choose(
    listing: dict[str, list[Path]], limit: int | None
) -> tuple[list[Path], npt.NDArray[np.int64]]:
    files = [file for paths in listing.values() for file in paths]
    labels = np.repeat(np.arange(len(listing)), [len(paths) for paths in listing.values()])
    rows = even_rows(labels, limit)
    return [files[row] for row in rows], labels[rows].astype(np.int64)


def _decode(files: list[Path]) -> list[npt.NDArray[np.uint8]]:
    """Read pictures (h, w) or (h, w, 3), all square and of the first one's size."""
    pictures: list[npt.NDArray[np.uint8]] = []
    for file in files:
        picture = _read_picture(file)
        height, width = picture.shape[:2]
        if height != width:
            raise ValueError(
                f"{file} is {width}x{height} pixels: images must be square; crop or resize them."
            )
        if pictures and len(pictures[0]) != height:
            first = len(pictures[0])
            raise ValueError(
                f"{file} is {width}x{height} pixels but {files[0]} is {first}x{first}: all images "
                "of a data set have one size; resize them."
            )
        pictures.append(picture)
    return pictures


def _read_picture(file: Path) -> npt.NDArray[np.uint8]:
    try:
        with Image.open(file) as image:
            if image.mode.startswith("I;16"):
                return np.round(np.asarray(image) / 257).astype(np.uint8)
            # Pillow warns when a palette with transparency turns into RGB directly
            solid = image.convert("RGBA") if image.mode == "P" else image
            return np.asarray(solid.convert("L" if image.mode in _GREY else "RGB"))
    except _UNREADABLE as error:
        raise ValueError(
            f"{file} is no readable image ({error}): repair or remove the file."
        ) from None


def _stack(pictures: list[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    """Stack images (n, c, h, w); grey pictures among coloured ones become RGB with equal channels."""
    if all(picture.ndim == 2 for picture in pictures):
        return np.stack(pictures)[:, None]
    coloured = [
        picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
        for picture in pictures
    ]
    return np.ascontiguousarray(np.stack(coloured).transpose(0, 3, 1, 2))
