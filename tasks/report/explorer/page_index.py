"""The index of the page: what its script needs of an atlas before it unpacks any numbers."""

from __future__ import annotations

from typing import Any

import xarray as xr

from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.atlas import LANES, STATUS
from spikeatlas.tasks.report import key
from spikeatlas.tasks.report.explorer.claim_rows import read_claims
from spikeatlas.tasks.report.explorer.columns import identifier, known_measures
from spikeatlas.tasks.report.explorer.lacks import lacks
from spikeatlas.tasks.report.explorer.layer_data import choices
from spikeatlas.tasks.report.explorer.overview import epoch_places, population_about, populations
from spikeatlas.tasks.report.explorer.packing import plain
from spikeatlas.tasks.report.explorer.sprites import columns, tiles_per_sheet
from spikeatlas.tasks.report.figures import COLOURS, DASHES
from spikeatlas.tasks.report.pictures import short_names, side
from spikeatlas.tasks.report.summary import Summary
from spikeatlas.tasks.study.location import Place


def atlas_index(tree: xr.DataTree, summary: Summary) -> dict[str, Any]:
    """Return the names, axes, marks and measures of an atlas, and how its pictures lie on their sheets."""
    layout, bars, size = summary.layout, thresholds(), summary.layout.image[1:]
    return {
        "atlas": summary.name,
        "data": summary.data_name,
        "sign": summary.sign,
        "bars": {"csi": bars.selective_csi, "rate": bars.rate},
        "epochs": plain(summary.epochs),
        "axis": epoch_places(summary),
        "progress": {name: plain(values) for name, values in summary.progress.items()},
        "flags": {name: plain(done) for name, done in summary.flags.items()},
        "reached": summary.reached,
        "analysed": summary.analysed,
        "classes": list(layout.classes),
        "short": short_names(layout.classes),
        "methods": list(layout.methods),
        "choices": list(choices(summary)),
        "repeats": layout.repeats,
        "queries": plain(summary.layers[0].queries),
        "status": list(STATUS),
        "lanes": list(LANES),
        "image": list(layout.image),
        "side": side(layout.image[1]),
        "sheet": {"tiles": tiles_per_sheet(*size), "columns": columns(*size)},
        "colours": list(COLOURS),
        "dashes": list(DASHES),
        "measures": _measures(tree),
        "population": {"about": population_about(tree), "layers": populations(tree, summary)},
    }


def _measures(tree: xr.DataTree) -> list[dict[str, str]]:
    return [
        {
            "name": identifier(measure),
            "label": measure.label,
            "kind": measure.heading,
            "about": str(variable.attrs.get("long_name", "")),
        }
        for measure, variable in known_measures(tree)
    ]


def sentences(tree: xr.DataTree, summary: Summary, atlas: Place, regret: str) -> dict[str, Any]:
    """Return the claims, what panels lack (test images: ``regret``), and what has no result."""
    claims, why = read_claims(atlas)
    missing = lacks(tree, summary)
    missing |= {name: text for name, text in (("claims", why), ("natural", regret)) if text}
    return {"claims": claims, "missing": missing, "problems": key.problems(summary)}
