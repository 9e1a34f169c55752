"""The labels of every axis of an atlas, in each group, so that any group can be opened alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tasks.atlas.schema import Layout, queries


class Labels(NamedTuple):
    """The labels of one axis, or a second label along one."""

    dim: str
    values: Sequence[Any]
    long_name: str
    units: str = "1"


def labels(layout: Layout) -> dict[str, Labels]:
    """All labels by their path in the store."""
    shared = {
        "epoch": Labels("epoch", layout.epochs, "training progress (0: untrained)", "epoch"),
        "class": Labels("class", layout.classes, "class of natural images"),
        "method": Labels("method", layout.methods, "search method"),
        "repeat": Labels("repeat", range(layout.repeats), "independent search"),
    }
    found = _within("", {name: shared[name] for name in ("epoch", "class")})
    for layer in layout.layers:
        found |= _within(f"layers/{layer}/", shared | _of_layer(layout, layer))
    found |= _within("screening/", {"epoch": shared["epoch"]} | _of_screening(layout))
    table = _of_table(layout)
    measured = ["selectivity/", *(["naturalness/"] if layout.naturalness else [])]
    for group in measured:
        found |= _within(group, {k: shared[k] for k in ("epoch", "method", "repeat")} | table)
    return found | _within("neurons/", {"epoch": shared["epoch"]} | table)


def _within(group: str, axes: dict[str, Labels]) -> dict[str, Labels]:
    return {f"{group}{name}": axis for name, axis in axes.items()}


def _of_layer(layout: Layout, layer: str) -> dict[str, Labels]:
    return {
        "neuron": Labels("neuron", layout.layers[layer], "channel or unit of the layer"),
        "query": Labels("query", queries(layout.budget), "images shown", "image"),
    }


def _of_screening(layout: Layout) -> dict[str, Labels]:
    shown = [repeat for repeat in range(layout.repeats) for _ in range(layout.screening)]
    neurons = {
        f"neuron_{layer}": Labels(f"neuron_{layer}", indices, f"channel or unit of {layer}")
        for layer, indices in layout.layers.items()
    }
    return {"repeat": Labels("stimulus", shown, "repeat that the stimulus belongs to"), **neurons}


def _of_table(layout: Layout) -> dict[str, Labels]:
    layers = [layer for layer, indices in layout.layers.items() for _ in indices]
    return {
        "neuron": Labels("neuron", range(layout.neurons), "row of the table"),
        "layer": Labels("neuron", layers, "spiking layer"),
        "index": Labels("neuron", _flat(layout.layers.values()), "channel or unit of the layer"),
    }


def _flat(parts: Iterable[Sequence[int]]) -> list[int]:
    return [value for part in parts for value in part]
