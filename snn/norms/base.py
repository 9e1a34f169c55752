"""The contract of normalisations: they stand between a layer's currents and its neurons."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from spikeatlas.snn.registry import SPEC, Contract


class Norm(nn.Module):
    """The normalisation of one layer; a subclass writes ``forward``.

    In evaluation, what it makes of one image at one step depends on nothing but that image's current and
    the number of the step, so that it may be used one step at a time. Statistics of a batch, or of all
    steps together, are for training mode.
    """

    timed: bool = False
    """True if the time step matters: constant currents are then spread over all steps before."""
    exit_below: float | None = None
    """Mean of a step's scales below which the layer needs no further step (``step_scales``); None: it needs all."""
    any_order: bool = False
    """True if the responder may sum its currents in another order than torch does, at most 1e-5 of the spikes off."""
    constants: tuple[str, ...] = ()
    """Names of its buffers that a study's fields say, and training does not change: see ``declare``."""
    unit_axes: Mapping[str, int] | None = None
    """Axis of the channels in each tensor that has an entry for each of them, by the tensor's name. None: no channel can be
    cut out, nor a channel of the layer before, for what it gives to others, or the length of a filter, hangs on it."""

    def declare(self, **values: float) -> None:
        """Keep what the study says of it as buffers (): a checkpoint then tells which normalisation it was trained with."""
        for name, value in values.items():
            self.register_buffer(name, torch.tensor(value, dtype=torch.float32))
        self.constants = tuple(values)

    def step_scales(self) -> Tensor | None:
        """Return what it has learnt to scale each step by, (T, channels); None where steps have no scales of their own."""
        return None

    def scales(self) -> list[nn.Parameter]:
        """Return the parameters that scale its channels: small ones make these quiet."""
        return []

    def with_ties(self, currents: Tensor, silent: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return normalised currents (T, n, ...), and where the order of sums may decide on more than rounding, (T, n).

        Asked of those of ``any_order``: such are steps of images at which two currents are equal but for rounding, and it
        matters which is larger. None: nowhere. ``silent``: currents (1, 1, ...) of a layer without inputs, which are
        the same in any order.
        """
        del silent
        return self(currents), None

    def forward(self, currents: Tensor, first_step: int = 0) -> Tensor:
        """Normalise currents (T, n, ...) of the steps from ``first_step`` on; of one shape with them."""
        raise NotImplementedError

    def affine(self) -> tuple[Tensor, Tensor] | None:
        """Scales and shifts (1, channels), or (T, channels) if timed, that it is in evaluation; None: it is no such map.

        Read where weights are read, for compiled loops. Its ``forward`` in evaluation must then be ``scaled`` by
        exactly these tensors: one product and one sum, each rounded, which torch computes to the same bits in every
        layout, as the loops do. (nn.BatchNorm2d rounds otherwise: its ``scale`` is weight / sqrt(var + eps), its
        ``shift`` is bias - mean * scale.) A shift of 0 changes nothing.
        """
        return None


def scaled(currents: Tensor, scale: Tensor, shift: Tensor, first_step: int = 0) -> Tensor:
    """Currents (T, n, channels, ...) of the steps from ``first_step`` on, times ``scale``, plus ``shift``.

    Both as of ``Norm.affine``; (1, channels) for all steps.
    """
    steps = slice(first_step, first_step + len(currents)) if len(scale) > 1 else slice(0, 1)
    shape = (-1, 1, scale.shape[1], *(1,) * (currents.dim() - 3))
    return currents * scale[steps].reshape(shape) + shift[steps].reshape(shape)


@dataclasses.dataclass(frozen=True)
class NormSite:
    """The layer that a normalisation is built for."""

    shape: tuple[int, ...]
    """Of one image's currents: (channels, h, w), or (units,)."""
    time_steps: int
    operator: nn.Conv2d | nn.Linear
    """The operator whose currents, pooled, are normalised; its weights may not be set yet, and change in training."""


@dataclass(frozen=True, config=SPEC)
class NormSpec(Contract, ABC):
    """A normalisation, as a study names it; a member adds its fields.

    It says its equations and their source.
    """

    kind: str

    @property
    def timed(self) -> bool:
        """True if it treats time steps differently: its ``Norm`` is ``timed``."""
        return False

    def problems(self, time_steps: int) -> list[str]:
        """Say in sentences what keeps this normalisation from so many time steps."""
        del time_steps
        return []

    def bias_problems(self) -> list[str]:
        """Say in sentences what keeps it from following operators with biases."""
        return []

    def behind_problems(self) -> list[str]:
        """Say in sentences what keeps it from following another normalisation."""
        return []

    def stepwise_problems(self) -> list[str]:
        """Say in sentences what keeps it from being trained step after step (``training.backend: eager``)."""
        return []

    @property
    def scales_steps(self) -> bool:
        """True where it learns a scale for each step (``Norm.step_scales``)."""
        return False

    @property
    def may_exit(self) -> bool:
        """True where a trained network may be shown fewer steps than it was trained with."""
        return False

    @abstractmethod
    def build(self, site: NormSite) -> Norm | None:
        """Make that of one layer.

        None leaves currents as they are, and the network without a module for it.
        """
