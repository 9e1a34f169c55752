"""Neurons whose own spikes gate their input, and whose spikes have a sign: BackEISNN."""

from __future__ import annotations

import copy
from typing import Annotated, Any, Literal, Self

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.neurons.base import NeuronSite, NeuronSpec, SpikingNeuron, State, muted
from spikeatlas.snn.neurons.clif import ClifNeuron
from spikeatlas.snn.neurons.surrogates import DEFAULT_SURROGATE, SurrogateSpec
from spikeatlas.snn.registry import SPEC


class BackEINeuron(SpikingNeuron):
    """Leaky neurons of a map with one gate or both (BackEISNN: Zhao, Zeng and Li 2022, arXiv 2105.13004).

    One step, with ``*`` a convolution of the layer's maps that keeps their size, and ``.`` a product::

        u = decay u + sigmoid(W_back * s) . current     s: the spikes of the step before
        o = [u > threshold];  g = sign(W_ei * u)
        s = g . o                                       -1, 0 or 1
        u = u (1 - o)

    Without the gate of ``back`` the current comes as it is, without that of ``ei`` s = o. The surrogate stands for
    both steps, that of a spike and that of a sign; the reset has no gradient. The state is u and s (n, ...).
    """

    decay: Tensor
    threshold: Tensor
    back: nn.Conv2d | None
    ei: nn.Conv2d | None

    def __init__(
        self,
        back: nn.Conv2d | None,
        ei: nn.Conv2d | None,
        *,
        decay: float = 0.2,
        threshold: float = 0.5,
        surrogate: SurrogateSpec = DEFAULT_SURROGATE,
    ) -> None:
        """``back``, ``ei``: of as many channels as the layer, with biases; None: without this gate."""
        super().__init__()
        # buffers: a checkpoint says which neurons it was trained with
        for name, value in (("decay", decay), ("threshold", threshold)):
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32))
        self.back, self.ei = back, ei
        self.signed = ei is not None
        self.surrogate = surrogate
        self._mute: tuple[int, ...] = ()

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``."""
        # in one order in memory: a convolution adds up in another where channels stand last
        current = current.contiguous()
        membrane, before = (torch.zeros_like(current),) * 2 if state is None else state
        if self.back is not None:
            current = torch.sigmoid(_steady(self.back, before)) * current
        charged = self.decay * membrane + current
        spikes = self.surrogate.fire(charged - self.threshold)
        rest = charged * (1 - spikes.detach())
        if self.ei is not None:
            signs: Tensor = _Sign.apply(_steady(self.ei, charged), self.surrogate)
            spikes = spikes * signs
        spikes = muted(spikes, self._mute)
        return spikes, (rest, spikes)

    def without(self, index: int) -> Self:
        """See ``SpikingNeuron``: a channel's membranes go on as ever, its spikes reach no gate."""
        neurons = copy.copy(self)
        neurons._mute = (*self._mute, index)  # noqa: SLF001 - a copy of our own
        return neurons


def _steady(convolution: nn.Conv2d, maps: Tensor) -> Tensor:
    """Convolve maps (n, c, h, w), with the same bits for an image alone as among others."""
    if len(maps) > 1:
        return convolution(maps)
    # of a single image torch adds up in another order (measured with torch 2.15, oneDNN)
    both: Tensor = convolution(F.pad(maps, (0, 0, 0, 0, 0, 0, 0, 1)))
    return both[:1]


class _Sign(torch.autograd.Function):
    """The sign of a number, -1, 0 or 1, with the gradient of a surrogate."""

    @staticmethod
    def forward(ctx: Any, argument: Tensor, surrogate: SurrogateSpec) -> Tensor:
        ctx.save_for_backward(argument)
        ctx.surrogate = surrogate
        return torch.sign(argument)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (argument,) = ctx.saved_tensors
        return ctx.surrogate.gradient(gradients[0], argument), None


@dataclass(frozen=True, config=SPEC)
class BackEISpec(NeuronSpec):
    """Leaky neurons with self-feedback and signed spikes (arXiv 2105.13004), with ``network.threshold``: 0.5 there.

    Layers of units have neither gate, their spikes no sign. ``network.beta`` and ``reset`` have no part in it: a spike
    sets the membrane to zero.
    """

    kind: Literal["backei"] = "backei"
    back: bool = True
    """True: a layer's last spikes, convolved, gate its new currents."""
    ei: bool = True
    """True: its membranes, convolved, give each spike a sign; responses then lie in [-1, 1]."""
    kernel: Annotated[int, Field(ge=1)] = 3
    """Side of the gates' kernels (odd, >= 1); the reference takes 5 for MNIST."""
    decay: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of the membrane that stays from step to step, 0 to 1."""

    def problems(self, time_steps: int) -> list[str]:
        """See ``NeuronSpec``."""
        sentences = []
        if self.kernel % 2 == 0:
            sentences.append(
                f"kernel is {self.kernel}: it must be odd, so that maps keep their size; use {self.kernel + 1}"
            )
        if self.back and time_steps < 2:
            sentences.append(
                "back: one time step leaves no spike to feed back; set network.time_steps to 2 or more, or back to false"
            )
        return sentences

    def unit_problems(self) -> list[str]:
        """See ``NeuronSpec``."""
        sentence = (
            "the gates of backei are convolutions of a layer's maps, and network.channels names no layer that has any; "
            "name one, or set back and ei to false"
        )
        return [sentence] if self.back or self.ei else []

    def build(self, site: NeuronSite) -> SpikingNeuron:
        """Make the neurons of one layer; without a gate they are leaky ones whose currents do not decay."""
        gates = [self._gate(site, present=gate) for gate in (self.back, self.ei)]
        if gates == [None, None]:
            return ClifNeuron(
                current_decay=0.0,
                membrane_decay=self.decay,
                threshold=site.threshold,
                surrogate=site.surrogate,
            )
        return BackEINeuron(
            *gates, decay=self.decay, threshold=site.threshold, surrogate=site.surrogate
        )

    def _gate(self, site: NeuronSite, *, present: bool) -> nn.Conv2d | None:
        if not present or len(site.shape) == 1:
            return None
        channels = site.shape[0]
        return nn.Conv2d(channels, channels, self.kernel, padding=self.kernel // 2)
