"""Networks in NIR files (Neuromorphic Intermediate Representation; Pedersen et al. 2024, arXiv 2311.14641).

The library ``nir`` parses the file; all else is ours, because importers of other libraries change neurons (an IF
becomes leaky, a start value is taken from the reset). NIR has equations in continuous time: they are integrated by
Euler's method with a step ``dt``, in float32, all states from 0, a spike where v > v_threshold, and v_reset in the same
step. A neuron's input is what other nodes give in the same step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from spikeatlas.snn.graph.nir_neurons import HeldNeuron
from spikeatlas.snn.graph.nir_nodes import NEURONS, node_module
from spikeatlas.snn.sentences import reason_of

_HDF5 = b"\x89HDF\r\n\x1a\n"
DT = 1e-4
"""Seconds of a step, as NIR's exporters take it."""


class FlatGraph(NamedTuple):
    """Nodes of a file, without subgraphs, each behind all that it takes in."""

    nodes: dict[str, Any]
    sources: dict[str, tuple[str, ...]]
    """Nodes that each takes in, which are added up."""


class NIRNetwork(nn.Module):
    """One step of a network: inputs (n, c, h, w) to what its output nodes get; its neurons hold their states.

    ``nodes`` has a module for each node, shallow to deep; ``names`` are the file's names, with those of subgraphs
    before them.
    """

    def __init__(self, graph: FlatGraph, dt: float, input_shape: Sequence[int] | None) -> None:
        super().__init__()
        self.names = tuple(graph.nodes)
        modules = [node_module(name, node, dt) for name, node in graph.nodes.items()]
        place = {name: number for number, name in enumerate(self.names)}
        self.nodes = nn.ModuleList(modules)
        self.sources = tuple(
            tuple(place[source] for source in graph.sources[name]) for name in self.names
        )
        self.outputs = tuple(place[name] for name in _named(graph, "Output"))
        entry = place[_named(graph, "Input")[0]]
        self.nodes[entry] = _entry(_shape(graph, self.names[entry]), input_shape)
        self._check(tuple(input_shape or _shape(graph, self.names[entry])))

    @property
    def spiking(self) -> dict[str, str]:
        """Path of the module of every node that spikes, by the node's name."""
        return {
            name: f"nodes.{number}"
            for number, name in enumerate(self.names)
            if isinstance(self.nodes[number], HeldNeuron)
        }

    def reset(self) -> None:
        """Let all neurons start from rest."""
        for module in self.nodes:
            if isinstance(module, HeldNeuron):
                module.state = None

    def forward(self, inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        """One step: what the output node gets (n, ...), or the output nodes, shallow to deep."""
        values: list[Tensor] = []
        for module, sources in zip(self.nodes, self.sources, strict=True):
            values.append(module(_added(values, sources, inputs)))
        outputs = tuple(values[number] for number in self.outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    @torch.no_grad()
    def _check(self, shape: tuple[int, ...]) -> None:
        """Raise ValueError for nodes that do not fit what they get."""
        inputs, values = torch.zeros(1, *shape), list[Tensor]()
        for name, module, sources in zip(self.names, self.nodes, self.sources, strict=True):
            try:
                currents = _added(values, sources, inputs)
                values.append(module(currents))
            except RuntimeError as error:
                shapes = [tuple(values[source].shape[1:]) for source in sources]
                raise ValueError(
                    f"node {name!r} does not fit its inputs of shape {' and '.join(map(str, shapes))} "
                    f"({reason_of(error)}): export the file anew, its nodes' parameters of those shapes."
                ) from error
            if values[-1].shape != currents.shape and isinstance(module, HeldNeuron):
                raise ValueError(
                    f"node {name!r} has parameters for {tuple(values[-1].shape[1:])} neurons, but gets inputs of "
                    f"shape {tuple(currents.shape[1:])}."
                )
        self.reset()


def nir_module(
    file: str | Path, dt: float = DT, input_shape: Sequence[int] | None = None
) -> NIRNetwork:
    """Return the network of a NIR file, one step of ``dt`` seconds (> 0) a call.

    ``input_shape``: (c, h, w) of what it will be shown, which the file's input may take flattened; the file's own if
    None. FileNotFoundError; ValueError, one sentence, for what is no NIR file, for nodes that are not read here, for
    recurrent connections, and for shapes that do not fit; ValueError without the library.
    """
    if not dt > 0:
        raise ValueError(f"dt is {dt}: it must be positive, in seconds.")
    return NIRNetwork(flat_graph(read_file(Path(file))), dt, input_shape).eval()


def read_file(path: Path) -> Any:
    """Return a file's graph, as the library has it."""
    if not path.is_file():
        what = f"{path} is a folder, no file" if path.is_dir() else f"there is no {path}"
        raise FileNotFoundError(f"network.file: {what}.")
    try:
        import nir  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ValueError(
            "kind nir needs the library nir, which is not installed: pip install 'spikeatlas[nir]'."
        ) from error
    try:
        return nir.read(path, type_check=False)
    except Exception as error:
        # the parser raises whatever it stumbles over
        raise ValueError(
            f"network.file: {path} is not read as NIR ({_reason(path, error)}): give a file of nir.write."
        ) from error


def _reason(path: Path, error: Exception) -> str:
    """Say what is wrong with a file that the parser does not read."""
    with path.open("rb") as file:
        if file.read(len(_HDF5)) != _HDF5:
            return "it is no HDF5 file"
    reasons = {"truncated": "its end is missing", "'node'": "it is an HDF5 file without a graph"}
    return next((words for part, words in reasons.items() if part in str(error)), reason_of(error))


def flat_graph(graph: Any) -> FlatGraph:
    """Return the nodes of a graph without subgraphs, in an order in which each follows what it takes in.

    ValueError for recurrent connections, names of nodes that there are not, and inputs other than one.
    """
    nodes, edges = _flattened(graph, "")
    sources: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in edges:
        for end in (source, target):
            if end not in nodes:
                raise ValueError(f"a connection names node {end!r}, which is not in the file.")
        sources[target].append(source)
    order = _order(sources)
    flat = FlatGraph(
        {name: nodes[name] for name in order}, {name: tuple(sources[name]) for name in order}
    )
    _check_ends(flat)
    return flat


def _flattened(graph: Any, prefix: str) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Nodes by their full name, and connections between them."""
    nodes: dict[str, Any] = {}
    edges = [(prefix + source, prefix + target) for source, target in graph.edges]
    for name, node in graph.nodes.items():
        if type(node).__name__ != "NIRGraph":
            nodes[prefix + name] = node
            continue
        inner, inside = _flattened(node, f"{prefix}{name}.")
        whole = prefix + name
        entry, end = _end(node, whole, "Input"), _end(node, whole, "Output")
        nodes |= {full: Passage() if full in (entry, end) else part for full, part in inner.items()}
        edges = [(end if s == whole else s, entry if t == whole else t) for s, t in edges] + inside
    return nodes, edges


class Passage:
    """Input or output node of a subgraph, which hands on what it gets."""


def _end(graph: Any, name: str, kind: str) -> str:
    """Full name of a subgraph's one input or output node."""
    ends = [key for key, node in graph.nodes.items() if type(node).__name__ == kind]
    if len(ends) != 1:
        raise ValueError(f"subgraph {name!r} has {len(ends)} {kind} nodes: it must have one.")
    return f"{name}.{ends[0]}"


def _order(sources: Mapping[str, Sequence[str]]) -> list[str]:
    try:
        return list(TopologicalSorter(sources).static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise ValueError(
            f"the network is recurrent ({circle}), and recurrent connections of NIR files are not read."
        ) from None


def _check_ends(graph: FlatGraph) -> None:
    inputs, outputs = _named(graph, "Input"), _named(graph, "Output")
    if len(inputs) != 1 or not outputs:
        raise ValueError(
            f"the file has {len(inputs)} Input and {len(outputs)} Output nodes: it must have one "
            "Input, and at least one Output."
        )
    for name, sources in graph.sources.items():
        if not sources and name != inputs[0]:
            raise ValueError(
                f"node {name!r} gets no input: connect it, or take it out of the file."
            )
    if not any(type(node).__name__ in NEURONS for node in graph.nodes.values()):
        raise ValueError(f"no node of the file spikes: there is none of {', '.join(NEURONS)}.")


def _named(graph: FlatGraph, kind: str) -> list[str]:
    """Names of the nodes of a kind that are the whole network's."""
    return [name for name, node in graph.nodes.items() if type(node).__name__ == kind]


def _shape(graph: FlatGraph, name: str) -> tuple[int, ...]:
    """Shape of an input node."""
    return tuple(int(side) for side in graph.nodes[name].input_type["input"])


def _entry(shape: tuple[int, ...], images: Sequence[int] | None) -> nn.Module:
    """Module that hands images on in the shape that the file's input has."""
    if images is None or tuple(images) == shape:
        return nn.Identity()
    if tuple(images[1:]) == shape and images[0] == 1:
        return nn.Flatten(1, 2)
    if len(shape) == 1 and shape[0] == torch.Size(images).numel():
        return nn.Flatten()
    raise ValueError(
        f"the file's input has shape {shape}, and the images are {tuple(images)}: choose data of that shape."
    )


def _added(values: Sequence[Tensor], sources: Sequence[int], inputs: Tensor) -> Tensor:
    """Sum of what a node takes in."""
    if not sources:
        return inputs
    total = values[sources[0]]
    for source in sources[1:]:
        total = total + values[source]
    return total
