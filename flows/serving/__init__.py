"""Atlases of a folder and their pages by http, on this machine alone."""

from __future__ import annotations

from spikeatlas.flows.serving.address import served_url

__all__ = ["served_url"]
