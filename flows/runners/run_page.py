"""A run's page in Prefect: everything it shows is on the run that somebody triggered, not on one of its subflows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from uuid import UUID

from prefect.artifacts import Artifact
from prefect.context import FlowRunContext

from spikeatlas.flows.serving import served_url
from spikeatlas.tasks.study.location import Place

_page: ContextVar[UUID | None] = ContextVar("page", default=None)


@contextmanager
def one_page() -> Iterator[None]:
    """Let the flow run at work be the page of all that is published in the block, also by its subflows."""
    context = FlowRunContext.get()
    token = _page.set(context.flow_run.id if context and context.flow_run else None)
    try:
        yield
    finally:
        _page.reset(token)


def publish(artifact: Artifact) -> None:
    """Show an artifact on the page, or on that of the flow run at work where none was chosen."""
    artifact.flow_run_id = artifact.flow_run_id or _page.get()
    artifact.create()


def artifact_key(atlas: Place, *words: str) -> str:
    """Return a key that begins with the study's name, so that each study has a history of its own.

    The name is that of the atlas's folder and the folder above, or of its file where that tells more: lower-case
    letters, digits and dashes, as Prefect wants them.
    """
    *folders, file = [part for part in str(absolute(atlas)).split("/") if part]
    names = folders if file == "atlas.zarr" else [*folders, file.removesuffix(".zarr")]
    return "-".join(filter(None, map(_plain, [*names[-2:], *words])))


def absolute(atlas: Place) -> Place:
    """Return the place of an atlas as it is known everywhere on this machine."""
    return atlas.absolute() if isinstance(atlas, Path) else atlas


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")


def link(text: str, page: Path) -> str:
    """Return a Markdown link to a page where it is served now, else its path to copy: no browser follows file:// from here."""
    try:
        address = served_url(page)
    except ValueError as error:
        # of no use to a run that has all but ended: the page is there
        return f"{text}: `{page.absolute()}` ({error})"
    if address is not None:
        return f"[{text}]({address}) (`{page.absolute()}`)"
    return f"{text}: `{page.absolute()}`"
