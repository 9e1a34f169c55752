"""The page: everything about an atlas in one HTML file that opens offline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from spikeatlas.tasks.atlas.ownership import in_the_way, report_files
from spikeatlas.tasks.report import key
from spikeatlas.tasks.report.anchors import anchor
from spikeatlas.tasks.report.atlas_words import (
    UNKNOWN,
    film_sentence,
    lead_sentence,
    response_sentence,
    state_sentence,
    stimulus_word,
)
from spikeatlas.tasks.report.curves import layer_panels, overview_panels
from spikeatlas.tasks.report.diverse_sets import Variety, layer_variety
from spikeatlas.tasks.report.explorer import render_explorer
from spikeatlas.tasks.report.grid import LayerGrid, layer_grid
from spikeatlas.tasks.report.layers import LayerSummary
from spikeatlas.tasks.report.pictures import Panel, short_names
from spikeatlas.tasks.report.summary import Summary, read_summary
from spikeatlas.tasks.study.location import Place, write_whole
from spikeatlas.tasks.study.run_files import PAGES

REPORT, EXPLORER = PAGES
"""The page, and the one to walk through every neuron."""

RUN_ONLY = ("runner", "output")
"""Fields of a study that say where it ran, not what was measured."""


@dataclass(frozen=True)
class Section:
    """One layer's part of the page."""

    name: str
    anchor: str
    """Its name, as an id has it."""
    neurons: int
    signed: bool
    """True where responses may be below 0."""
    spike_step: str
    """What one spike adds to a response; empty: not known."""
    panels: tuple[Panel, ...]
    grid: LayerGrid
    variety: Variety | None


def write_report(atlas: Place, folder: Path) -> Path:
    """Write ``folder/index.html``, and the explorer beside it, each whole or not at all; the first's path.

    Raises FileNotFoundError when there is no atlas, AtlasError when it is damaged or newer than we are, ValueError where
    somebody else's pages are in the folder.
    """
    return write_pages(atlas, read_summary(atlas), folder)


def write_pages(atlas: Place, summary: Summary, folder: Path) -> Path:
    """As ``write_report``, of an atlas whose summary is read already."""
    require_free(folder)
    pages = render_pages(atlas, summary)
    folder.mkdir(parents=True, exist_ok=True)
    for name, html in pages.items():
        write_whole(folder / name, html)
    return folder / REPORT


def render_pages(atlas: Place, summary: Summary) -> dict[str, str]:
    """Render the report and the explorer, by the names of their files."""
    return {REPORT: render(summary), EXPLORER: render_explorer(atlas, summary)}


def require_free(folder: Path) -> None:
    """Raise ValueError where somebody else's files have the names of the pages."""
    problems = in_the_way(report_files(folder), "report", "folder (--output)")
    if problems:
        raise ValueError(*problems)


def render(summary: Summary) -> str:
    """Render the page as HTML; the same atlas gives the same text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["anchor"] = anchor
    return environment.get_template("template.html").render(
        explorer=EXPLORER,
        data=summary.data_name,
        searched=summary.searched,
        what=stimulus_word(summary.layout),
        film=film_sentence(summary.layout),
        lead=lead_sentence(summary.layout, summary.data_name, summary.sign),
        responses=response_sentence(summary.layout),
        most=_most(summary),
        least=bool(summary.layout.signs),
        states=state_sentence(summary.layout, summary.sign),
        problems=[*key.problems(summary), *filter(None, [summary.test.regret])],
        columns=key.columns(summary),
        rows=[key.row(summary, layer) for layer in summary.layers],
        basis=key.basis(summary),
        panels=overview_panels(summary),
        epochs=epoch_table(summary),
        sections=[_section(summary, layer) for layer in summary.layers],
        classes=class_key(summary),
        settings=settings(summary.study, (*summary.layout.lacks, *summary.idle)),
        made=making(summary),
        origin=origin(summary),
        query=query(summary),
    )


def _most(summary: Summary) -> str:
    """Say which images were sought: the most, the least exciting ones, or both."""
    if summary.layout.signs:
        return "most and least"
    return "most" if summary.sign > 0 else "least"


def _section(summary: Summary, layer: LayerSummary) -> Section:
    return Section(
        layer.name,
        anchor(layer.name),
        len(layer.neurons),
        not summary.layout.unit(layer.name).zero_is_silence,
        "" if layer.spike_step is None else f"{layer.spike_step:.3g}",
        tuple(layer_panels(summary, layer)),
        layer_grid(summary, layer),
        layer_variety(summary, layer),
    )


def class_key(summary: Summary) -> str:
    """Return the names that the short labels stand for; empty where they are the names themselves."""
    names = summary.layout.classes
    short = short_names(names)
    pairs = zip(short, names, strict=True)
    return ", ".join(f"{label} = {name}" for label, name in pairs if label != name)


def epoch_table(summary: Summary) -> list[list[str]]:
    """Return the network's progress, one row an epoch."""
    progress = summary.progress
    return [
        [
            name,
            *(
                str(progress[count][row]) if progress[count][row] >= 0 else UNKNOWN
                for count in ("step", "images_seen")
            ),
            *(key.number(progress[value][row], ".4f") for value in ("accuracy", "loss")),
        ]
        for row, name in enumerate(key.epoch_names(summary))
    ]


