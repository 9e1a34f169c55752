"""The places that users name: one rule for every path, and those that a confined host lets studies use.

What is tested is what is opened: a path is expanded once, where it is read from a file, an option or the environment.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from spikeatlas.snn.allowed_code import ROOTS, is_confined

URLS = "SPIKEATLAS_URLS"
"""Environment variable with the URLs below which the atlases of a confined host may lie, separated by blanks."""
DASK = "SPIKEATLAS_DASK"
"""Environment variable with the addresses of the Dask schedulers that a confined host may use, separated by blanks."""

_VARIABLE = re.compile(r"(?:^|/)(\$\w+)|(\$\{\w+\})")
"""A variable of a shell at the beginning of a part of a path, or in braces anywhere."""


def expand(text: str | Path) -> Path:
    """Return the path that a user names: ``~`` is a home folder, ``./~`` a folder of that name.

    The result begins with no ``~``, so nobody can read it otherwise. ValueError for a home folder that there is not,
    for a variable such as $HOME, which only a shell expands, for a URL, and for no name at all.
    """
    text = str(text)
    problem = _misnomer(text)
    if problem is not None:
        raise ValueError(problem)
    path = Path(text)
    if not str(path).startswith("~"):
        return path
    if not text.startswith("~"):
        return path.absolute()
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(
            f"{text}: there is no home folder {path.parts[0]} on this machine; write the whole path"
        ) from None


def _misnomer(text: str) -> str | None:
    """Say why a text names no path."""
    variable = _VARIABLE.search(text)
    if variable is not None:
        name = variable[1] or variable[2]
        return f"{text}: only a shell puts in the value of {name}; write the whole path, or one that begins with ~/"
    if not text.strip():
        return "the path is empty; write one, or . for the working folder"
    if "\0" in text:
        return f"{text!r} has a NUL character, which no path has; take it out"
    if "://" in text:
        return (
            f"{text} is a URL, where a path is needed; name a file or folder that this machine sees"
        )
    if text.startswith("~") and "HOME" in os.environ and not os.environ["HOME"]:
        return f"{text}: the environment's HOME is empty; set it, or write the whole path"
    return None


def path_problem(path: Path) -> str | None:
    """Say that a path is outside of all roots, links followed; None within one, and on a host that is not confined."""
    if not is_confined():
        return None
    roots = [expand(root).resolve() for root in os.environ.get(ROOTS, "").split(os.pathsep) if root]
    if any(path.resolve().is_relative_to(root) for root in roots):
        return None
    return (
        f"{path} is outside of {', '.join(map(str, roots))}, the only place where studies may read and write on this host "
        f"({ROOTS}); choose a path there"
    )


def require_place(path: Path) -> None:
    """Raise ValueError for a path outside of all roots."""
    problem = path_problem(path)
    if problem is not None:
        raise ValueError(problem)


def url_problem(url: str) -> str | None:
    """Say that a URL is below none that the host names; None below one, and on a host that is not confined."""
    allowed = _named(URLS)
    # what a store makes of dots and of escaped letters is its own affair
    plain = ".." not in url.split("/") and "%" not in url and "\\" not in url
    below = any(f"{url}/".startswith(f"{prefix.rstrip('/')}/") for prefix in allowed)
    if not is_confined() or (plain and below):
        return None
    return _refusal(url, "is no place for atlases", URLS, allowed, "choose a folder")


def scheduler_problem(address: str) -> str | None:
    """Say that a Dask scheduler is none that the host names; None for those, and on a host that is not confined.

    Whoever answers as a scheduler can run code in the process that asks.
    """
    allowed = _named(DASK)
    if not is_confined() or address in allowed:
        return None
    return _refusal(
        address, "is no Dask scheduler", DASK, allowed, "leave it out to use this machine"
    )


def _named(variable: str) -> list[str]:
    return os.environ.get(variable, "").replace(",", " ").split()


def _refusal(value: str, what: str, variable: str, allowed: list[str], way: str) -> str:
    extent = f"allows {', '.join(allowed)} alone" if allowed else "allows none"
    return (
        f"{value} {what} that this host uses: {ROOTS} confines its studies, and {variable} {extent}; {way}, or have it "
        "added there"
    )
