"""The Hebbian / anti-Hebbian cost of a layer."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.networks import Architecture, NetworkSpec, SpikingLayer
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.sentences import near
from spikeatlas.snn.training.objectives.base import LayerObjective

_EPS = 1e-6
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, config=SPEC)
class Hebbian(LayerObjective):
    """The cost of HaH layers (Cekic et al. 2022, arXiv 2202.13074), which rewards the few strongest channels.

    z_c = (W_c * x) / (||W_c||_2 + 1e-6); at each image and position, of the N values max(0, z_c), the K = ceil(top N)
    largest and the others: C = mean over images and positions of mean(largest) - demote mean(others). The loss gets
    - alpha C. In the paper a cost of rectified networks; of spiking ones, where x is the input averaged over time and
    z, the operator being linear, the averaged current, our extension.
    """

    kind: Literal["hebbian"] = "hebbian"
    alpha: Weight | tuple[Weight, ...] = 0.02
    """Weight of the cost (>= 0): one for all layers, or one for each."""
    layers: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Layers that have the cost, by name; all but the output, if none are named."""
    top: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of the channels that are rewarded, above 0 to 1."""
    demote: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.1
    """Weight of the mean of the others (>= 0)."""
    strengths: ClassVar[tuple[str, ...]] = ("alpha",)

    def problems(self, network: Architecture) -> list[str]:
        """See ``TrainingObjective``."""
        if not isinstance(network, NetworkSpec):
            return [
                "training.objectives: hebbian is a cost of layers in a row; use network.kind: chain"
            ]
        names = self.layers or network.layers[:-1]
        problems = [
            f"training.objectives: hebbian names layer {name!r}, but the network has "
            f"{', '.join(network.layers)}{near(name, network.layers)}"
            for name in names
            if name not in network.layers
        ]
        problems += [
            f"training.objectives: hebbian names layer {name} {names.count(name)} times; name it once"
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
        if isinstance(self.alpha, tuple) and len(self.alpha) != len(names):
            problems.append(
                f"training.objectives: alpha of hebbian has {len(self.alpha)} values: give one for all, or one for each "
                f"of the {len(names)} layers {', '.join(names)}"
            )
        return problems

    def weights(self, layers: tuple[str, ...]) -> dict[str, float]:
        """See ``LayerObjective``."""
        names = self.layers or layers[:-1]
        alphas = self.alpha if isinstance(self.alpha, tuple) else (self.alpha,) * len(names)
        return dict(zip(names, alphas, strict=True))

    def layer_loss(self, layer: SpikingLayer, inputs: Tensor) -> Tensor:
        """See ``LayerObjective``: - C."""
        responses = _responses(layer.operator, inputs).flatten(2).relu()
        channels = responses.shape[1]
        count = math.ceil(self.top * channels)
        rewarded = (responses * _among_largest(responses.detach(), count)).sum(1)
        others = (responses.sum(1) - rewarded) / max(channels - count, 1)
        return -(rewarded / count - self.demote * others).mean()


def _among_largest(responses: Tensor, count: int) -> Tensor:
    """1 for the ``count`` largest channels of each position, of responses (n, channels, positions), and 0 for the others.

    Of equal ones that cannot all be among them, each has the same share.
    """
    last = _largest(responses.transpose(1, 2), count)[:, None]
    above, equal = responses > last, responses == last
    share = (count - above.sum(1, keepdim=True)) / equal.sum(1, keepdim=True)
    return above + share * equal


def _largest(numbers: Tensor, count: int) -> Tensor:
    """Return the ``count``-th largest number (...) of each row (..., numbers)."""
    if numbers.device.type != "cpu":
        return numbers.topk(count, dim=-1).values[..., -1]
    # the same number, five times as fast as torch's selection
    place = numbers.shape[-1] - count
    return torch.from_numpy(np.partition(numbers.numpy(), place)[..., place])


def _responses(operator: nn.Conv2d | nn.Linear, inputs: Tensor) -> Tensor:
    """Return z (n, channels, positions or map) of inputs (n, ...)."""
    weight = operator.weight
    lengths = weight.flatten(1).norm(dim=1) + _EPS
    filters = weight / lengths.view(-1, *(1,) * (weight.dim() - 1))
    if isinstance(operator, nn.Conv2d):
        return functional.conv2d(inputs, filters, None, operator.stride, operator.padding)
    return functional.linear(inputs, filters)[..., None]
