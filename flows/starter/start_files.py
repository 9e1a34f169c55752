"""The files that `spikeatlas init` writes: copies of those in the package, which an installation and a clone both have."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from spikeatlas.snn.atomic import write_atomically

SHIPPED = Path(str(files("spikeatlas"))) / "deployments"
"""Studies, benchmarks, deployments and container files, as data of the package."""

STUDY = "study.yaml"

MOST_NAMES = 5
"""Names in a sentence, at most."""


def write_start(folder: Path) -> list[Path]:
    """Write a study (``study.yaml``) and ``deployments/`` into a folder, and return the paths.

    Raises FileExistsError, before anything is written, where one of the files is there.
    """
    texts = start_files()
    place = folder.expanduser()
    folders = [f"{parent}" for name in texts for parent in Path(name).parents if parent.name]
    present = [name for name in texts if os.path.lexists(place / name)]
    present += [name for name in dict.fromkeys(folders) if _is_foreign(place / name)]
    if present:
        more = f" and {len(present) - MOST_NAMES} more" if present[MOST_NAMES:] else ""
        raise FileExistsError(
            f"{place} has {', '.join(present[:MOST_NAMES])}{more} already, and init writes over no file and through no link: "
            "choose another folder, or move them away"
        )
    for name, text in texts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place / name, text)
    return [place / name for name in texts]


def _is_foreign(folder: Path) -> bool:
    """Tell what is no folder, or leads elsewhere, where one is to be."""
    return folder.is_symlink() or (folder.exists() and not folder.is_dir())


def start_files() -> dict[str, bytes]:
    """Return the content of each file, by its name below the folder."""
    shipped = sorted(path for path in SHIPPED.rglob("*") if path.is_file())
    copies = {f"deployments/{path.relative_to(SHIPPED)}": path.read_bytes() for path in shipped}
    return {STUDY: (SHIPPED / "studies" / "start.yaml").read_bytes(), **copies}
