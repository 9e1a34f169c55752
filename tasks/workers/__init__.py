"""The worker process: the models it loads and keeps, and the requests it obeys."""

from __future__ import annotations
