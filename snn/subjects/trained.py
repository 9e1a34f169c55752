"""Networks that are trained here: their checkpoints stand in a folder, ``epoch-<e>.safetensors``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, ValidationError
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import CODINGS
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.files import digest_file
from spikeatlas.snn.networks import (
    OUTPUT,
    Architecture,
    NetworkSite,
    NetworkSpec,
    SpikingNetwork,
    TrainableNetwork,
    layer_sizes,
    pixel_statistics,
)
from spikeatlas.snn.neurons import DEFAULT_SURROGATE, SurrogateSpec
from spikeatlas.snn.registry import SPEC, UserPath
from spikeatlas.snn.sentences import caught
from spikeatlas.snn.subjects.base import Source, Subject, SubjectSpec
from spikeatlas.snn.subjects.chain_subject import ChainSubject
from spikeatlas.snn.subjects.cut_subject import CutSubject
from spikeatlas.snn.subjects.lacking import LackError
from spikeatlas.snn.subjects.training_progress import Progress
from spikeatlas.snn.training import (
    epoch_path,
    list_epochs,
    load_network,
    read_header,
    unreadable_epochs,
)


class TrainedSpec(SubjectSpec, ABC):
    """A network of an architecture of ours; a member has the architecture's fields beside ``checkpoints``."""

    checkpoints: UserPath | None
    lacks: ClassVar[tuple[str, ...]] = ()
    """See ``Source``."""

    outputs: ClassVar[tuple[str, ...]] = ()
    """See ``Source``."""
    acts: ClassVar[bool] = False
    """See ``Source``."""

    @property
    @abstractmethod
    def architecture(self) -> Architecture:
        """The network's layers, neurons and time."""

    @abstractmethod
    def subject(self, network: TrainableNetwork) -> Subject:
        """Return a network of this architecture as a subject."""

    @property
    def stochastic(self) -> bool:
        """See ``SubjectSpec``."""
        return CODINGS[self.architecture.coding].stochastic

    @property
    def trained_here(self) -> bool:
        """See ``SubjectSpec``."""
        return self.checkpoints is None

    @property
    def paths(self) -> dict[str, Path]:
        """See ``SubjectSpec``."""
        return {} if self.checkpoints is None else {"network.checkpoints": self.checkpoints}

    def source(self, data: DataSet, folder: Path) -> TrainedSource:
        """See ``SubjectSpec``."""
        return TrainedSource(self, data, self.checkpoints or folder)


@dataclass(frozen=True, config=SPEC)
class ChainSpec(NetworkSpec, TrainedSpec):
    """A feed-forward spiking network: convolutions, hidden linear layers, a spiking output."""

    # left out of a study's JSON: digests of before there were other kinds stay the same
    kind: Literal["chain"] = Field(default="chain", exclude=True)
    checkpoints: UserPath | None = None
    """Folder of checkpoints to load instead of training."""

    outputs: ClassVar[tuple[str, ...]] = (OUTPUT,)

    @property
    def architecture(self) -> NetworkSpec:
        """See ``TrainedSpec``."""
        return self

    def subject(self, network: TrainableNetwork) -> ChainSubject | CutSubject:
        """See ``TrainedSpec``: with all units that it had, where some were cut."""
        assert isinstance(network, SpikingNetwork)
        subject = ChainSubject(network)
        sizes = layer_sizes(self, network.classes)
        return subject if sizes == network.sizes else CutSubject(subject, sizes)


