"""Compilation of loops: to machine code, once per machine, exactly as written."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile ``function`` at its first call, without Python's lock and without fast-math.

    Inside, choose between two floats by ``a if a > b else b``: max() becomes a branch there.
    Fast-math would fuse or reorder float operations, and a membrane would round otherwise than
    snnTorch's. The machine code is kept beside the source (or in the user's cache folder), so that
    a machine compiles once; where neither can be written, every process compiles for itself. It is
    compiled anew when any file of its folder changes: it contains the functions it calls.
    """
    # numba names the kept code after the function, and looks for changes in the function's own file only
    function.__qualname__ += f"_{_digest(Path(function.__code__.co_filename).parent)}"
    try:
        return cast("Function", numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:
        return cast("Function", numba.njit(nogil=True)(function))


@functools.cache
def _digest(folder: Path) -> str:
    """Digest of the Python files in a folder."""
    content = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"\0".join(content)).hexdigest()[:12]
