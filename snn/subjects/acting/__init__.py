"""Spiking actors as subjects."""

from __future__ import annotations

from spikeatlas.snn.subjects.acting.actor_subject import ActorSpec, ActorSubject

__all__ = ["ActorSpec", "ActorSubject"]
