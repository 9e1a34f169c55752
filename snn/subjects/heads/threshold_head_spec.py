"""Threshold units on frozen features, as a study describes them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.data import DataSet
from spikeatlas.snn.files import digest_file
from spikeatlas.snn.networks import (
    FrozenLayer,
    NetworkSpec,
    ResNetArchitecture,
    SpikingNetwork,
    ThresholdHead,
    ThresholdHeadArchitecture,
    TrainableNetwork,
)
from spikeatlas.snn.registry import SPEC, UserPath
from spikeatlas.snn.sentences import caught
from spikeatlas.snn.subjects.base import SubjectSpec
from spikeatlas.snn.subjects.heads.threshold_head_subject import LACKED, ThresholdHeadSubject
from spikeatlas.snn.subjects.trained import TrainedSource, TrainedSpec
from spikeatlas.snn.training import epoch_path, load_network

CHECKPOINTS = "network.features.network.checkpoints"


def _layered(network: SubjectSpec) -> SubjectSpec:
    """Return a network whose layers can be features. ValueError for others."""
    architecture = network.architecture if isinstance(network, TrainedSpec) else None
    if not isinstance(architecture, NetworkSpec | ResNetArchitecture):
        raise ValueError(  # noqa: TRY004 - pydantic makes a sentence of it
            f"features are the spikes of a layer of ours, and a network of kind {network.kind} has none; choose chain or "
            "resnet, or leave features out, which takes the pixels"
        )
    if not isinstance(network, TrainedSpec) or network.checkpoints is None:
        raise ValueError(
            "features come from a network that is trained already: name the folder of its run's checkpoints as checkpoints, "
            "beside the fields that it was trained with"
        )
    return network


@dataclass(frozen=True, config=SPEC, kw_only=True)
class LayerFeatures:
    """A layer of a network that another study trained."""

    network: Annotated[SubjectSpec, AfterValidator(_layered)]
    """The fields of ``network`` in that study, with the folder of its run's ``checkpoints``."""
    layer: str
    """Name of the layer: its spikes a time step, of every unit at every position, are the features."""
    epoch: Annotated[float, Field(ge=0)]
    """Of the checkpoint."""

    @property
    def frozen(self) -> FrozenLayer:
        """The layer with its weights' file."""
        network = self.network
        assert isinstance(network, TrainedSpec)
        assert network.checkpoints is not None
        architecture = network.architecture
        assert isinstance(architecture, NetworkSpec | ResNetArchitecture)
        return FrozenLayer(architecture, self.layer, epoch_path(network.checkpoints, self.epoch))


@dataclass(frozen=True, config=SPEC)
class ThresholdHeadSpec(ThresholdHeadArchitecture, TrainedSpec):
    """Threshold units on frozen features: of pixels, or of a layer of a network that another study trained."""

    kind: Literal["threshold-head"] = "threshold-head"
    features: LayerFeatures | None = None
    """Features of an image: its pixels where nothing is said, or a layer of a trained network."""
    checkpoints: UserPath | None = None
    """Folder of checkpoints to load instead of training."""
    lacks: ClassVar[tuple[str, ...]] = LACKED

    @property
    def frozen(self) -> FrozenLayer | None:
        """See ``ThresholdHeadArchitecture``."""
        return None if self.features is None else self.features.frozen

    @property
    def architecture(self) -> ThresholdHeadArchitecture:
        """See ``TrainedSpec``."""
        return self

    @property
    def paths(self) -> dict[str, Path]:
        """See ``SubjectSpec``."""
        folders = {} if self.frozen is None else {CHECKPOINTS: self.frozen.file.parent}
        return super().paths | folders

    def subject(self, network: TrainableNetwork) -> ThresholdHeadSubject:
        """See ``TrainedSpec``."""
        assert isinstance(network, ThresholdHead)
        return ThresholdHeadSubject(network, self)

    def source(self, data: DataSet, folder: Path) -> HeadSource:
        """See ``SubjectSpec``."""
        return HeadSource(self, data, self.checkpoints or folder)


def _require_whole(frozen: FrozenLayer, data: DataSet) -> None:
    """Raise ValueError for a file that does not fit the network it is said to be of, or from which units were cut."""
    network = load_network(frozen.file, frozen.architecture, data.shape, len(data.classes))
    layers = list(network) if isinstance(network, SpikingNetwork) else []
    cut = [layer.name for layer in layers if layer.units is not None]
    if cut:
        raise ValueError(
            f"training has cut units out of {', '.join(cut)} of {frozen.file}, and features are of whole networks; "
            "choose an epoch before the cut, or a network that was trained without callbacks"
        )


class HeadSource(TrainedSource):
    """The checkpoints of a head, each with the frozen network in it.

    ValueError for a frozen network's file that does not fit the fields it is said to have.
    """

    certified = True

    def __init__(self, spec: ThresholdHeadSpec, data: DataSet, folder: Path) -> None:
        super().__init__(spec, data, folder)
        self._file = None if spec.frozen is None else spec.frozen.file
        if spec.frozen is not None and spec.frozen.file.is_file():
            for sentence in caught("network.features", partial(_require_whole, spec.frozen, data)):
                raise ValueError(sentence)

    @property
    def network_digest(self) -> str:
        """See ``Source``: of the file that features come from; empty where they are pixels."""
        return "" if self._file is None or not self._file.is_file() else digest_file(self._file)

    @property
    def network_parts(self) -> dict[str, str]:
        """See ``Source``."""
        return {} if self._file is None else {f"features of {self._file}": self.network_digest}
