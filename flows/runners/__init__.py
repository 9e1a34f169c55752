"""The runners of tasks, the server that records them, and the view of a run at work."""

from __future__ import annotations
