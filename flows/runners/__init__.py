"""Where task runs are executed, and how a run is watched."""

from __future__ import annotations
