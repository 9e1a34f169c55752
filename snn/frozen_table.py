"""Mappings of a study that have a hash."""

from __future__ import annotations

import json
from typing import Any


class FrozenTable(dict[Any, Any]):
    """A mapping of a study, which is never changed, so that a specification with one has a hash."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(json.dumps(self, sort_keys=True, default=str))