class TrainedSource(Source):
    """The checkpoints of one training."""

    def __init__(
        self,
        spec: TrainedSpec,
        data: DataSet,
        folder: Path,
        surrogate: SurrogateSpec = DEFAULT_SURROGATE,
    ) -> None:
        """``folder``: of the checkpoints, for images like those of ``data``; ``surrogate``: of its subjects' spikes."""
        self._spec, self._data, self._surrogate = spec, data, surrogate
        self.folder: Path = folder
        self.place = str(folder)
        self.input_shape = data.shape
        self.classes = None if "readout" in spec.lacks else len(data.classes)
        self.layers = spec.architecture.layer_infos(self.input_shape, len(data.classes))
        self.outputs = spec.outputs
        self.time_steps = spec.architecture.time_steps
        self.scaled_steps = spec.architecture.scaled_steps
        self.stochastic = spec.stochastic
        self.lacks, self.acts = spec.lacks, spec.acts

    def epochs(self) -> dict[float, Path | None]:
        """See ``Source``."""
        return {**list_epochs(self.folder)} if self.folder.is_dir() else {}

    def unreadable(self) -> dict[float, str]:
        """See ``Source``."""
        return unreadable_epochs(self.folder)

    def open(self, epoch: float) -> Subject:
        """See ``Source``."""
        return self._spec.subject(self.network(epoch, self._surrogate))

    def with_surrogate(self, surrogate: SurrogateSpec) -> TrainedSource:
        """Return the same source, the spikes of whose subjects have the gradient of ``surrogate``."""
        return TrainedSource(self._spec, self._data, self.folder, surrogate)

    def network(
        self, epoch: float, surrogate: SurrogateSpec = DEFAULT_SURROGATE
    ) -> TrainableNetwork:
        """Return the network of an epoch in evaluation mode, its spikes with the gradient of ``surrogate``.

        Errors as ``open``.
        """
        path, classes = epoch_path(self.folder, epoch), len(self._data.classes)
        return load_network(path, self._spec.architecture, self.input_shape, classes, surrogate)

    def example(self) -> Subject:
        """See ``Source``."""
        mean, std = pixel_statistics(self._data.train.images)
        site = NetworkSite(self.input_shape, len(self._data.classes), mean, std, seed=0)
        return self._spec.subject(self._spec.architecture.build(site).eval())

    def at_length(self, time_steps: int) -> TrainedSource:
        """See ``Source``. LackError where the steps have learnt scales, numbers are sums over all of them, or no field says them.

        ValueError where parts take no such number.
        """
        if self.scaled_steps:
            raise LackError(
                f"this network cannot be shown a stimulus for {time_steps} time steps: it has learnt scales of its own for "
                f"each of {self.scaled_steps} (network.norm)."
            )
        if self._spec.architecture.one_length:
            raise LackError(
                f"this network cannot be shown a stimulus for {time_steps} time steps: its numbers are sums over the "
                f"{self.time_steps} that it was trained for (network.neuron)."
            )
        if "time_steps" not in {field.name for field in fields(self._spec)}:
            raise LackError(
                f"this network cannot be shown a stimulus for {time_steps} time steps: how many there are is no field of "
                f"network.kind {self._spec.kind}; leave analysis.lengths out."
            )
        try:
            spec = replace(self._spec, time_steps=time_steps)  # type: ignore[call-arg]
        except ValidationError as error:
            reasons = [
                str(problem.get("ctx", {}).get("error", problem["msg"]))
                for problem in error.errors()
            ]
            raise ValueError("; ".join(reasons)) from None
        return TrainedSource(spec, self._data, self.folder)

    def digest(self, epoch: float) -> str:
        """See ``Source``."""
        return digest_file(epoch_path(self.folder, epoch))

    def progress(self, epoch: float) -> Progress:
        """See ``Source``."""
        header = read_header(epoch_path(self.folder, epoch))
        return Progress(
            header.step, header.images_seen, header.accuracy, header.loss, header.mean_return
        )

    def problems(self, epochs: Sequence[float]) -> list[str]:
        """See ``Source``."""
        if not self.folder.is_dir():
            return [
                f"network.checkpoints: there is no folder {self.folder}; give the folder that holds epoch-*.safetensors"
            ]
        sentences = []
        for epoch in epochs:
            name = epoch_path(self.folder, epoch).name
            sentences += caught(f"network.checkpoints: {name}", partial(self._require_fit, epoch))
        return sentences or self._several_trainings(epochs)

    def _require_fit(self, epoch: float) -> None:
        """Raise ValueError for a checkpoint of another network, of a training that diverged, or without a header."""
        self.open(epoch).check()
        read_header(epoch_path(self.folder, epoch))

    def _several_trainings(self, epochs: Sequence[float]) -> list[str]:
        """Name the studies of checkpoints that different ones trained."""
        studies: dict[str, list[str]] = {}
        for epoch in epochs:
            study = read_header(epoch_path(self.folder, epoch)).study
            studies.setdefault(study, []).append(f"{epoch:g}")
        parts = [
            f"epochs {', '.join(names)} of {f'study {study[:12]}' if study else 'an unknown study'}"
            for study, names in studies.items()
        ]
        if len(parts) < 2:
            return []
        message = (
            f"network.checkpoints: {self.folder} holds files of several studies ({'; '.join(parts)}); "
            "give a folder of one training"
        )
        return [message]
