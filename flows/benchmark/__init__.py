"""Every program that times something: the modes of `spikeatlas benchmark`."""

from __future__ import annotations
