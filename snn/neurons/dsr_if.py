"""Integrate-and-fire neurons whose spike counts represent numbers, trained by the gradient between these."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.neurons.base import NeuronSite, NeuronSpec
from spikeatlas.snn.neurons.spike_representation import (
    Charging,
    RepresentingNeuron,
    require_own_threshold,
)
from spikeatlas.snn.neurons.surrogates import SurrogateSpec
from spikeatlas.snn.registry import SPEC


class DsrIfNeuron(RepresentingNeuron):
    """u = u + I; s = [u >= alpha V]; u = u - s V; the output is s V, and its mean represents clip(mean I, 0, V).

    For a constant current up to max(alpha, 1 - alpha) V / T (Meng et al. 2022, arXiv 2205.00459).
    """

    floor = 0.01
    closed = True

    def __init__(self, *, threshold: float, alpha: float, surrogate: SurrogateSpec) -> None:
        charging = Charging(leak=1.0, gain=1.0)
        super().__init__(charging, threshold=threshold, alpha=alpha, surrogate=surrogate)


@dataclass(frozen=True, config=SPEC)
class DsrIfSpec(NeuronSpec):
    """Integrate-and-fire neurons with the gradient between rates and a trained threshold a layer.

    Differentiation on spike representation (Meng et al. 2022, arXiv 2205.00459): see ``spike_representation``. Spikes
    are as high as the threshold. ``network.beta`` and ``reset`` have no part in it, ``training.surrogate`` none in
    training. What stands between two layers is to treat all steps alike and to be linear: a maximum pool is not. The output
    is read by ``decoding: membrane``, which represents the last currents' mean, of either sign; of output spikes
    (``rate``), a class that never fires has no gradient.
    """

    kind: Literal["dsr-if"] = "dsr-if"
    threshold: Annotated[float, Field(ge=DsrIfNeuron.floor, allow_inf_nan=False)] = 6.0
    """Threshold V of every layer before training (>= 0.01)."""
    alpha: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of V at which a neuron fires (above 0 to 1)."""
    whole_gradient: ClassVar[bool] = True
    represents: ClassVar[bool] = True

    def build(self, site: NeuronSite) -> DsrIfNeuron:
        """Make the neurons of one layer. ValueError where ``network.threshold`` is set."""
        require_own_threshold(site, self.kind)
        return DsrIfNeuron(threshold=self.threshold, alpha=self.alpha, surrogate=site.surrogate)
