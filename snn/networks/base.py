"""The contract of networks that are trained here: an architecture, as a study's fields describe it, and what it builds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.neurons import FastSigmoid, SpikingNeuron, SurrogateSpec

Shape = tuple[int, int, int]
TimeSteps = Annotated[int, Field(ge=1, le=10_000)]
"""Time steps for which a stimulus is shown; checks show one for as long, so there is an end."""
Width = Annotated[int, Field(ge=1, le=100_000)]
"""Units, channels or pixels along one side of a network's part: what is absurd is refused before it is allocated."""


@dataclass(frozen=True)
class NetworkSite:
    """The images that a network is built for, and the numbers its weights are drawn by."""

    input_shape: Shape
    """(c, h, w) of an image."""
    classes: int
    """Classes that are read (>= 1); a decoding may have several output neurons for each."""
    mean: Sequence[float]
    """Of pixels/255, per channel."""
    std: Sequence[float]
    """Standard deviation of pixels/255, per channel (> 0)."""
    seed: int
    """Of the weights (>= 0)."""
    surrogate: SurrogateSpec = field(default_factory=FastSigmoid)
    """The gradient of spikes."""

    def __post_init__(self) -> None:
        """Raise ValueError where shapes and values do not fit."""
        if len(self.input_shape) != 3 or min(self.input_shape) < 1:
            raise ValueError(
                f"input_shape is {self.input_shape}: it must be (channels, height, width), all >= 1."
            )
        if self.classes < 1:
            raise ValueError(f"classes is {self.classes}: it must be at least 1.")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}: it must be 0 or more.")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != self.input_shape[0]:
                raise ValueError(
                    f"{name} has {len(values)} values: give one for each of the {self.input_shape[0]} channels."
                )
        if min(self.std) <= 0:
            raise ValueError(f"std is {tuple(self.std)}: every channel's must be positive.")


class LayerOutputs(NamedTuple):
    """One pass through a network, with gradients between all that it passes."""

    spikes: dict[str, Tensor]
    """(T, n, ...) of the spiking layers, shallow to deep; of none where a network has no layers of its own."""
    outputs: Tensor
    """(T, n, output neurons), those of ``forward``."""


class TrainableNetwork(nn.Module, ABC):
    """A network that is trained here, and all that is needed to show it an image as in training.

    ``mean``, ``std`` (c,): what pixels/255 are normalised with; ``input_shape`` (c, h, w); ``time_steps``;
    ``coding``. No call changes the module, so threads may share it.
    """

    mean: Tensor
    std: Tensor
    layers: tuple[str, ...] = ()
    """Names of its spiking layers, from the input on; empty where it has none that can be looked into."""

    def __init__(
        self, *, input_shape: Shape, time_steps: int, coding: Coding, mean: Tensor, std: Tensor
    ) -> None:
        super().__init__()
        self.input_shape = input_shape
        self.time_steps = time_steps
        self.coding = coding
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    @property
    @abstractmethod
    def classes(self) -> int:
        """Classes that the output is read as."""

    def normalise(self, images: Tensor) -> Tensor:
        """(images/255 - mean)/std as float32 (n, c, h, w), for uint8 images of that shape."""
        pixels = images.to(self.device, torch.float32) / 255
        return (pixels - self.mean[:, None, None]) / self.std[:, None, None]

    @property
    def device(self) -> torch.device:
        """The device that its weights are on, and its inputs have to be."""
        return self.mean.device

    def neurons(self, layer: str) -> SpikingNeuron:
        """Return the neurons of one of its ``layers``. ValueError for an unknown one."""
        raise ValueError(f"this network has no layer {layer!r} to look into.")

    def capture(self, inputs: Tensor, depth: int) -> Iterator[tuple[str, Tensor]]:
        """Spikes (T, n, ...) of the first ``depth`` of its ``layers``, one by one, of encoded images (T or 1, n, c, h, w)."""
        del inputs, depth
        return iter(())

    @abstractmethod
    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs (T, n, output neurons) of encoded images (T, n, c, h, w), or (1, n, c, h, w), with gradients.

        Layer by layer, each over the whole sequence.
        """

    def layer_outputs(self, inputs: Tensor) -> LayerOutputs:
        """Do what ``forward`` does, and return the spikes of every layer too."""
        return LayerOutputs({}, self.forward(inputs))

    def input_weights(self) -> dict[str, Tensor]:
        """Weights (neurons, ...) that each neuron of a spiking layer reads its input with, by layer."""
        return {}

    def numbers(self) -> dict[str, list[int]]:
        """Numbers that the neurons of a layer had before it was cut, of those layers that were."""
        return {}

    @abstractmethod
    def unroll(self, inputs: Tensor) -> Tensor:
        """Do what ``forward`` does step after step, through all layers: the plain loop."""

    @abstractmethod
    def scores(self, outputs: Tensor) -> Tensor:
        """Scores (n, classes) of outputs (T, n, output neurons), the largest for the class that is read."""


class Architecture(ABC):
    """A network, as a study describes it: a frozen pydantic dataclass with its own fields."""

    time_steps: int
    coding: Coding

    @abstractmethod
    def build(self, site: NetworkSite) -> TrainableNetwork:
        """Build it, untrained; torch's generator is left alone. ValueError where it cannot take such images."""

    def stepwise_problems(self) -> list[str]:
        """Say in sentences what keeps it from being trained step after step (``training.backend: eager``)."""
        return []

    @property
    def one_length(self) -> bool:
        """True where a stimulus is to be shown for as many time steps as in training."""
        return False

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the training methods that alone train it; empty where any does."""
        return ()

    @property
    def scaled_steps(self) -> int:
        """Time steps that have learnt scales of their own; 0 where none have."""
        return 0

    @property
    def may_exit(self) -> bool:
        """True where it may be shown fewer time steps, once it is trained, than ``time_steps``."""
        return False

    @abstractmethod
    def layer_infos(self, shape: Shape, classes: int) -> dict[str, LayerInfo]:
        """Return its spiking layers, shallow to deep, for images (c, h, w) of so many classes."""
