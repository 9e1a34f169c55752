"""The files that `spikeatlas init` writes: copies of those in the package, which an installation and a clone both have."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from spikeatlas.snn.atomic import write_atomically

SHIPPED = Path(str(files("spikeatlas"))) / "deployments"
"""Studies, benchmarks, deployments and container files, as data of the package."""

STUDY = "study.yaml"


def write_start(folder: Path) -> list[Path]:
    """Write a study (``study.yaml``) and ``deployments/`` into a folder, and return the paths.

    Raises FileExistsError, before anything is written, where one of the files is there.
    """
    texts = start_files()
    place = folder.expanduser()
    present = [name for name in texts if (place / name).exists() or (place / name).is_symlink()]
    if present:
        raise FileExistsError(
            f"{place} has {', '.join(present)} already, and init writes over no file: choose another folder, or move them away"
        )
    for name, text in texts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place / name, text)
    return [place / name for name in texts]


def start_files() -> dict[str, bytes]:
    """Return the content of each file, by its name below the folder."""
    shipped = sorted(path for path in SHIPPED.rglob("*") if path.is_file())
    copies = {f"deployments/{path.relative_to(SHIPPED)}": path.read_bytes() for path in shipped}
    return {STUDY: (SHIPPED / "studies" / "start.yaml").read_bytes(), **copies}
