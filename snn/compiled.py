"""Compilation of loops: to machine code, once per machine, exactly as written."""

from __future__ import annotations

import fcntl
import functools
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.compiler_lock import global_compiler_lock

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile ``function`` at its first call, without Python's lock and without fast-math.

    Inside, choose between two floats by ``a if a > b else b``: max() becomes a branch there.
    Fast-math would fuse or reorder float operations, and a membrane would round otherwise than
    snnTorch's. The machine code is kept beside the source (or in the user's cache folder), so that
    a machine compiles once, processes that need it at the same time too: one compiles, the others wait for
    it; where neither can be written, every process compiles for itself. It is
    compiled anew when any file of its folder changes: it contains the functions it calls.
    """
    # numba names the kept code after the function, and looks for changes in the function's own file only
    function.__qualname__ += f"_{_digest(Path(function.__code__.co_filename).parent)}"
    try:
        return cast("Function", _once(numba.njit(nogil=True, cache=True)(function)))
    except RuntimeError:
        return cast("Function", numba.njit(nogil=True)(function))


def _once(dispatcher: Any) -> Any:
    """Let one process at a time look for the kept code of a function, and compile it where there is none."""
    compile_or_load = dispatcher.compile
    lock = Path(dispatcher.stats.cache_path, f".{dispatcher.__qualname__}.lock")

    def compile_once(signature: Any) -> Any:
        # in this order, for a function's compilation takes numba's lock and then those of what it calls
        with global_compiler_lock, _locked(lock):
            return compile_or_load(signature)

    dispatcher.compile = compile_once
    return dispatcher


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file's lock against other processes; none where it cannot be written, as the code then cannot either."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError:
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@functools.cache
def _digest(folder: Path) -> str:
    """Digest of the Python files in a folder."""
    content = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"\0".join(content)).hexdigest()[:12]