def settings(study: Mapping[str, Any], unused: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the study's fields, one line a section, without what is not set, or ``unused``."""
    idle = {*RUN_ONLY, *unused}
    fields = [(name, value) for name, value in study.items() if name not in idle]
    return [(name, _plain(value)) for name, value in fields if value is not None]


EMPTY: tuple[Any, ...] = (None, {}, [], ())


def _plain(value: Any, *, verbatim: bool = False) -> str:
    """Return a value in words; ``verbatim``: the names in it are the user's, not those of fields."""
    if isinstance(value, Mapping):
        fields = [(str(name), inner) for name, inner in value.items() if inner not in EMPTY]
        names = [name if verbatim else name.replace("_", " ") for name, _ in fields]
        inner = [_plain(inner, verbatim=True) for _, inner in fields]
        return "; ".join(f"{name} {text}" for name, text in zip(names, inner, strict=True))
    if isinstance(value, list | tuple):
        return ", ".join(_plain(inner) for inner in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def making(summary: Summary) -> list[tuple[str, str]]:
    """Return the times and versions that the atlas was made at and with."""
    attributes = summary.attributes
    versions = {
        name.removesuffix("_version"): value
        for name, value in attributes.items()
        if name.endswith("_version") and name != "schema_version"
    }
    return [
        ("study digest", str(attributes.get("study_digest", UNKNOWN))[:16]),
        ("started", str(attributes.get("started") or UNKNOWN)),
        ("ended", str(attributes.get("ended") or "not yet")),
        ("versions", ", ".join(f"{name} {value}" for name, value in versions.items())),
        (
            "layers",
            ", ".join(f"{layer.name} ({len(layer.neurons)} neurons)" for layer in summary.layers),
        ),
    ]


def origin(summary: Summary) -> list[tuple[str, str]]:
    """Return the origin of the values: digests and the machine."""
    return [
        ("store", summary.name),
        ("schema version", str(summary.attributes["schema_version"])),
        ("study digest", str(summary.attributes.get("study_digest", UNKNOWN))),
        *((name.replace("_", " "), str(value)) for name, value in summary.provenance.items()),
    ]


def query(summary: Summary) -> str:
    """Return five lines of Python that find the most (or least) responsive neuron of a layer, and its MEI if there is one."""
    best, most = ("argmax", "most") if summary.sign > 0 else ("argmin", "least")
    name = summary.layers[-1].name
    epoch = summary.epochs[summary.analysed if summary.analysed is not None else -1]
    if not summary.searched:
        return f"""\
{_opening(summary)}
top = tree[{_quoted(f"natural_top/{name}")}].sel(epoch={epoch:g})  # the best test {stimulus_word(summary.layout)}s of each neuron
best = top.isel(neuron=int(top.natural_top_response.sel(rank=0).argmax("neuron")))  # the most responsive
tuning = tree[{_quoted(f"natural/{name}")}].natural_response.sel(epoch={epoch:g}, neuron=best.neuron)  # by class"""
    return f"""\
{_opening(summary)}
table = tree["neurons"].to_dataset().sel(epoch={epoch:g})  # a row for each neuron of every layer
best = table.isel(neuron=int(table.response.where(table.layer == {_quoted(name)}).{best}("neuron")))  # the {most} responsive
mei = tree[{_quoted(f"best/{name}/mei")}].sel(epoch={epoch:g}, neuron=best.neuron_index)"""


def _opening(summary: Summary) -> str:
    return f"""\
import xarray as xr
tree = xr.open_datatree({_quoted(summary.name)}, engine="zarr", consolidated=False)"""


def _quoted(text: str) -> str:
    """Return a text as Python has it."""
    return json.dumps(text, ensure_ascii=False)
