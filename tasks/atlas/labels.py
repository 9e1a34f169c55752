"""The labels of every axis of an atlas, in each group, so that any group can be opened alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from spikeatlas.tasks.atlas.schema import Layout, queries


class Labels(NamedTuple):
    """The labels of one axis, or a second label along one."""

    dim: str
    values: Sequence[Any]
    long_name: str
    units: str = "1"


def labels(layout: Layout) -> dict[str, Labels]:
    """All labels by their path in the store."""
    shared = {
        "epoch": Labels("epoch", epochs_of(layout), "training progress (0: untrained)", "epoch"),
        "class": Labels("class", layout.classes, "class of natural images"),
        "method": Labels("method", layout.methods, "search method"),
        "repeat": Labels("repeat", range(layout.repeats), "independent search"),
    }
    found = _within("", {name: shared[name] for name in ("epoch", "class")})
    for layer in layout.layers:
        found |= _within(f"layers/{layer}/", shared | _of_layer(layout, layer))
    found |= _within("screening/", {"epoch": shared["epoch"]} | _of_screening(layout))
    table = _of_table(layout)
    epochs = Labels("stimulus_epoch", epochs_of(layout), "training progress of the MEI", "epoch")
    if layout.cross:
        found |= _within("cross/", {"epoch": shared["epoch"], "stimulus_epoch": epochs})
        found |= {f"layers/{layer}/stimulus_epoch": epochs for layer in layout.layers}
    if layout.natural_images:
        found |= _within("natural/", {"epoch": shared["epoch"]} | _of_natural(layout))
        layers = Labels("layer", tuple(layout.layers), "spiking layer")
        found |= _within("population/", {"epoch": shared["epoch"], "layer": layers})
    if layout.ablation:
        found |= _within("ablation/", {"epoch": shared["epoch"]} | table)
    measured = ["selectivity/", *(["naturalness/"] if layout.naturalness else [])]
    for group in measured:
        found |= _within(group, {k: shared[k] for k in ("epoch", "method", "repeat")} | table)
    return found | _within("neurons/", {"epoch": shared["epoch"]} | table)


def epochs_of(layout: Layout) -> list[float]:
    """The epochs as numbers of one type."""
    return [float(epoch) for epoch in layout.epochs]


def _within(group: str, axes: dict[str, Labels]) -> dict[str, Labels]:
    return {f"{group}{name}": axis for name, axis in axes.items()}


def _of_layer(layout: Layout, layer: str) -> dict[str, Labels]:
    return {
        "neuron": Labels("neuron", layout.layers[layer], "channel or unit of the layer"),
        "query": Labels("query", queries(layout.budget), "images shown", "image"),
    }


def _of_screening(layout: Layout) -> dict[str, Labels]:
    shown = [repeat for repeat in range(layout.repeats) for _ in range(layout.screening)]
    repeat = Labels("stimulus", shown, "repeat that the stimulus belongs to")
    return {"repeat": repeat, **_neurons_by_layer(layout)}


def _of_natural(layout: Layout) -> dict[str, Labels]:
    return {
        "image": Labels("image", layout.natural_images, "index among the test images"),
        "label": Labels("image", layout.natural_labels, "class of the image, by its place in class"),
        "first": Labels("image", layout.natural_first, "1: in the first half, 0: in the second"),
        **_neurons_by_layer(layout),
    }  # fmt: skip


def _neurons_by_layer(layout: Layout) -> dict[str, Labels]:
    return {
        f"neuron_{layer}": Labels(f"neuron_{layer}", indices, f"channel or unit of {layer}")
        for layer, indices in layout.layers.items()
    }


def _of_table(layout: Layout) -> dict[str, Labels]:
    layers = [layer for layer, indices in layout.layers.items() for _ in indices]
    return {
        "neuron": Labels("neuron", range(layout.neurons), "row of the table"),
        "layer": Labels("neuron", layers, "spiking layer"),
        "index": Labels("neuron", _flat(layout.layers.values()), "channel or unit of the layer"),
    }


def _flat(parts: Iterable[Sequence[int]]) -> list[int]:
    return [value for part in parts for value in part]
