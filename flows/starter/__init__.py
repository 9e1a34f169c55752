"""A folder to start from: a study of one's own, and all that the package brings for deployments."""

from __future__ import annotations

from spikeatlas.flows.starter.start_files import SHIPPED, write_start

__all__ = ["SHIPPED", "write_start"]
