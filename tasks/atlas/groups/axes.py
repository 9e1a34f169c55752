"""The labels of every dimension: by each of them, and by no other way, a value is found with ``sel``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from spikeatlas.snn.training import EPOCHS
from spikeatlas.tasks.atlas.layout import TOP_IMAGES, Layout, image_counts

BLANKS = ("black", "grey", "white", "mean")
"""Images without anything in them, and the mean of the test images."""

HALVES = ("first", "second")
"""Halves of the test images: in one classes are chosen that are then tested on the other."""

SEARCH_SIGN = "search_sign"
"""Name of the second label along the search axis."""

COLOURS = {1: ("grey",), 3: ("red", "green", "blue")}
"""Channels of an image, by how many there are."""


class AxisLabels(NamedTuple):
    """The labels of one axis, a second label along one, or, with ``dim`` empty, of all there is."""

    dim: str
    values: Sequence[Any]
    long_name: str
    comment: str = ""
    units: str = "1"

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimensions of its array."""
        return (self.dim,) if self.dim else ()

    def attributes(self) -> dict[str, Any]:
        """CF-style attributes."""
        comment = {"comment": self.comment} if self.comment else {}
        return {"long_name": self.long_name, "units": self.units, **comment}


def axis(layout: Layout, layer: str | None, dim: str) -> AxisLabels:
    """Return the labels of one dimension, in ``layer``'s groups or in those over all layers."""
    if dim == "neuron":
        return _neurons(layout, layer)
    values, long_name, *further = AXES[dim](layout)
    return AxisLabels(dim, values, long_name, *further)


def _neurons(layout: Layout, layer: str | None) -> AxisLabels:
    if layer:
        return AxisLabels("neuron", layout.layers[layer], "neuron", "channel or unit of the layer")
    return AxisLabels("neuron", range(layout.neurons), "row of the table")


def _channels(layout: Layout) -> Sequence[str]:
    count = layout.image[0]
    return COLOURS.get(count, tuple(str(channel) for channel in range(count)))


def _entries(layout: Layout) -> str:
    return "label of the search method" + (
        "; least: of the least exciting image" if layout.signs else ""
    )


Told = tuple[Any, ...]
"""Values, long name and, where there is more to say, comment and units."""


def _places(layout: Layout) -> Told:
    axis = layout.axis or EPOCHS
    return layout.epochs, axis.long_name, axis.comment, axis.units


def _stimulus_places(layout: Layout) -> Told:
    axis = layout.axis or EPOCHS
    comment = "training progress of the network whose MEI is shown"
    return layout.epochs, f"{axis.long_name} of the stimulus", comment, axis.units


UPWARDS = (
    "counted from the bottom: the first row is the top one, and plots stand upright by themselves"
)

AXES: Mapping[str, Callable[[Layout], Told]] = {
    "epoch": _places,
    "stimulus_epoch": _stimulus_places,
    "layer": lambda layout: (tuple(layout.layers), "spiking layer"),
    "time_step": lambda layout: (range(layout.scaled_steps), "time step", "from 0"),
    "length": lambda layout: (layout.lengths, "length of a showing", "time steps from rest", "time step"),
    "search": lambda layout: (layout.methods, "search", _entries(layout)),
    "repeat": lambda layout: (range(layout.repeats), "repeat", "independent searches"),
    "channel": lambda layout: (_channels(layout), "channel"),
    "y": lambda layout: (range(layout.image[1] - 1, -1, -1), "y", UPWARDS, "pixel"),
    "x": lambda layout: (range(layout.image[2]), "x", "counted from the left", "pixel"),
    "frame": lambda layout: (range(layout.frames), "frame", "of a sequence, from 0"),
    "latent_dim": lambda layout: (range(layout.latent), "element of the latent"),
    "images": lambda layout: (image_counts(layout.budget), "images shown", "", "image"),
    "category": lambda layout: (layout.classes, "category", "class of natural images"),
    "half": lambda _layout: (HALVES, "half of the test images"),
    "rank": lambda _layout: (range(TOP_IMAGES), "rank", "0: the best"),
    "alternative": lambda layout: (range(layout.diverse), "alternative", "in the order in which they were chosen"),
    "image": lambda layout: (layout.natural_images, "test image", "index among the test images"),
    "stimulus": lambda layout: (range(layout.screening * layout.repeats), "screening stimulus"),
    "blank": lambda _layout: (BLANKS, "blank image", "grey levels 0, 128 and 255, and the mean of all test images"),
}  # fmt: skip
"""All dimensions but ``neuron``, which is another in every layer."""


def network_label(layout: Layout) -> dict[str, AxisLabels]:
    """Name the network, in every group: atlases of several are joined along it (``xr.concat``)."""
    return {"network": AxisLabels("", (layout.network,), "network", "seed of its training")}


def search_signs(layout: Layout) -> dict[str, AxisLabels]:
    """Say of each entry of the search axis what it looked for, in an atlas of both signs."""
    if not layout.signs:
        return {}
    comment = "1: it holds most exciting images; -1: least exciting ones"
    return {SEARCH_SIGN: AxisLabels("search", layout.signs, "sign of the search", comment)}


def row_labels(layout: Layout) -> dict[str, AxisLabels]:
    """Name the neurons of a table over all layers."""
    layers = [layer for layer, neurons in layout.layers.items() for _ in neurons]
    indices = _flat(layout.layers.values())
    return {
        "layer": AxisLabels("neuron", layers, "spiking layer"),
        "neuron_index": AxisLabels("neuron", indices, "neuron", "channel or unit of its layer"),
    }


def _flat(parts: Iterable[Sequence[int]]) -> list[int]:
    return [value for part in parts for value in part]
