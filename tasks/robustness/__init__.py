"""The robustness of a study's network: what is measured, the file that keeps it, its tables and its figure."""

from __future__ import annotations
