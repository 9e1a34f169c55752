"""Checking a study whole before any work: all problems are listed together."""

from __future__ import annotations

from spikeatlas.flows.checks.study_checks import Checked, check

__all__ = ["Checked", "check"]
