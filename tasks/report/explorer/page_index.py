"""The index of the page: what its script needs of an atlas before it unpacks any numbers."""

from __future__ import annotations

from typing import Any

from spikeatlas.tasks.analysis.thresholds import thresholds
from spikeatlas.tasks.atlas import BLANKS, LANES, SOURCES, STATUS, Tree
from spikeatlas.tasks.report import key
from spikeatlas.tasks.report.atlas_words import film_sentence, stimulus_word
from spikeatlas.tasks.report.best_known import BEATEN_BY
from spikeatlas.tasks.report.explorer.claim_rows import read_claims
from spikeatlas.tasks.report.explorer.columns import SHARES, KnownMeasure
from spikeatlas.tasks.report.explorer.lacks import lacks, network_lacks
from spikeatlas.tasks.report.explorer.layer_data import choices
from spikeatlas.tasks.report.explorer.overview import epoch_places, population_about, populations
from spikeatlas.tasks.report.explorer.packing import plain
from spikeatlas.tasks.report.explorer.sprites import columns, tiles_per_sheet
from spikeatlas.tasks.report.explorer.training_panels import training_panels
from spikeatlas.tasks.report.figures import COLOURS, DASHES
from spikeatlas.tasks.report.pictures import short_names
from spikeatlas.tasks.report.summary import Summary
from spikeatlas.tasks.study.location import Place


def atlas_index(tree: Tree, summary: Summary, measures: list[KnownMeasure]) -> dict[str, Any]:
    """Return the names, axes, marks and measures of an atlas, and how its pictures lie on their sheets."""
    layout, bars, size = summary.layout, thresholds(), summary.picture[1:]
    return {
        "atlas": summary.name,
        "data": summary.data_name,
        "sign": summary.sign,
        "signs": list(layout.signs or [summary.sign] * len(layout.methods)),
        "both": bool(layout.signs),
        "searched": summary.searched,
        "what": stimulus_word(layout),
        "film": film_sentence(layout),
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
        "counts": plain(summary.layers[0].image_counts),
        "status": list(STATUS),
        "lanes": list(LANES),
        "blanks": list(BLANKS),
        "beaten_by": [BEATEN_BY[source] for source in SOURCES],
        "image": list(summary.picture),
        "side": summary.side,
        "sheet": {"tiles": tiles_per_sheet(*size), "columns": columns(*size)},
        "reference_share": _reference_share(summary),
        "colours": list(COLOURS),
        "dashes": list(DASHES),
        "measures": [
            {
                "name": name,
                "label": label,
                "kind": heading,
                "about": meaning,
                "shares": name in SHARES,
            }
            for name, label, heading, meaning in measures
        ],
        "training": training_panels(tree),
        "population": {"about": population_about(tree), "layers": populations(tree, summary)},
    }


def _reference_share(summary: Summary) -> float:
    """Return the share of natural images that reach a neuron's reference, or more."""
    reference = summary.study.get("network", {}).get("reference") or {}
    return round(1 - float(reference.get("quantile", 0.99)), 6)


def sentences(tree: Tree, summary: Summary, atlas: Place) -> dict[str, Any]:
    """Return the claims, what panels lack, and what has no result."""
    claims, why = read_claims(atlas)
    missing = lacks(tree, summary)
    untold = {"claims": why, "natural": summary.test.regret}
    missing |= {name: text for name, text in untold.items() if text}
    return {
        "claims": claims,
        "missing": missing,
        "lacks": network_lacks(summary.layout),
        "problems": key.problems(summary),
    }
