"""A vector-quantised autoencoder: images as grids of codes."""

from __future__ import annotations

from spikeatlas.snn.generators.vqvae.autoencoder import (
    allowed_positions,
    build_vqvae,
    count_halvings,
)
from spikeatlas.snn.generators.vqvae.spec import VQVAESpec

__all__ = ["VQVAESpec", "allowed_positions", "build_vqvae", "count_halvings"]
