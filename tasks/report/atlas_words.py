"""An atlas in words and digits: the unit of each layer's responses, what the network is, and what it has not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from spikeatlas.snn.subjects import LACKS
from spikeatlas.tasks.atlas import SPIKES, Layout, UnitFields
from spikeatlas.tasks.report.averages import Array
from spikeatlas.tasks.report.pictures import frame_rows

UNKNOWN = "–"  # noqa: RUF001 - a dash stands for a number that is not known

SMALLEST, LARGEST = 5e-4, 10
"""Sizes between which three decimals tell a response; elsewhere four digits do."""


def level(response: float) -> str:
    """Return a response in digits, a dash where there is none."""
    if not np.isfinite(response):
        return UNKNOWN
    fits = response == 0 or SMALLEST <= abs(response) < LARGEST
    return f"{response:.3f}" if fits else f"{response:.4g}"


def short_unit(unit: UnitFields) -> str:
    """Name a unit in two words or so, as an axis takes it."""
    return "spike rate" if unit == SPIKES else f"response ({unit.name})"


def axis_of(layout: Layout, layers: Iterable[str]) -> str:
    """Name the axis of responses of several layers."""
    names = {short_unit(layout.unit(layer)) for layer in layers}
    return names.pop() if len(names) == 1 else "response (each layer's unit)"


def long_unit(unit: UnitFields) -> str:
    """Name a unit, and from where to where it goes."""
    name = "spike rate" if unit == SPIKES else unit.name
    return f"{name}, {unit.span}" if unit.span else name


def response_sentence(layout: Layout) -> str:
    """Say in which unit responses are."""
    if not layout.units:
        return (
            "Responses are spike rates from 0 to 1: spikes averaged over all time steps and, in convolutional layers, "
            "all positions of the neuron's map."
        )
    layers: dict[str, list[str]] = {}
    for layer in layout.layers:
        layers.setdefault(long_unit(layout.unit(layer)), []).append(layer)
    if len(layers) == 1:
        return f"Unit of all responses: {next(iter(layers))}."
    parts = [f"{unit} ({', '.join(names)})" for unit, names in layers.items()]
    return f"Units of responses, by layer: {'; '.join(parts)}."


def state_sentence(layout: Layout, sign: int) -> str:
    """Say what silent and saturated neurons are, where the most (1) or the least exciting image (-1) was searched for."""
    if not layout.methods:
        return ""
    silent = "A silent neuron answers no image of the search"
    units = [layout.unit(layer) for layer in layout.layers]
    if all(unit.top is None for unit in units):
        return f"{silent}."
    top = "1" if all(unit.top == 1 for unit in units) else "the most that its unit allows"
    which = "its MEI" if sign > 0 else "each"
    return f"{silent}, a saturated one answers {which} with {top}."


def undefined_shares(layout: Layout, layers: Iterable[str]) -> str:
    """Say why no neuron of some layers has a class selectivity index; empty where any may have one."""
    names = list(layers)
    if layout.numbers:
        return "Undefined: observations have no classes."
    if not all(layout.unit(layer).signed for layer in names):
        return ""
    return f"Undefined: responses of {', '.join(names)} may be below 0, and a share of a sum of both signs is no share."


def answered(responses: Array, unit: UnitFields) -> Array:
    """Return where responses are an answer: not 0 where nothing is below it."""
    answers: Array = np.isfinite(responses) & ((responses > 0) | (not unit.zero_is_silence))
    return answers


def network_lack(layout: Layout, *names: str) -> str:
    """Say which of ``LACKS`` the network of an atlas does not have, and what follows; empty where it has all."""
    missing = [LACKS[name] for name in names if name in layout.lacks]
    return f"The network does not have {'; '.join(missing)}." if missing else ""


def network_phrase(layout: Layout, data: str) -> str:
    """Name the network, and its images."""
    kind = "network" if set(layout.units) >= set(layout.layers) else "spiking network"
    return f"a {kind} {'shown' if 'training' in layout.lacks else 'trained on'} {data}"


def stimulus_word(layout: Layout) -> str:
    """Name what the network is shown: an image, a sequence, or an observation."""
    if layout.frames:
        return "sequence"
    return "observation" if layout.numbers else "image"


def film_sentence(layout: Layout) -> str:
    """Say what a picture of a sequence or of an observation shows; empty for still images."""
    if layout.numbers:
        return (
            f"Each picture shows the {layout.numbers} numbers of an observation as bars, from left to right, each from its "
            "smallest value to its largest."
        )
    if not layout.frames:
        return ""
    numbers = [row + 1 for row in frame_rows(layout.frames)]
    if len(numbers) == layout.frames:
        return f"Each picture is a sequence of {layout.frames} frames, from left to right."
    named = f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    return (
        f"Each picture shows frames {named} of a sequence of {layout.frames}, from left to right."
    )


def lead_sentence(layout: Layout, data: str, sign: int) -> str:
    """Say what the pages show of each neuron."""
    tell = _searched if layout.methods else _shown
    return " ".join(
        filter(None, [*tell(layout, network_phrase(layout, data), sign), axis_sentence(layout)])
    )


def _shown(layout: Layout, network: str, _sign: int) -> list[str]:
    what = stimulus_word(layout)
    sentence = (
        f"For each probed neuron of {network}, this page shows the test {what}s that excite it most, and its mean "
        f"response to each class. Nothing was searched (search.methods: []), so there is no most exciting {what} "
        "(MEI)."
    )
    return [sentence, film_sentence(layout)]


def _searched(layout: Layout, network: str, sign: int) -> list[str]:
    most = "most" if sign > 0 else "least"
    beside = ", and below it the one that excites it least" if layout.signs else ""
    sentence = (
        f"For each probed neuron of {network}, this page shows the {stimulus_word(layout)} that excites it {most} (its "
        f"MEI){beside}: the best found by the search, which needs no gradients{searched_when(layout)}."
    )
    return [sentence, film_sentence(layout)]


def axis_sentence(layout: Layout) -> str:
    """Say what epochs count; empty where it is passes through the training images."""
    axis = layout.axis
    return (
        ""
        if axis is None
        else f"Epochs here count something else: {axis.long_name} ({axis.comment})."
    )


def searched_when(layout: Layout) -> str:
    """Say at how many states of the network was searched; empty for one."""
    return ", anew at several epochs of training" if len(layout.epochs) > 1 else ""
