"""The index: every atlas of a folder with its state, and links to its pages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from spikeatlas.flows.serving.listing import ServedAtlas, atlases_below, state_of
from spikeatlas.flows.serving.live_pages import LivePage, is_outdated, live
from spikeatlas.tasks.inspect.run_state import RunState
from spikeatlas.tasks.report import EXPLORER, REPORT


@dataclass(frozen=True)
class IndexRow:
    """An atlas on the index."""

    name: str
    """Path below the folder."""
    report: str
    explorer: str
    """Addresses of its pages, relative to that of the index."""
    live: bool
    """Whether these are made of the atlas as it is now."""
    state: RunState | None
    problem: str

    @property
    def started(self) -> str:
        """Time at which the work began, to the minute."""
        return _minute(self.state.started) if self.state else ""

    @property
    def ended(self) -> str:
        """Time at which it ended, to the minute; empty before."""
        return _minute(self.state.ended) if self.state else ""


def index_page(folder: Path) -> LivePage:
    """Render the index of a folder; the same states give the same text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    rows = [_row(atlas, folder) for atlas in atlases_below(folder)]
    html = environment.get_template("index.html").render(folder=str(folder), rows=rows)
    tag = hashlib.sha256(html.encode()).hexdigest()[:20]
    return LivePage(live(html, tag), tag)


def _row(atlas: ServedAtlas, folder: Path) -> IndexRow:
    state = state_of(atlas.path)
    pages = quote(atlas.pages.relative_to(folder).as_posix())
    return IndexRow(
        name=atlas.path.relative_to(folder).as_posix(),
        report=f"{pages}/{REPORT}",
        explorer=f"{pages}/{EXPLORER}",
        live=isinstance(state, RunState) and is_outdated(atlas.pages / REPORT, atlas.path),
        state=state if isinstance(state, RunState) else None,
        problem="" if isinstance(state, RunState) else state,
    )


def _minute(time: str) -> str:
    """Return a time in ISO 8601 to the minute, as people read it."""
    return time[:16].replace("T", " ") + (" UTC" if time.endswith(("Z", "+00:00")) else "")
