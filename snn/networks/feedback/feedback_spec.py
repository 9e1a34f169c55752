"""Specification of a feedback spiking network in a study."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn

from spikeatlas.snn.coding import Coding
from spikeatlas.snn.layer_info import LayerInfo
from spikeatlas.snn.networks.base import Architecture, NetworkSite, Shape, TimeSteps
from spikeatlas.snn.networks.feedback.feedback_network import HIDDEN, FeedbackNetwork
from spikeatlas.snn.networks.feedback.settling_neuron import SettlingNeuron
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class FeedbackArchitecture(Architecture):
    """A spiking network with feedback, whose rates settle to an equilibrium (Xiao et al. 2021, arXiv 2109.14247).

    a = clip((W a + F x + b) / 2, 0, 1): integrate-and-fire units with threshold 1, from which a spike takes 2.
    """

    units: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Spiking units of the one layer, fc1 (>= 1); feedback is a weight of every two of them."""
    time_steps: TimeSteps = 30
    """Simulated time steps per image (>= 1); a rate comes within about 1 / (2 T) of the equilibrium's."""
    feedback_norm: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 2.0
    """Largest Frobenius norm of the feedback weights (> 0); below 2 there is one equilibrium, and only one."""
    coding: Coding = "current"
    """An image enters as a constant current, or as Poisson spike trains at its pixels' rates."""

    @property
    def methods(self) -> tuple[str, ...]:
        """See ``Architecture``: a surrogate gradient through its steps is not what it is for."""
        return ("spide",)

    def build(self, site: NetworkSite) -> FeedbackNetwork:
        """See ``Architecture``."""
        network = FeedbackNetwork(
            self.units,
            site.classes,
            feedback_norm=self.feedback_norm,
            input_shape=site.input_shape,
            time_steps=self.time_steps,
            coding=self.coding,
            mean=torch.tensor(site.mean, dtype=torch.float32),
            std=torch.tensor(site.std, dtype=torch.float32),
        )
        generator = torch.Generator().manual_seed(site.seed)
        for operator in (network.fc1, network.feedback, network.fc):
            bound = operator.in_features**-0.5
            for parameter in operator.parameters():
                nn.init.uniform_(parameter, -bound, bound, generator=generator)
        network.restrict()
        return network

    def layer_infos(self, shape: Shape, classes: int) -> dict[str, LayerInfo]:
        """See ``Architecture``."""
        del shape, classes
        return {HIDDEN: LayerInfo(self.units, (), SettlingNeuron().unit(self.time_steps, ()))}
