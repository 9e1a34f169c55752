"""A user's own neurons, normalisations, surrogate and decoding, as a study names them: ``tests.snn.own_layers:Name``."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.networks import DecodingSpec
from spikeatlas.snn.neurons import NeuronSite, NeuronSpec, SpikingNeuron, SurrogateSpec
from spikeatlas.snn.norms import Norm, NormSite, NormSpec
from spikeatlas.snn.registry import SPEC


class AdaptiveNeuron(SpikingNeuron):
    """A leaky neuron whose threshold rises with every spike (Bellec et al. 2018)."""

    def __init__(self, site: NeuronSite, strength: float) -> None:
        super().__init__()
        self.site = site
        self.strength = nn.Parameter(
            torch.full((site.shape[0], *(1,) * len(site.shape[1:])), strength)
        )

    def step(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        membrane, rise, spikes = state or (torch.zeros_like(current),) * 3
        membrane = self.site.beta * membrane + current - spikes.detach() * self.site.threshold
        rise = 0.9 * rise + spikes
        spikes = self.site.surrogate.fire(membrane - self.site.threshold - self.strength * rise)
        return spikes, (membrane, rise, spikes)


@dataclass(frozen=True, config=SPEC)
class Adaptive(NeuronSpec):
    """Adaptive leaky neurons."""

    strength: float = 0.2

    def problems(self, time_steps: int) -> list[str]:
        return ["one step leaves no time to adapt; set network.time_steps to 2 or more"][
            : time_steps < 2
        ]

    def build(self, site: NeuronSite) -> SpikingNeuron:
        return AdaptiveNeuron(site, self.strength)


class TernaryNeuron(SpikingNeuron):
    """Spikes of both signs, half as high as others', and a whole sequence at once: no state."""

    height = 0.5
    signed = True

    def step(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        return self.run(current[None], 1)[0], state

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        spread = currents.expand(time_steps, *currents.shape[1:])
        return 0.5 * ((spread > 0.5).float() - (spread < -0.5).float()) + 0 * spread


@dataclass(frozen=True, config=SPEC)
class Ternary(NeuronSpec):
    """Ternary neurons."""

    def build(self, site: NeuronSite) -> SpikingNeuron:
        del site
        return TernaryNeuron()


class HeavisideNeuron(SpikingNeuron):
    """A spike wherever the current is above 0.5, which passes no gradient on."""

    def step(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        return (current > 0.5).float(), state


@dataclass(frozen=True, config=SPEC)
class Heaviside(NeuronSpec):
    """Heaviside neurons."""

    def build(self, site: NeuronSite) -> SpikingNeuron:
        del site
        return HeavisideNeuron()


class TwoSidedNeuron(SpikingNeuron):
    """A leaky neuron that fires downwards, too, below minus its threshold."""

    signed = True

    def __init__(self, site: NeuronSite) -> None:
        super().__init__()
        self.site = site

    def step(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        membrane, spikes = state or (torch.zeros_like(current),) * 2
        threshold, fire = self.site.threshold, self.site.surrogate.fire
        membrane = self.site.beta * membrane + current - spikes.detach() * threshold
        spikes = fire(membrane - threshold) - fire(-membrane - threshold)
        return spikes, (membrane, spikes)


@dataclass(frozen=True, config=SPEC)
class TwoSided(NeuronSpec):
    """Leaky neurons with spikes of both signs."""

    def build(self, site: NeuronSite) -> SpikingNeuron:
        return TwoSidedNeuron(site)


class FalseNeuron(TernaryNeuron):
    """Fires what it does not declare."""

    height = 1.0
    signed = False


class ChannelNorm(Norm):
    """Batch normalisation over images, positions and steps, with running statistics in evaluation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        del first_step
        rows = currents.reshape(-1, self.norm.num_features, currents[0, 0, 0].numel())
        normalised: Tensor = self.norm(rows).reshape(currents.shape)
        return normalised


@dataclass(frozen=True, config=SPEC)
class Channels(NormSpec):
    """Batch normalisation."""

    def build(self, site: NormSite) -> Norm:
        return ChannelNorm(site.shape[0])


class RampNorm(Norm):
    """A gain of its own at every step."""

    timed = True

    def __init__(self, time_steps: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.linspace(0.5, 1.5, time_steps))

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        gain = self.gain[first_step : first_step + len(currents)]
        return currents * gain.view(-1, *(1,) * (currents.dim() - 1))


@dataclass(frozen=True, config=SPEC)
class Ramp(NormSpec):
    """A gain for every step."""

    timed: ClassVar[bool] = True

    def build(self, site: NormSite) -> Norm:
        return RampNorm(site.time_steps)


@dataclass(frozen=True, config=SPEC)
class Straight(SurrogateSpec):
    """The gradient as it comes."""

    def gradient(self, gradients: Tensor, excess: Tensor) -> Tensor:
        del excess
        return gradients


@dataclass(frozen=True, config=SPEC)
class Latest(DecodingSpec):
    """Spikes of the last step alone."""

    def scores(self, spikes: Tensor) -> Tensor:
        return spikes[-1]


class RectifiedNorm(ChannelNorm):
    """Batch normalisation of rectified currents, as of a plain network's block: convolution, rectifier, batch norm."""

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        return super().forward(currents.relu(), first_step)


@dataclass(frozen=True, config=SPEC)
class Rectified(NormSpec):
    """Rectifier and batch normalisation."""

    def build(self, site: NormSite) -> Norm:
        return RectifiedNorm(site.shape[0])


class ThroughNeuron(SpikingNeuron):
    """Hands currents on as they are."""

    spiking = False

    def step(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        return current, state

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        return currents.expand(time_steps, *currents.shape[1:])


@dataclass(frozen=True, config=SPEC)
class Through(NeuronSpec):
    """No neurons."""

    def build(self, site: NeuronSite) -> SpikingNeuron:
        del site
        return ThroughNeuron()
