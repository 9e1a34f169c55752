"""The report: one page that shows an atlas, and its key figures as a table."""

from __future__ import annotations

from spikeatlas.tasks.report.key import key_figures
from spikeatlas.tasks.report.page import EXPLORER, REPORT, render_pages, write_pages, write_report
from spikeatlas.tasks.report.summary import read_summary

__all__ = [
    "EXPLORER",
    "REPORT",
    "key_figures",
    "read_summary",
    "render_pages",
    "write_pages",
    "write_report",
]
