"""The places that a confined host lets studies use: folders, URLs and Dask schedulers that its operator names."""

from __future__ import annotations

import os
from pathlib import Path

from spikeatlas.snn.allowed_code import ROOTS, is_confined

URLS = "SPIKEATLAS_URLS"
"""Environment variable with the URLs below which the atlases of a confined host may lie, separated by blanks."""
DASK = "SPIKEATLAS_DASK"
"""Environment variable with the addresses of the Dask schedulers that a confined host may use, separated by blanks."""


def path_problem(path: Path) -> str | None:
    """Say that a path is outside of all roots, links followed; None within one, and on a host that is not confined."""
    roots = [Path(root).resolve() for root in os.environ.get(ROOTS, "").split(os.pathsep) if root]
    if not is_confined() or any(path.resolve().is_relative_to(root) for root in roots):
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
