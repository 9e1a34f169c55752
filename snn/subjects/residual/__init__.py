"""Spiking residual networks as subjects: trained here, and answering layer by layer."""

from __future__ import annotations

from spikeatlas.snn.subjects.residual.resnet_subject import ResNetSpec, ResNetSubject

__all__ = ["ResNetSpec", "ResNetSubject"]
