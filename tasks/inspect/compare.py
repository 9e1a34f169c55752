"""Two search methods held against each other, neuron by neuron, at equal cost."""

from __future__ import annotations

import xarray as xr
from rich.table import Table

from spikeatlas.tasks.atlas import (
    SATURATED,
    UNPLANNED,
    Tree,
    UnitFields,
    layout_of,
    of_sign,
    open_tree,
    require_searched,
    settled,
)
from spikeatlas.tasks.inspect.neurons import require_known
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.study.location import Place


def compare_methods(path: Place, first: str, second: str) -> str:
    """Count wins of ``first`` over ``second`` a layer and epoch, on the mean response over all repeats.

    A neuron counts as saturated where either method reached the unit's top in every repeat (its bottom,
    silenced, where the least exciting image is searched): it cannot tell them apart. A unit without that
    end has none. Ties are exact. ValueError where one looked for the most, the other for the least exciting image.
    """
    require_searched(path)
    with open_tree(path) as tree:
        direction = _direction(tree, (first, second))
    table = Table(
        "layer",
        "epoch",
        "neurons",
        "saturated" if direction > 0 else "silenced",
        f"{first} wins",
        "ties",
        f"{second} wins",
        f"{first} wins, share",
    )
    with open_tree(path) as tree:
        for name in tree.layers:
            group = of_sign(tree.layer(name, "layers"), direction)
            end = _at_end(group, layout_of(tree.root).unit(name), direction)
            counts = _count(group, (first, second), direction, end)
            for epoch in counts.epoch.values:
                _row(table, name, f"{epoch:g}", counts.sel(epoch=epoch))
            _row(table, name, "all", counts.sum("epoch"))
            repeats = group.sizes["repeat"]
    return f"{first} against {second}, mean of {repeats} repeats, each neuron of each epoch one duel\n{as_text(table)}"


def _direction(tree: Tree, methods: tuple[str, str]) -> int:
    """Return the sign of both methods."""
    labels = tree[f"layers/{tree.layers[0]}"]["search_sign"]
    signs = dict(zip(labels["search"].values.tolist(), labels.values.tolist(), strict=True))
    for method in methods:
        require_known("method", method, signs)
    first, second = (signs[method] for method in methods)
    if first != second:
        message = (
            f"{methods[0]} and {methods[1]} cannot be compared: one looked for the most, the other for the least exciting "
            "image; name two of one sign"
        )
        raise ValueError(message)
    return int(first)


def _at_end(group: xr.Dataset, unit: UnitFields, direction: int) -> xr.DataArray:
    """Return where a search got as far as responses go."""
    end: xr.DataArray = (
        group.status == SATURATED if direction > 0 else group.response == unit.bottom
    )
    return end


def _count(
    group: xr.Dataset, methods: tuple[str, str], direction: int, at_end: xr.DataArray
) -> xr.Dataset:
    first, second = methods
    unplanned = group.status == UNPLANNED
    ended = (settled(group.status) | unplanned).all("repeat").all("search")
    full = (at_end | unplanned).all("repeat").any("search")
    response = direction * group.response.mean("repeat")
    ahead = response.sel(search=first, drop=True) - response.sel(search=second, drop=True)
    open_to_both = ended & ~full
    wins = {"wins": ahead > 0, "ties": ahead == 0, "losses": ahead < 0}
    return xr.Dataset(
        {
            "neurons": ended.sum("neuron"),
            "saturated": (ended & full).sum("neuron"),
            **{name: (mask & open_to_both).sum("neuron") for name, mask in wins.items()},
        }
    )


def _row(table: Table, layer: str, epoch: str, counts: xr.Dataset) -> None:
    wins, ties, losses = (int(counts[name]) for name in ("wins", "ties", "losses"))
    total = wins + ties + losses
    share = f"{wins / total:.2f}" if total else "-"
    table.add_row(
        layer,
        epoch,
        str(int(counts.neurons)),
        str(int(counts.saturated)),
        str(wins),
        str(ties),
        str(losses),
        share,
    )
