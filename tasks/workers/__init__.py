"""What a worker process loads, keeps and obeys."""

from __future__ import annotations
