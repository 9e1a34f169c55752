"""The file of what was measured, robustness.json: each measurement is kept as soon as it is there, and made once."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikeatlas.snn.atomic import write_atomically
from spikeatlas.snn.robustness import MASKED_GRADIENTS

MARK = "spikeatlas robustness"
FILE = "robustness.json"

Entry = dict[str, Any]
"""A measurement, as JSON values; ``key`` is the digest (hex) of all that it depends on."""


class RobustnessRecord:
    """The measurements in a file, by their keys."""

    def __init__(self, path: Path) -> None:
        """FileExistsError where something else than a file of ours stands there."""
        self.path = path
        self.entries: dict[str, Entry] = _read(path)

    def keep(self, key: str, entry: Mapping[str, Any]) -> Entry:
        """Add a measurement and write the file, with what another process added meanwhile; NaN becomes null."""
        whole: Entry = {"key": key, **{name: _plain(value) for name, value in entry.items()}}
        self.entries = {**self.entries, **_read(self.path), key: whole}
        text = json.dumps(
            {
                "made_by": MARK,
                "warning": MASKED_GRADIENTS,
                "measurements": [*self.entries.values()],
            },
            indent=1,
            allow_nan=False,
        )
        write_atomically(self.path, f"{text}\n".encode())
        return whole


def _read(path: Path) -> dict[str, Entry]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, IsADirectoryError):
        raw = None
    if not isinstance(raw, dict) or raw.get("made_by") != MARK:
        raise FileExistsError(
            f"{path} is there, and is no whole file of spikeatlas robustness: move it away, or choose another folder with -o"
        )
    return {entry["key"]: entry for entry in raw["measurements"]}


def _plain(value: Any) -> Any:
    """Return JSON's value: null for what is undefined; an infinite ratio has no number in JSON either."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
