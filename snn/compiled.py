"""How a loop is compiled: to machine code, once per machine, exactly as written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile ``function`` at its first call, without Python's lock and without fast-math.

    Inside, choose between two floats by ``a if a > b else b``: max() becomes a branch there.
    Fast-math would fuse or reorder float operations, and a membrane would round otherwise than
    snnTorch's. The machine code is kept beside the source (or in the user's cache folder), so that
    a machine compiles once; where neither can be written, every process compiles for itself.
    """
    try:
        return cast("Function", numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:
        return cast("Function", numba.njit(nogil=True)(function))
