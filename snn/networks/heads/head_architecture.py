"""The architecture of threshold units on frozen features."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.layer_info import LayerInfo, Unit
from spikeatlas.snn.networks.base import Architecture, NetworkSite, Shape, Width
from spikeatlas.snn.networks.heads.threshold_head import UNITS, LayeredNetwork, ThresholdHead, Trunk
from spikeatlas.snn.networks.resnet_spec import ResNetArchitecture
from spikeatlas.snn.networks.spec import NetworkSpec
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.sentences import near

NOISE, COPIES = 0.1, 16


@dataclasses.dataclass(frozen=True)
class FrozenLayer:
    """A layer of a trained network, whose responses are features."""

    architecture: NetworkSpec | ResNetArchitecture
    layer: str
    file: Path
    """The checkpoint with the network's weights."""

    def require_layer(self, layers: dict[str, LayerInfo]) -> LayerInfo:
        """Return its layer among those of the network; ValueError, with the near names, where there is none."""
        if self.layer not in layers:
            raise ValueError(
                f"network.features.layer: the network has no layer {self.layer!r}{near(self.layer, layers)}; it has "
                f"{', '.join(layers)}"
            )
        return layers[self.layer]


@dataclass(frozen=True, config=SPEC)
class ThresholdHeadArchitecture(Architecture, ABC):
    """Threshold units on frozen features, and for each class the sum of their weights.

    A unit is on or off, so its response to images is a plateau: what is probed is its margin, or the mean over noisy
    copies of the image.
    """

    units: Width = 512
    """Units (>= 1): hyperplanes that are drawn, each with another pattern of training images that turn it on."""
    response: Literal["margin", "noisy"] = "margin"
    """``margin``: distance of the features from the unit's plane, not negative where it is on; ``noisy``: share of noisy
    copies of the image that turn it on."""
    noise: Annotated[float, Field(gt=0, le=1)] = NOISE
    """Of ``noisy``: standard deviation of what is added to each pixel, in parts of the range (> 0)."""
    copies: Annotated[int, Field(ge=2, le=1024)] = COPIES
    """Of ``noisy``: copies of each image (>= 2); their noise is the same for all images."""

    methods: ClassVar[tuple[str, ...]] = ("convex-threshold",)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.response == "margin" and (self.noise, self.copies) != (NOISE, COPIES):
            raise ValueError(
                "noise and copies are of response noisy, and response is margin: leave them out, or write response: noisy"
            )
        return self

    @property
    @abstractmethod
    def frozen(self) -> FrozenLayer | None:
        """The layer that features are of; None: pixels."""

    @property
    def time_steps(self) -> int:  # type: ignore[override]
        """See ``Architecture``."""
        return 1 if self.frozen is None else self.frozen.architecture.time_steps

    @property
    def coding(self) -> Coding:  # type: ignore[override]
        """See ``Architecture``."""
        return "current" if self.frozen is None else self.frozen.architecture.coding

    @property
    def may_exit(self) -> bool:
        """See ``Architecture``."""
        return self.frozen is not None and self.frozen.architecture.may_exit

    def build(self, site: NetworkSite) -> ThresholdHead:
        """See ``Architecture``. The frozen network has no weights as yet: whoever trains the head gives it some."""
        trunk = None
        features = math.prod(site.input_shape)
        if self.frozen is not None:
            info = self._layer(site.input_shape, site.classes)
            features = info.neurons * math.prod(info.map)
            network: LayeredNetwork = self.frozen.architecture.build(site)
            trunk = Trunk(network.eval(), self.frozen.layer)
        mean, std = (torch.tensor(row, dtype=torch.float32) for row in (site.mean, site.std))
        return ThresholdHead(
            input_shape=site.input_shape,
            classes=site.classes,
            units=self.units,
            features=features,
            mean=mean,
            std=std,
            trunk=trunk,
        )

    def _layer(self, shape: Shape, classes: int) -> LayerInfo:
        """Return the frozen layer for images (c, h, w) of so many classes."""
        assert self.frozen is not None
        return self.frozen.require_layer(self.frozen.architecture.layer_infos(shape, classes))

    def layer_infos(self, shape: Shape, classes: int) -> dict[str, LayerInfo]:
        """See ``Architecture``."""
        if self.frozen is not None:
            self._layer(shape, classes)
        return {UNITS: LayerInfo(self.units, (), self.unit)}

    @property
    def unit(self) -> Unit:
        """The unit of responses."""
        if self.response == "noisy":
            return Unit("share of noisy copies that turn the unit on", quantum=1 / self.copies)
        return Unit("distance from the unit's plane, in features", top=None, bottom=None)
