"""The files of a split, root/<split>/<class>/**: every one is an image, or is named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from spikeatlas.snn.allowed_places import require_place

LAYOUT = "a folder data set is laid out as root/train/<class>/<image> and root/test/<class>/<image>"
"""Words for a folder that is not so."""

_NAMED = 3


@dataclass(frozen=True)
class ImageFiles:
    """The image files of a split by class, both in the order of their names, and what else lies there."""

    classes: dict[str, list[Path]]
    """Those of subfolders too, as torchvision's ImageFolder reads them."""
    other: tuple[Path, ...]
    """Files in a class whose names do not end as an image's."""
    classless: tuple[Path, ...]
    """Files beside the class folders."""

    def notes(self) -> list[str]:
        """Say in sentences what is left out."""
        notes = []
        if self.other:
            notes.append(
                f"left out, for {_of_files(self.other)} not end as an image's: {some_of(self.other)}"
            )
        if self.classless:
            notes.append(
                f"left out, for they lie beside the class folders, in none: {some_of(self.classless)}"
            )
        return notes


def list_images(folder: Path) -> ImageFiles:
    """List the files of a split; names that begin with a dot are nobody's.

    FileNotFoundError for a missing folder; ValueError for a class without images, links that lead nowhere or in a
    circle, folders that may not be read, and links that leave the roots of a confined host.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"data.root has no folder {folder}: {LAYOUT}.")
    entries = _entries(folder)
    broken = [Path(entry.path) for entry in entries if _leads_nowhere(entry)]
    files = {entry.name: _sorted_files(Path(entry.path)) for entry in entries if entry.is_dir()}
    broken += [
        path
        for paths in files.values()
        for path in paths
        if path.is_symlink() and not path.exists()
    ]
    if broken:
        raise ValueError(
            f"data.root has links that lead nowhere ({some_of(broken)}): mend or remove them."
        )
    endings = _endings()
    classes = {
        name: [path for path in paths if _is_image(path, endings)] for name, paths in files.items()
    }
    _require_images(folder, classes)
    return ImageFiles(
        classes,
        tuple(path for paths in files.values() for path in paths if not _is_image(path, endings)),
        tuple(Path(entry.path) for entry in entries if not entry.is_dir()),
    )


def some_of(paths: Sequence[Path]) -> str:
    """Name the first few of many paths, and how many more there are."""
    names = ", ".join(map(str, paths[:_NAMED]))
    rest = len(paths) - _NAMED
    return f"{names} and {rest} more" if rest > 0 else names


def _of_files(paths: Sequence[Path]) -> str:
    return "its name does" if len(paths) == 1 else f"the names of {len(paths)} files do"


def _require_images(folder: Path, classes: dict[str, list[Path]]) -> None:
    empty = [name for name, files in classes.items() if not files]
    if empty or not classes:
        where = ", ".join(str(folder / name) for name in empty) or str(folder)
        raise ValueError(f"data.root has no images in {where}: {LAYOUT}, each class with images.")


def _sorted_files(folder: Path) -> list[Path]:
    """All files below a class's folder: by folder, then by name."""
    files = _files(folder, (folder.parent.resolve(),))
    return sorted(files, key=lambda file: (str(file.parent), file.name))


def _files(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the files below a folder, links followed; ``above``: the folders that it lies in, links resolved."""
    place = folder.resolve()
    if place in above:
        raise ValueError(f"{folder} is a link to a folder that it lies in: remove it.")
    for entry in _entries(folder):
        if entry.is_dir():
            yield from _files(Path(entry.path), (*above, place))
        else:
            yield Path(entry.path)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return the entries of a folder in the order of names, without those that are hidden."""
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except PermissionError:
        raise ValueError(f"{folder} may not be read: ask its owner for the permission.") from None
    visible = [entry for entry in entries if not entry.name.startswith(".")]
    for entry in visible:
        if entry.is_symlink():
            require_place(Path(entry.path))
    return visible


def _leads_nowhere(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and not Path(entry.path).exists()


def _is_image(path: Path, endings: frozenset[str]) -> bool:
    return path.suffix.lower() in endings and path.is_file()


def _endings() -> frozenset[str]:
    """Endings of the formats that Pillow opens; .mpo files are opened as JPEG."""
    formats = Image.registered_extensions()
    return frozenset({".mpo", *(name for name, kind in formats.items() if kind in Image.OPEN)})
