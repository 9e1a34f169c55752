"""The spiking actor: populations that code observations, current-based layers, populations that stand for actions."""

from __future__ import annotations

from spikeatlas.snn.networks.actor.actor_architecture import ActorArchitecture
from spikeatlas.snn.networks.actor.actor_network import ActorNetwork
from spikeatlas.snn.networks.actor.population_coder import SPAN, PopulationCoder

__all__ = ["SPAN", "ActorArchitecture", "ActorNetwork", "PopulationCoder"]
