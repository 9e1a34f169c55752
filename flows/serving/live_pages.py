"""Pages of an atlas as it is now, in memory, where its run has left none or has gone on since."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from spikeatlas.flows.serving.listing import state_of
from spikeatlas.tasks.atlas import at_work, stamp
from spikeatlas.tasks.inspect.run_state import COMPLETE, RunState
from spikeatlas.tasks.report import read_summary, render_pages

HOLD = 4
"""Atlases whose pages are held; a page has up to 25 MB."""

SHARE = 10
"""Pages are made again after this many times the processor's time that making them took: a tenth of one core, at most."""

POLL_SECONDS = 4

CONTENT_POLICY = "default-src 'none'"
"""What a page of ours begins its policy with; one that asks for its own news may do that too."""

SCRIPT = """<script>
(() => {
  const tag = '"%s"';
  const look = async () => {
    try {
      const reply = await fetch(location.pathname, {method: "HEAD", cache: "no-store"});
      if (reply.ok && reply.headers.get("etag") !== tag && !document.hidden) location.reload();
    } catch { /* the serve has ended: what is shown stays */ }
  };
  setInterval(look, %d);
})();
</script>"""


@dataclass(frozen=True)
class LivePage:
    """A page, and the name of the moment that it shows."""

    html: str
    tag: str


@dataclass
class LivePages:
    """The pages of atlases, made when they are asked for, one atlas after the other."""

    _pages: OrderedDict[Path, _Rendering] = field(default_factory=OrderedDict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def tag(self, atlas: Path) -> str:
        """Return the name of the moment that a page of this atlas would show; nothing is made."""
        rendering = self._pages.get(atlas)
        if rendering is not None and rendering.lasts():
            return rendering.tag
        return _moment(atlas)

    def page(self, atlas: Path, name: str) -> LivePage:
        """Return a page of an atlas, which looks for news by itself.

        Raises FileNotFoundError when there is none, AtlasError when it is damaged or newer than we are.
        """
        with self._turn:
            rendering = self._pages.get(atlas)
            if rendering is None or rendering.tag != self.tag(atlas):
                rendering = self._pages[atlas] = _rendered(atlas)
            self._pages.move_to_end(atlas)
            while len(self._pages) > HOLD:
                self._pages.popitem(last=False)
        return LivePage(live(rendering.pages[name], rendering.tag), rendering.tag)


@dataclass(frozen=True)
class _Rendering:
    tag: str
    pages: dict[str, str]
    until: float
    """Time of the process's clock before which it is not made again."""

    def lasts(self) -> bool:
        return time.monotonic() < self.until


def live(html: str, tag: str) -> str:
    """Return a page that loads itself again, where it was, once its address has another tag."""
    policy = f"{CONTENT_POLICY}; connect-src 'self'"
    head, end, rest = html.rpartition("</body>")
    script = SCRIPT % (tag, POLL_SECONDS * 1000)
    body = f"{head}{script}\n{end}{rest}" if end else f"{html}{script}\n"
    return body.replace(CONTENT_POLICY, policy, 1)


def is_outdated(page: Path, atlas: Path) -> bool:
    """Return whether an atlas has gone on since a page of it was written, or there is no page."""
    if not page.is_file():
        return True
    state = state_of(atlas)
    # a run notes its report; by their times alone, pages of a copy would seem older than its atlas
    whole = isinstance(state, RunState) and state.state == COMPLETE
    return not whole and page.stat().st_mtime < stamp(atlas).changed


def _moment(atlas: Path) -> str:
    return f"{stamp(atlas).text}{'-running' if at_work(atlas.parent) else ''}"


def _rendered(atlas: Path) -> _Rendering:
    tag, begin = _moment(atlas), time.thread_time()
    pages = render_pages(atlas, read_summary(atlas))
    rest = SHARE * (time.thread_time() - begin)
    return _Rendering(tag, pages, time.monotonic() + rest)
