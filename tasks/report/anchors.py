"""Names of layers as parts of a page's ids: a name may hold what an id, or the address of a place, must not."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")


def anchor(name: str) -> str:
    """Return a name as an id may have it, each name another: what is no plain sign stands as ~ and its number."""
    return _PLAIN.sub(lambda sign: f"~{ord(sign[0]):x}~", name)
