"""Whether the compiled loops can run here."""

from __future__ import annotations

try:
    import numba  # noqa: F401
except ImportError:
    COMPILED = False
else:
    COMPILED = True
