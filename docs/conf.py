"""The site of the documentation (make docs): the pages beside this file, in the order in which index.md lists them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text())["project"]

project = "Spike Atlas"
release = version = PROJECT["version"]
html_title = f"{project} {version}"
extensions = ["myst_parser"]
exclude_patterns = ["results"]

# a link to a heading that is not there is an error, as is a page that index.md does not list
myst_heading_anchors = 4

nitpicky = True
suppress_warnings = [
    "myst.header"
]  # pages are read on a code host too, where levels may be skipped

# a theme without fonts, scripts or pictures from elsewhere: the site opens from disk
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False

PAGE = re.compile(r"^(?:\d+\.|-) .*?\[.*?\]\((?P<page>[\w-]+)\.md\)", re.MULTILINE)


def contents(index: str) -> str:
    """Return the table of contents that a page's chapters (``## Name``, then a list of links) make, hidden in it."""
    parts = re.split(r"^## (.+)$", index, flags=re.MULTILINE)
    chapters = zip(parts[1::2], map(PAGE.findall, parts[2::2]), strict=True)
    return "\n\n".join(
        "\n".join(["```{toctree}", ":hidden:", f":caption: {name}", "", *pages, "```"])
        for name, pages in chapters
        if pages
    )


def add_contents(_app: Sphinx, page: str, source: list[str]) -> None:
    """Let the first page hold the table of contents: on a code host its list of links is all there is to see."""
    if page == "index":
        source[0] += f"\n\n{contents(source[0])}\n"


def setup(app: Sphinx) -> None:
    """Register what changes a page before it is read."""
    app.connect("source-read", add_contents)
