"""Neurons whose spikes represent a number, and which learn from that number alone (Meng et al. 2022, arXiv 2205.00459).

One step, membrane u, current I, trained threshold V, in this order and without fused multiply-add:

    h = leak u + gain I
    s = [h - alpha V >= 0]
    u = h - V where s, else h

and what is handed on is s times the height V / dt. With weights w_t of sum 1, proportional to leak^(T - t), currents
represent r = sum_t w_t I_t and outputs o = sum_t w_t s_t V / dt; up to the rounding of a spike train,

    o = clip(r / tau, 0, V / dt).

That map is what gradients go through, with no time in it. A later layer that is linear in every step maps
representations as it maps spikes, so that with g_t the gradient of output t, that of o is G = sum_t g_t, and

    dL/dI_t = w_t (G / tau) [0 < r < tau V / dt],    dL/d(V / dt) = sum G [r > tau V / dt].

As in the paper's code, the gradient of V is dt times that of V / dt, not 1 / dt times it.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from spikeatlas.snn.compiled import compiled
from spikeatlas.snn.neurons.base import SHARED, NeuronSite, SpikingNeuron, State
from spikeatlas.snn.neurons.rules.rule import Charge, Rule
from spikeatlas.snn.neurons.surrogates import SurrogateSpec

Array = npt.NDArray[np.float32]
Single = np.float32

_LANES = 512
"""Neurons that are stepped together: their membranes stay in the first-level cache."""


class Charging(NamedTuple):
    """Constants of the equations: see the module."""

    leak: float
    gain: float
    tau: float = 1.0
    dt: float = 1.0


class RepresentingNeuron(SpikingNeuron):
    """Neurons of one layer with one trained threshold; a membrane (n, ...) is their state.

    ``run`` has the gradient between representations. ``step`` makes the same spikes with a surrogate's
    gradient, and none of the threshold: it is the plain loop of the same neurons.
    """

    floor: ClassVar[float]
    """Smallest threshold (> 0): one that training has pushed below counts as this."""
    closed: ClassVar[bool]
    """True if the gradient passes at both ends of the clipped map, too."""
    alpha: Tensor
    unit_axes = SHARED
    monotone = True

    def __init__(
        self, charging: Charging, *, threshold: float, alpha: float, surrogate: SurrogateSpec
    ) -> None:
        super().__init__()
        self.charging = charging
        self.surrogate = surrogate
        self.threshold = nn.Parameter(torch.tensor(threshold, dtype=torch.float32))
        # a buffer: a checkpoint says which neurons it was trained with
        self.register_buffer("alpha", torch.tensor(alpha, dtype=torch.float32))

    @property
    def height(self) -> Tensor:  # type: ignore[override]  # of the contract's attribute: it is learned here
        """Height V / dt of a spike, (), with the gradient of the threshold."""
        height: Tensor = _Height.apply(self.threshold, self.floor, self.charging.dt)
        return height

    @property
    def drop(self) -> Tensor:
        """Threshold V as it counts, (): what a spike takes from its membrane."""
        return self.threshold.detach().clamp(min=self.floor)

    @property
    def rule(self) -> Rule:
        """See ``SpikingNeuron``."""
        drop, charging = self.drop, self.charging
        leak, gain = (drop.new_tensor(share) for share in (charging.leak, charging.gain))
        charge: Charge = "sum" if charging.leak == charging.gain == 1 else "blend"
        return Rule(charge, ">=", "subtract", a=leak, b=gain, theta=self.alpha * drop, drop=drop)

    def relative(self, spikes: Tensor) -> Tensor:
        """See ``SpikingNeuron``: with the gradient of the height, also where that is 1."""
        return spikes / self.height

    def step(self, current: Tensor, state: State) -> tuple[Tensor, State]:
        """See ``SpikingNeuron``."""
        drop, before = self.drop, torch.zeros_like(current) if state is None else state
        charged = self.charging.leak * before + self.charging.gain * current
        spikes = self.surrogate.fire(charged - self.alpha * drop, closed=True)
        after = torch.where(spikes > 0, charged - drop, charged)
        return spikes * self.height.detach(), after

    def run(self, currents: Tensor, time_steps: int) -> Tensor:
        """See ``SpikingNeuron``."""
        return self.represent(self.represented(currents, time_steps), currents, time_steps)

    def represented(self, sequence: Tensor, time_steps: int) -> Tensor:
        """Numbers (n, ...) that a sequence (T, n, ...) represents, or (1, n, ...) if constant, with gradient."""
        if len(sequence) == 1:
            return sequence[0]
        weights = self.weights(time_steps).to(sequence.device, sequence.dtype)
        return torch.tensordot(weights, sequence, 1)

    def represent(self, numbers: Tensor, currents: Tensor, time_steps: int) -> Tensor:
        """Spikes (T, n, ...) of currents (T or 1, n, ...), whose gradient is handed to the ``numbers`` that these represent."""
        with torch.no_grad():
            spikes = self._fired(currents, time_steps)
        limits = (self.charging.tau, self.closed)
        represented: Tensor = _Represented.apply(numbers, self.height, spikes, limits)
        return represented

    def weights(self, time_steps: int) -> Tensor:
        """Weights (T,) of the steps in a represented number, of sum 1."""
        weights = self.charging.leak ** np.arange(time_steps - 1, -1, -1)
        return torch.from_numpy((weights / weights.sum()).astype(np.float32))

    def _fired(self, currents: Tensor, time_steps: int) -> Tensor:
        """Spikes (T, n, ...): in one compiled pass, where that computes them."""
        if currents.device.type != "cpu" or currents.dtype != torch.float32:
            return self.unroll(currents, time_steps)[0]
        flat = currents.detach().reshape(len(currents), -1).contiguous()
        spikes = torch.empty((time_steps, flat.shape[1]))
        fire(flat.numpy(), self._numbers(), spikes.numpy())
        return spikes.view(time_steps, *currents.shape[1:])

    def _numbers(self) -> tuple[Single, Single, Single, Single, Single]:
        """Leak, gain, alpha V, V and the height, as the compiled pass takes them."""
        drop = self.drop
        levels = (self.alpha * drop, drop, self.height.detach())
        threshold, subtracted, height = (np.float32(level.item()) for level in levels)
        leak, gain = np.float32(self.charging.leak), np.float32(self.charging.gain)
        return leak, gain, threshold, subtracted, height


def require_own_threshold(site: NeuronSite, kind: str) -> None:
    """Raise ValueError where a study sets the threshold of all neurons, which these do not take."""
    if site.threshold != 1:
        raise ValueError(
            f"neuron: network.threshold is {site.threshold:g}, but {kind} neurons learn theirs, whose start is a field "
            f"of their own; leave network.threshold out and write neuron: {{kind: {kind}, threshold: {site.threshold:g}}}"
        )


class _Height(torch.autograd.Function):
    """A trained threshold V to the height V / dt, with dt times the gradient, also below the floor."""

    @staticmethod
    def forward(ctx: Any, threshold: Tensor, floor: float, dt: float) -> Tensor:
        ctx.dt = dt
        return threshold.clamp(min=floor) / dt

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return gradients[0] * ctx.dt, None, None


class _Represented(torch.autograd.Function):
    """Spikes (T, n, ...), with the gradient of the numbers (n, ...) that their currents represent."""

    @staticmethod
    def forward(
        ctx: Any, numbers: Tensor, height: Tensor, spikes: Tensor, limits: tuple[float, bool]
    ) -> Tensor:
        ctx.save_for_backward(numbers, height)
        ctx.limits = limits
        return spikes.view_as(spikes)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        numbers, height = ctx.saved_tensors
        tau, closed = ctx.limits
        total, top = gradients[0].sum(0), tau * height
        clipped = (numbers < 0) | (numbers > top)
        if not closed:
            clipped |= (numbers == 0) | (numbers == top)
        return total / tau * ~clipped, (total * (numbers > top)).sum(), None, None


@compiled
def fire(
    currents: Array, numbers: tuple[Single, Single, Single, Single, Single], spikes: Array
) -> None:
    """Write the spikes (T, neurons) of currents (T or 1, neurons); ``numbers``: leak, gain, alpha V, V and the height."""
    leak, gain, threshold, drop, height = numbers
    steps, neurons = spikes.shape
    static = len(currents) == 1
    membrane = np.empty(_LANES, np.float32)
    for start in range(0, neurons, _LANES):
        width = min(_LANES, neurons - start)
        membrane[:width] = 0
        for step in range(steps):
            current = currents[0 if static else step, start : start + width]
            train = spikes[step, start : start + width]
            for i in range(width):
                charged = leak * membrane[i] + gain * current[i]
                fires = charged - threshold >= np.float32(0)
                train[i] = height if fires else np.float32(0)
                membrane[i] = charged - drop if fires else charged
