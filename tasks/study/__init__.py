"""The study: what it says, how it is resolved, how its parts are named."""

from __future__ import annotations
