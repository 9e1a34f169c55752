"""Checks of a study's probe: its layers, their names, and neurons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.snn.networks import Architecture
from spikeatlas.snn.readings import WindowReading
from spikeatlas.snn.sentences import near
from spikeatlas.snn.subjects import Source, probe_problems
from spikeatlas.tasks.study.study import Study


def layer_problems(inputs: StudyInputs) -> list[str]:
    """Name unknown layers and neurons."""
    study = inputs.study
    if inputs.source is None:
        return []
    sizes = {layer: info.neurons for layer, info in inputs.source.layers.items()}
    neurons = study.probe.neurons
    layers = [] if study.probe.layers == "all" else list(study.probe.layers)
    problems = _unknown("probe.layers", layers, inputs.source)
    if study.probe.layers == ():
        problems.append(
            f"probe.layers: the list is empty; name at least one of {', '.join(sizes)}, or give all"
        )
    if isinstance(neurons, dict):
        problems += _unknown("probe.neurons", neurons, inputs.source)
    if isinstance(neurons, int) or neurons == "all":
        return problems
    if inputs.lack("data"):
        # the last layer has a neuron for each of the data's classes
        return problems
    for layer in [layer for layer in layers or sizes if layer in sizes]:
        indices = neurons.get(layer, ()) if isinstance(neurons, dict) else neurons
        problems += _neuron_problems(layer, indices, sizes[layer])
    return problems


NAMELESS = ("", ".", "..", "zarr.json")
"""Names that mean something else to a store."""


def name_problems(study: Study, source: Source) -> list[str]:
    """Name probed layers that no store can hold: each is a folder, and a group, of that name."""
    layers = source.layers if study.probe.layers == "all" else study.probe.layers
    return [
        f"probe.layers: an atlas cannot hold a layer of the name {layer!r} ({fault}): rename the layer in the "
        "network, or leave it out of probe.layers"
        for layer in layers
        if layer in source.layers and (fault := _fault(layer))
    ]


def _fault(name: str) -> str:
    """Say what is wrong with the name of a layer; empty for nothing. Dots, blanks within and # are fine."""
    faults = {
        "a store means something else by that": name in NAMELESS or name.startswith("__"),
        "it has a / or a \\, which part folders": "/" in name or "\\" in name,
        "it begins or ends with a blank": name != name.strip(),
        "it has letters that cannot be printed": not name.isprintable(),
        "it is longer than 200 bytes": len(name.encode()) > LONGEST,
    }
    return next((fault for fault, there in faults.items() if there), "")


LONGEST = 200
"""Bytes of a name: file systems end at 255."""


def read_problems(study: Study, source: Source) -> list[str]:
    """Name a reading that a network, as it is, does not allow, and a position beyond a map."""
    probe = study.probe
    layers = None if probe.layers == "all" else probe.layers
    problems = probe_problems(source, probe.reading, probe.unit, layers)
    return [
        f"probe.{problem}" if problem.startswith("unit ") else f"probe.reading: {problem}"
        for problem in problems
    ]


def _neuron_problems(layer: str, indices: Sequence[int], size: int) -> list[str]:
    beyond = ", ".join(str(index) for index in indices if index >= size)
    problems = []
    if beyond:
        problems.append(
            f"probe.neurons: {beyond} is out of range for layer {layer}, which has neurons 0 to {size - 1}"
        )
    if len(set(indices)) < len(indices):
        problems.append(
            f"probe.neurons: {list(indices)} names a neuron of layer {layer} twice; name each once"
        )
    return problems


def _unknown(field: str, names: Iterable[str], source: Source) -> list[str]:
    """Say which names are no layers, and why, where a user may have taken them for some."""
    there = ", ".join(source.layers)
    return [
        f"{field}: {name!r} {source.hidden[name]}; probe {there}"
        if name in source.hidden
        else f"{field}: there is no layer {name!r}{near(name, source.layers)}; this network has {there}"
        for name in names
        if name not in source.layers
    ]


def exit_problems(inputs: StudyInputs) -> list[str]:
    """Name what asks for all time steps of a network that may be shown fewer, once it is trained."""
    study, network, data = inputs.study, inputs.study.network, inputs.data
    if not isinstance(network, Architecture) or not network.may_exit:
        return []
    start = "network.norm: with exit_below a trained network may be shown any number of steps"
    remedy = "leave exit_below out, or"
    problems = []
    if isinstance(study.probe.reading.trains, WindowReading):
        problems.append(
            f"{start}, but probe.reading: window names some; {remedy} choose another reading"
        )
    if data is not None and data.frames is not None:
        problems.append(
            f"{start}, but the data are sequences of {data.frames} frames that need all; {remedy} choose still images"
        )
    return problems
