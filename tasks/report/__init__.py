"""The report: one page that shows an atlas, and its key figures as a table."""

from __future__ import annotations

from tasks.report.key import key_figures
from tasks.report.page import write_pages, write_report
from tasks.report.summary import read_summary

__all__ = ["key_figures", "read_summary", "write_pages", "write_report"]
