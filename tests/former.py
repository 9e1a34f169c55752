"""Studies with atlases that older versions wrote: fixtures/atlases, and what is known of them."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path
from typing import Any

import yaml

from spikeatlas.flows.checks.study_checks import Checked, check
from tests.tiny import build

ARCHIVES = Path(__file__).parent / "fixtures" / "atlases"
VERSIONS = ("before-naturalness", "before-cross", "before-groups", "before-dimensions")
WHOLE = VERSIONS[2:]
"""Those that lack nothing that version 1 of the schema came to have."""

RESULTS = {
    "before-naturalness": 72,
    "before-cross": 72,
    "before-groups": 27,
    "before-dimensions": 36,
}
METHODS = {
    "before-naturalness": ("tt", "random"),
    "before-cross": ("tt", "random"),
    "before-groups": ("random", "random"),
    "before-dimensions": ("screened", "screened"),
}

ROUNDING = re.compile(r"differs in [12] values from what its latent decodes to$")
"""Pixels that another processor rounds to the other side of a half."""


def unpack(version: str, folder: Path) -> Path:
    """The atlas of a version, with its study and all else its user has, in a folder."""
    with tarfile.open(ARCHIVES / f"{version}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "run" / "atlas.zarr"


def study_of(atlas: Path, **sections: Any) -> Checked:
    """Its study, as its user wrote it, with some fields of some sections replaced."""
    return check(raw_study(atlas, atlas.parent, **sections))


def raw_study(atlas: Path, output: Path, **sections: Any) -> dict[str, Any]:
    """What its study's file holds, with another output, and some fields of some sections replaced."""
    raw = yaml.safe_load((atlas.parents[1] / "study.yaml").read_text())
    changed = {name: {**raw[name], **fields} for name, fields in sections.items()}
    return {**raw, **changed, "output": str(output)}


def made_anew(atlas: Path, output: Path) -> Path:
    """The atlas that this program makes of the same study."""
    build(raw_study(atlas, output))
    return output / "atlas.zarr"


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
