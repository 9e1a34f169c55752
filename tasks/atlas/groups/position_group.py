"""Selectivity of the one unit at a position of each neuron's map, beside that of the whole map."""

from __future__ import annotations

from spikeatlas.tasks.atlas.groups.base import Group, Variable, rows
from spikeatlas.tasks.atlas.groups.progress_group import ANALYSED
from spikeatlas.tasks.atlas.groups.selectivity_group import ACTIVE, SELECTIVITY, TUNING
from spikeatlas.tasks.atlas.layout import Layout


def _battery(layout: Layout, layer: str | None) -> dict[str, Variable]:
    """Return the variables that the channels have in ``/selectivity``, under the same names."""
    return {
        name: variable
        for group in (ACTIVE, SELECTIVITY, TUNING)
        for name, variable in group.variables(layout, layer).items()
    }


POSITION = Group(
    "selectivity/position",
    "the same measures of the one unit at a position of each neuron's map (`analysis.position`) as an electrode would "
    "see it; `natural_active` counts the images whose single responses are kept; of layers without maps, the neuron's own",
    _battery,
    rows,
    mark=ANALYSED,
    when=lambda layout: bool(layout.position),
    condition="analysis.position",
)
