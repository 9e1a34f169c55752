"""The contract of subjects: whatever answers images. Search, atlas and analysis know nothing else of a network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass as specification

from spikeatlas.snn.data import DataSet
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.readings import UnitChoice
from spikeatlas.snn.registry import SPEC, Contract
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects.lacking import LackError
from spikeatlas.snn.subjects.training_progress import Progress

Images = NDArray[np.uint8]
Neurons = Mapping[str, Sequence[int]]
"""Neurons of each layer, by its name."""
Responses = dict[str, NDArray[np.float32]]
"""(images, neurons) of each layer."""
Scores = NDArray[np.float64]
"""(images, classes), the largest for the class that is read."""


class Respond(Protocol):
    """Responses of the neurons of a subject that it was made for; threads may share it."""

    def __call__(self, images: Images) -> Responses:
        """{layer: (n, neurons) float32} of stimuli uint8 (n, c, h, w), in the layers' units.

        Neurons stand in the order asked for. ValueError for images of another type or shape than the subject's.
        """
        ...

    def describe(self) -> list[str]:
        """Say how each layer is computed, and why, in a line."""
        ...


class Subject(ABC):
    """A network, or whatever else answers images, at one point of its training.

    No call changes it, so threads may share it.
    """

    input_shape: tuple[int, int, int]
    """(c, h, w) of its stimuli."""
    layers: Mapping[str, LayerInfo]
    """Shallow to deep."""
    stochastic: bool = False
    """True where one stimulus is answered differently at each showing."""
    time_steps: int | None = None
    """Simulated steps of a stimulus; None for what knows no time."""
    classes: int | None = None
    """Classes of its read-out; None where it has none."""
    step_scales: Mapping[str, NDArray[np.float32]] = MappingProxyType({})
    """Scales (T,) of time steps, the mean over channels, of layers that have learnt some."""
    optimum: Mapping[str, NDArray[np.float64]] = MappingProxyType({})
    """``beta``, ``objective`` and ``gap`` (classes,) of a training that knows how far from its optimum it is."""
    cut: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    """Neurons, of each layer that lost some, that training has cut out: they answer 0."""
    lacks: tuple[str, ...] = ()
    """Which of ``LACKS`` it does not have."""
    layered: bool = True
    """True where each layer is made of what the one before hands on, as far as its shape says; False of mere recordings."""

    @abstractmethod
    def responder(self, neurons: Neurons, showing: Showing) -> Respond:
        """Make the responder of some neurons of some layers, which stops at the deepest if it can.

        ValueError for unknown layers or neurons.
        """

    def drive_responder(self, neurons: Neurons, showing: Showing) -> Respond | None:
        """Make the responder of how far neurons are driven: mean input currents, in thresholds. None where these are not told."""
        del neurons, showing
        return None

    def responses(
        self, images: Images, neurons: Neurons, showing: Showing | None = None
    ) -> Responses:
        """Show images once: see ``Respond``."""
        return self.responder(neurons, showing or Showing())(images)

    def check(self) -> None:  # noqa: B027 - most can always answer
        """Raise ValueError where it cannot answer: weights that are NaN, say, of a training that diverged."""

    def references(self, unit: UnitChoice = "channel") -> dict[str, NDArray[np.float32]]:
        """Return what counts as 1, (neurons,) of each layer whose unit is relative, where this is read of a map."""
        del unit
        return {}

    def scores(self, images: Images, showing: Showing) -> Scores:
        """Scores (n, classes) of images uint8 (n, c, h, w), before any softmax. LackError without read-out."""
        del showing
        raise LackError(f"this network has no read-out, so {len(images)} images have no scores.")

    def differentiable(self) -> TrainableNetwork | None:
        """Return the network with gradients between its layers; None where there is none, or neurons are not its own."""
        return None

    def silenced(self, layer: str, neuron: int) -> Subject:
        """Return the same subject, one neuron of which never responds. LackError where that cannot be."""
        raise LackError(f"neuron {neuron} of layer {layer!r} cannot be silenced in this network.")

    def scores_without(
        self, images: Images, neurons: Neurons, showing: Showing
    ) -> dict[str, NDArray[np.float64]]:
        """Scores (neurons, n, classes) of each layer: those of images while one neuron is silent, for each in turn."""
        silent = self.silenced
        return {
            layer: np.stack([silent(layer, neuron).scores(images, showing) for neuron in indices])
            for layer, indices in neurons.items()
        }


class Source(ABC):
    """A subject along its training: one for each epoch."""

    input_shape: tuple[int, int, int]
    """(c, h, w) of its stimuli."""
    layers: Mapping[str, LayerInfo]
    """Of every epoch's subject, shallow to deep."""
    stochastic: bool = False
    """See ``Subject``."""
    time_steps: int | None = None
    """See ``Subject``."""
    classes: int | None = None
    """See ``Subject``."""
    scaled_steps: int = 0
    """Time steps whose scales are learnt (``Subject.step_scales``); 0 where there are none."""
    certified: bool = False
    """True where every subject has an ``optimum`` (``Subject.optimum``)."""
    acts: bool = False
    """True where its subjects act in an environment, so that their progress is a return."""
    outputs: tuple[str, ...] = ()
    """Layers whose neurons stand for classes from the start; nothing is claimed about these."""
    lacks: tuple[str, ...] = ()
    """See ``Subject``."""
    hidden: Mapping[str, str] = MappingProxyType({})
    """Names that a user may take for layers and that are none, each with the reason, as a sentence goes on after it."""

    place: str = ""
    """Folder, pattern or function in which the epochs are, as a sentence names it."""
    folder: Path | None = None
    """Folder that holds the files of its epochs; None where there are none."""
    facts: Mapping[str, str] = MappingProxyType({})
    """Further facts about it that a user wants to see, each with its name."""

    @property
    def network_digest(self) -> str:
        """SHA-256 (hex) of the code that answers, and of its settings; empty where all of it is ours."""
        return ""

    @property
    def network_parts(self) -> dict[str, str]:
        """SHA-256 (hex) of each part of what ``network_digest`` is of, by the words that a sentence has for it.

        Empty where nothing tells them apart.
        """
        return {}

    @abstractmethod
    def epochs(self) -> dict[float, Path | None]:
        """Return the epochs there are now, ascending, with the file of each; None for one without."""

    @abstractmethod
    def open(self, epoch: float) -> Subject:
        """Return the subject at an epoch. ValueError or FileNotFoundError where there is none."""

    @abstractmethod
    def example(self) -> Subject:
        """Return a subject of this shape before there is any checkpoint: to plan with, and to time."""

    def at_length(self, time_steps: int) -> Source:
        """Return the same epochs, shown every stimulus for so many time steps (>= 1). LackError where that cannot be."""
        raise LackError(
            f"this network cannot be shown a stimulus for {time_steps} time steps: it brings its own time with it."
        )

    @abstractmethod
    def digest(self, epoch: float) -> str:
        """SHA-256 (hex) of what the subject at an epoch is made of: its file, or its code where it has none."""

    @abstractmethod
    def progress(self, epoch: float) -> Progress:
        """Return what is known of the training at an epoch."""

    def fingerprint(self, epoch: float) -> str:
        """SHA-256 (hex) of answers to some images, which another version of a library changes; empty for ours."""
        del epoch
        return ""

    def problems(self, epochs: Sequence[float]) -> list[str]:
        """Say in sentences what keeps these epochs from being probed; they are among ``epochs()``."""
        del epochs
        return []

    def doubts(self, epoch: float, accuracy: float) -> list[str]:
        """Say in sentences what is odd about reading such a share of the test images right at an epoch."""
        del epoch, accuracy
        return []

    def unreadable(self) -> dict[float, str]:
        """Say why files of epochs cannot be read: half-written as yet, or damaged."""
        return {}


@specification(frozen=True, config=SPEC)
class SubjectSpec(Contract, ABC):
    """A subject, as a study names it under ``network``; a member adds its fields."""

    kind: str

    @property
    def stochastic(self) -> bool:
        """True where its fields alone say that one stimulus is answered differently at each showing."""
        return False

    @property
    def trained_here(self) -> bool:
        """True where its epochs are made by the study's own training."""
        return False

    @property
    def paths(self) -> dict[str, Path]:
        """Files and folders that it names, by the field."""
        return {}

    @abstractmethod
    def source(self, data: DataSet, folder: Path) -> Source:
        """Return its epochs, to be shown images like those of ``data``.

        ``folder``: of the checkpoints that the study's own training writes. ValueError, one sentence, where
        it cannot be made, or cannot take such images.
        """
