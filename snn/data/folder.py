"""A user's own images: root/train/<class>/*, root/test/<class>/*."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.allowed_places import require_place
from spikeatlas.snn.data.base import DataFields
from spikeatlas.snn.data.dataset import DataSet, Split, even_rows
from spikeatlas.snn.data.files.image_files import LAYOUT, list_images, some_of
from spikeatlas.snn.data.files.picture_file import PictureFile, read_picture
from spikeatlas.snn.registry import SPEC

DARKEST = 65
"""Brightest value, of 255, below which 16-bit pictures hold fewer bits than their files: 14 bits reach 64."""


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
        return load_folder(self.root, self.limit)


def load_folder(root: Path, limit: int | None) -> DataSet:
    """Read the images of a folder; grey if every image read is grey, else RGB.

    Only the files that ``limit`` leaves are decoded. What else lies there is noted. FileNotFoundError for a missing
    folder; ValueError for folders without images, splits with other classes, images of another size, and files that
    cannot be read as they are meant (``list_images``, ``read_picture``).
    """
    if not root.is_dir():
        raise FileNotFoundError(f"data.root {root} is no folder: {LAYOUT}.")
    train, test = list_images(root / "train"), list_images(root / "test")
    _check_classes(train.classes, test.classes)
    files = [_choose(split.classes, limit) for split in (train, test)]
    paths = [file for names, _ in files for file in names]
    pictures = _decode(paths)
    _require_full_range(paths, pictures)
    images = _stack([picture.pixels for picture in pictures])
    count = len(files[0][0])
    return DataSet(
        train=Split(images[:count], files[0][1]),
        test=Split(images[count:], files[1][1]),
        classes=tuple(train.classes),
        notes=(*train.notes(), *test.notes(), *_plain_notes(paths, images)),
    )


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


def _decode(files: list[Path]) -> list[PictureFile]:
    """Read pictures, all square and of the first one's size."""
    pictures: list[PictureFile] = []
    for file in files:
        # links followed: a folder within the roots of a confined host may hold others
        require_place(file)
        picture = read_picture(file)
        height, width = picture.pixels.shape[:2]
        if height != width:
            raise ValueError(
                f"{file} is {width}x{height} pixels: images must be square; crop or resize them."
            )
        if pictures and len(pictures[0].pixels) != height:
            first = len(pictures[0].pixels)
            raise ValueError(
                f"{file} is {width}x{height} pixels but {files[0]} is {first}x{first}: all images "
                "of a data set have one size; resize them."
            )
        pictures.append(picture)
    return pictures


def _require_full_range(files: list[Path], pictures: list[PictureFile]) -> None:
    """Raise ValueError where 16-bit files hold 14 bits or fewer: they would be read as nearly black."""
    deep = [place for place, picture in enumerate(pictures) if picture.deep]
    brightest = max((int(pictures[place].pixels.max()) for place in deep), default=255)
    if 0 < brightest < DARKEST:
        raise ValueError(
            f"the pictures of 16 bits ({some_of([files[place] for place in deep])}) are nearly black, with {brightest} "
            "of 255 for their brightest value: do their files hold fewer bits, such as 12? Stretch the values to the "
            "whole range, or save 8 bits."
        )


def _plain_notes(files: list[Path], images: npt.NDArray[np.uint8]) -> list[str]:
    """Name the images of one colour."""
    flat = images.reshape(*images.shape[:2], -1)
    plain = np.flatnonzero((flat == flat[..., :1]).all(axis=(1, 2)))
    if len(plain) in (0, len(files)):
        return []
    return [f"of one colour all over: {some_of([files[row] for row in plain])}"]


def _stack(pictures: list[npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    """Stack images (n, c, h, w); grey pictures among coloured ones become RGB with equal channels."""
    if all(picture.ndim == 2 for picture in pictures):
        return np.stack(pictures)[:, None]
    coloured = [
        picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
        for picture in pictures
    ]
    return np.ascontiguousarray(np.stack(coloured).transpose(0, 3, 1, 2))
