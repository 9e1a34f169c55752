"""A torch module with its weights, as a subject."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.layer_info import LayerInfo, require_neurons
from spikeatlas.snn.modules import (
    CLASSES,
    Answers,
    FasterWay,
    Silence,
    require_numbers,
    verdict,
)
from spikeatlas.snn.readings import RATE, UnitChoice
from spikeatlas.snn.responder import check_counts
from spikeatlas.snn.sentences import near
from spikeatlas.snn.showing import Showing, check_stimuli
from spikeatlas.snn.subjects.base import (
    Images,
    Neurons,
    Scores,
    Subject,
)
from spikeatlas.snn.subjects.lacking import LackError
from spikeatlas.snn.subjects.lazy_references import LazyReferences
from spikeatlas.snn.subjects.module_responder import (
    LayerActivity,
    Means,
    ModuleParts,
    ModuleResponder,
    as_numbers,
    presentation_keys,
)
from spikeatlas.snn.subjects.module_ways import ProvenWays

_BATCH = 64
_KEY = CodingKey(0, "", "reference")


class ModuleSubject(Subject):
    """A torch module at one point of its training."""

    def __init__(
        self,
        module: nn.Module,
        parts: ModuleParts,
        layers: Mapping[str, LayerInfo],
        *,
        input_shape: tuple[int, int, int],
        lacks: tuple[str, ...],
        natural_images: Callable[[], Images],
        quantile: float,
    ) -> None:
        self.input_shape = input_shape
        self.layers = layers
        self.stochastic = parts.stochastic
        self.time_steps = parts.trial.drive.time_steps
        self.classes = None if parts.readout is None else parts.readout.classes
        self.lacks = lacks
        self._module = module
        self._parts = parts
        self._silence: Silence | None = None
        self._ways = ProvenWays(module, parts)
        analog = [name for name, layer in parts.trial.layers.items() if not layer.spikes]
        self._references = LazyReferences(
            lambda unit: self.activity(natural_images(), analog, unit), analog, quantile
        )

    def references(self, unit: UnitChoice = "channel") -> dict[str, NDArray[np.float32]]:
        """See ``Subject``: mean activities, measured at the first call for a unit."""
        return {name: reference.values for name, reference in self._references(unit).items()}

    @property
    def inactive(self) -> dict[str, NDArray[np.bool_]]:
        """True (neurons,) where natural images reach nothing above 0, of each layer that does not spike."""
        return {name: reference.inactive for name, reference in self._references().items()}

    def activity(
        self, images: Images, layers: Sequence[str], unit: UnitChoice = "channel"
    ) -> Means:
        """Mean outputs (n, neurons) over time and positions of whole layers, in the module's own units.

        ``unit``: a position of the maps, if not all.
        """
        check_stimuli(images, self.input_shape, sequences=True)
        activity = LayerActivity(
            self._parts,
            {name: range(self.layers[name].neurons) for name in layers},
            self._silence,
            unit=unit,
        )
        rows = [
            {name: means[:count] for name, means in self._shown(activity, batch).items()}
            for batch, count in padded_batches(images, _BATCH)
        ]
        return {
            name: as_numbers(f"layer {name}", np.concatenate([row[name] for row in rows]))
            for name in layers
        }

    def check(self) -> None:
        """See ``Subject``: answers to some training images are numbers."""
        parts = self._parts
        places = {name: layer.place for name, layer in parts.trial.layers.items()}
        require_numbers(parts.captures.mine(), places, parts.trial.pictures)

    def answers(self) -> Answers:
        """Try again whether it draws random numbers. ValueError for answers that are not one image's alone."""
        parts = self._parts
        places = {name: layer.place for name, layer in parts.trial.layers.items()}
        return verdict(parts.captures.mine(), places, parts.trial.pictures)[1]

    def responder(self, neurons: Neurons, showing: Showing) -> ModuleResponder:
        """See ``Subject``."""
        self._check(neurons, showing)
        of_module = {
            name: list(row) for name, row in neurons.items() if not self._parts.is_class_layer(name)
        }
        activity = LayerActivity(
            self._parts,
            of_module,
            self._silence,
            class_neurons=neurons.get(CLASSES) if self._reads_classes(neurons) else None,
            reading=showing.reading,
            unit=showing.unit,
            device=showing.device,
        )
        references = self._references(showing.unit) if self._are_analog(of_module) else {}
        return ModuleResponder(
            self._parts,
            neurons,
            showing,
            activity=activity,
            references=references,
            way=self._way(neurons, showing),
            shape=self.input_shape,
        )

    def scores(self, images: Images, showing: Showing) -> Scores:
        """See ``Subject``."""
        readout = self._parts.readout
        if readout is None:
            return super().scores(images, showing)
        check_stimuli(images, self.input_shape, sequences=True)
        self._check_key(showing)
        rows = [np.empty((0, readout.classes))]
        way = "hooks" if readout.twin is None else self._way({readout.twin: [0]}, showing)
        for batch, count in padded_batches(images, showing.batch_size):
            if isinstance(way, str) or not self._parts.tries(batch):
                rows.append(self._batch_scores(batch, showing)[:count])
            else:
                rows.append(self._counts(way, batch)[:count])
        return as_numbers(f"its read-out {readout.name}", np.concatenate(rows))

    def silenced(self, layer: str, neuron: int) -> ModuleSubject:
        """See ``Subject``: the neuron's channel is 0 for all that follows it. LackError for the layer of classes."""
        self._check({layer: [neuron]}, Showing(key=_KEY))
        is_class = self._parts.is_class_layer(layer)
        if is_class or self._silence is not None:
            raise LackError(
                f"neuron {neuron} of layer {layer!r} cannot be silenced: "
                + ("a class is no neuron." if is_class else "another is silent already.")
            )
        subject = copy.copy(self)
        subject._silence = Silence(self._parts.trial.layers[layer].place, neuron)  # noqa: SLF001
        return subject

    def _shown(self, activity: LayerActivity, batch: Images) -> Means:
        frames = self._parts.frames(batch, _KEY)
        return activity(frames, self._parts.seed(batch, _KEY))

    def _batch_scores(self, batch: Images, showing: Showing) -> Scores:
        readout, parts = self._parts.readout, self._parts
        assert readout is not None
        showings = showing.presentations if self.stochastic else 1
        total = np.zeros((len(batch), readout.classes))
        for key in presentation_keys(showing.key, showings):
            total += readout.read(
                parts.captures.mine(showing.device),
                parts.frames(batch, key),
                silence=self._silence,
                seed=parts.seed(batch, key),
            )
        return total / showings

    def _counts(self, way: FasterWay, batch: Images) -> Scores:
        """Spike counts (n, classes) of the layer that is read, in a faster way."""
        readout = self._parts.readout
        assert readout is not None
        assert readout.twin is not None
        neurons = {readout.twin: range(readout.classes)}
        rates = way.counts(batch, [readout.twin], neurons, batch_size=len(batch))[readout.twin]
        counts: Scores = np.rint(rates * (self.time_steps or 1))
        return counts

    def _way(self, neurons: Neurons, showing: Showing) -> FasterWay | str:
        """Return the faster way of a responder, or why the hooks answer."""
        if showing.kind == "plain":
            return "the plainest way is asked for"
        if showing.device != "cpu":
            return f"on {showing.device}, where no compiled scan runs"
        if self._silence is not None or self.stochastic:
            return "a neuron is silent" if self._silence else "its answers are drawn"
        if self._reads_classes(neurons) or self._are_analog(neurons):
            return "not all of the layers spike"
        if showing.reading != RATE or showing.unit != "channel":
            return f"reading {showing.reading.kind}, unit {showing.unit}"
        return self._ways.of(neurons, exact=showing.kind != "fast")

    def _reads_classes(self, neurons: Neurons) -> bool:
        return any(self._parts.is_class_layer(name) for name in neurons)

    def _are_analog(self, neurons: Neurons) -> bool:
        layers = self._parts.trial.layers
        return any(name in layers and not layers[name].spikes for name in neurons)

    def _check(self, neurons: Neurons, showing: Showing) -> None:
        """Raise ValueError for layers, neurons or a showing that cannot be."""
        if not neurons:
            raise ValueError(f"layers is empty: name at least one of {', '.join(self.layers)}.")
        for name, row in neurons.items():
            if name not in self.layers:
                raise ValueError(
                    f"layers names {name!r}, but the network has {', '.join(self.layers)}{near(name, self.layers)}."
                )
            require_neurons(name, row, self.layers[name].neurons)
        check_counts(showing.batch_size, showing.presentations)
        if self._reads_classes(neurons) and showing.reading != RATE:
            raise ValueError(
                f"reading {showing.reading.kind} reads spikes, and classes have none: use rate."
            )
        self._check_key(showing)

    def _check_key(self, showing: Showing) -> None:
        if self.stochastic and showing.key is None:
            raise ValueError(
                "key is missing: the network's answers are drawn, so give a CodingKey that says which random numbers."
            )
