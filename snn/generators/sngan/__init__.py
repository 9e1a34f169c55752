"""A residual GAN with a spectrally normalised critic: images as Gaussian vectors."""

from __future__ import annotations

from spikeatlas.snn.generators.sngan.decoder_critic import doublings
from spikeatlas.snn.generators.sngan.gaussian import GaussianGenerator
from spikeatlas.snn.generators.sngan.spec import SNGANSpec

__all__ = ["GaussianGenerator", "SNGANSpec", "doublings"]
