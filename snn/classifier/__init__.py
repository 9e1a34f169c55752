"""A classifier without spikes, which judges a generator's images."""

from __future__ import annotations
