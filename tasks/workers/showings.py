"""The images that the searches at work have shown, counted over all processes of a pool, for whoever tells how far they are."""

from __future__ import annotations

import ctypes
import os
import threading
from multiprocessing.sharedctypes import RawArray
from typing import TypeAlias

Counts: TypeAlias = "ctypes.Array[ctypes.c_uint64]"

_SLOTS = 1024
"""Processes with a place of their own: no lock is needed, which a process that is killed would keep."""

_lock = threading.Lock()
_counts: Counts = (ctypes.c_uint64 * _SLOTS)()


def make_counts() -> Counts:
    """Make the counts of a pool, which its processes are given at their start."""
    counts: Counts = RawArray(ctypes.c_uint64, _SLOTS)
    return counts


def use_counts(counts: Counts) -> None:
    """Count from now on in those of a pool."""
    global _counts  # noqa: PLW0603 - one a process, as its threads are
    _counts = counts


def add_images(images: int) -> None:
    """Count images that a search of this process has shown."""
    with _lock:
        _counts[os.getpid() % _SLOTS] += images


def images_shown() -> int:
    """Return the images shown so far by all who count together."""
    return sum(_counts)
