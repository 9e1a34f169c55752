"""The site of a folder: its index, the files that belong to atlases, and the pages that are made of atlases as they are.

Only GET and HEAD, nothing outside of the folder, links followed; a request that names another host than this machine is
refused, so that no page of a stranger's reaches it through a name that he points here (DNS rebinding).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import NotModifiedResponse

from spikeatlas.flows.serving.index_page import index_page
from spikeatlas.flows.serving.listing import atlas_of_page, belongs_to_an_atlas
from spikeatlas.flows.serving.live_pages import POLL_SECONDS, LivePages, is_outdated
from spikeatlas.tasks.atlas import AtlasError
from spikeatlas.tasks.report import EXPLORER, REPORT

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = ["127.0.0.1", "localhost"]
"""Names of this machine that a browser may ask for."""

HEADERS = {
    # a page asks us alone, whatever is in it
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def site(folder: Path) -> Starlette:
    """Return the application that serves a folder."""
    answers = SiteAnswers(folder.resolve())
    return Starlette(
        routes=[Route("/{path:path}", partial(_answer, answers.answer), methods=["GET"])],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
        exception_handlers={HTTPException: _refused},
    )


async def _answer(answer: Callable[[Request], Response], request: Request) -> Response:
    # disks are slow, and pages take seconds: other requests are answered meanwhile
    response = await run_in_threadpool(answer, request)
    response.headers.update(HEADERS)
    return response


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = f"{error.status_code} {error.detail}: {request.url.path}\n"
    return Response(text, error.status_code, {**HEADERS, **(error.headers or {})}, "text/plain")


@dataclass(frozen=True)
class SiteAnswers:
    """Answers to requests of one folder."""

    folder: Path
    """Absolute, links followed."""
    pages: LivePages = field(default_factory=LivePages)

    def answer(self, request: Request) -> Response:
        """Return the index of a folder, a page of an atlas, or a file. Raises HTTPException where there is none."""
        path = self.place(request.path_params["path"])
        of_atlas = atlas_of_page(path / REPORT) is not None
        if of_atlas or path.is_dir():
            if not request.url.path.endswith("/"):
                # of the address, not of where a link leads
                return RedirectResponse(f"{quote(Path(request.path_params['path']).name)}/")
            if not of_atlas:
                return self._index(path, request)
            path /= REPORT
        atlas = atlas_of_page(path) if path.name in (REPORT, EXPLORER) else None
        if atlas is not None and is_outdated(path, atlas):
            return self._live(atlas, path.name, request)
        if not path.is_file() or not belongs_to_an_atlas(path, self.folder):
            raise HTTPException(404)
        return _unless_known(request, FileResponse(path, stat_result=path.stat()))

    def place(self, text: str) -> Path:
        """Return the path that a request means, links followed.

        Raises HTTPException for one outside of the folder, and for what is hidden in it.
        """
        try:
            path = (self.folder / text.strip("/")).resolve()
            path.exists()
        except (OSError, ValueError, RuntimeError):
            # a null byte, a circle of links, too long a name
            raise HTTPException(404) from None
        if ".." in text.split("/") or not path.is_relative_to(self.folder):
            raise HTTPException(404)
        if any(part.startswith(".") for part in path.relative_to(self.folder).parts):
            raise HTTPException(404)
        return path

    def _index(self, path: Path, request: Request) -> Response:
        page = index_page(path)
        return _unless_known(request, HTMLResponse(page.html, headers={"etag": f'"{page.tag}"'}))

    def _live(self, atlas: Path, name: str, request: Request) -> Response:
        if request.method == "HEAD":
            return HTMLResponse(headers={"etag": f'"{self.pages.tag(atlas)}"'})
        try:
            page = self.pages.page(atlas, name)
        except (AtlasError, OSError, KeyError, ValueError) as error:
            reason = " ".join(str(error).split())
            message = f"{atlas.name} cannot be shown now ({reason})"
            raise HTTPException(503, message, {"Refresh": f"{POLL_SECONDS}"}) from error
        return _unless_known(request, HTMLResponse(page.html, headers={"etag": f'"{page.tag}"'}))


def _unless_known(request: Request, response: Response) -> Response:
    """Return a response without its body where the browser has it."""
    if request.headers.get("if-none-match") == response.headers["etag"]:
        return NotModifiedResponse(response.headers)
    return response
