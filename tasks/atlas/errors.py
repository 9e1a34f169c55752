"""Errors of an atlas and of its runs."""

from __future__ import annotations


class AtlasError(ValueError):
    """An atlas that cannot be used as asked: the message says why and what to do."""


class OldError(AtlasError):
    """An atlas of an older version, to be migrated before it is written."""


class BusyError(AtlasError):
    """Another run is at work on the folder."""


class OutdatedError(RuntimeError):
    """A unit of work whose run has a successor."""
