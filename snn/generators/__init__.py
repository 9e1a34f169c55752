"""Generators: what turns latents into stimuli, and how it is trained."""

from __future__ import annotations

from spikeatlas.snn.generators.adapter import Adapter, adapter_source
from spikeatlas.snn.generators.base import Generator
from spikeatlas.snn.generators.codes import CodeGenerator
from spikeatlas.snn.generators.gaussian import GaussianGenerator
from spikeatlas.snn.generators.generator_training import EpochRecord, train_generator
from spikeatlas.snn.generators.loading import digest_generator, load_generator, open_generator
from spikeatlas.snn.generators.spec import (
    AdapterSpec,
    CodeLatent,
    GaussianLatent,
    GeneratorSpec,
    Latent,
    SNGANSpec,
    VQVAESpec,
    allowed_positions,
    count_halvings,
    planned_latent,
)

__all__ = [
    "Adapter",
    "AdapterSpec",
    "CodeGenerator",
    "CodeLatent",
    "EpochRecord",
    "GaussianGenerator",
    "GaussianLatent",
    "Generator",
    "GeneratorSpec",
    "Latent",
    "SNGANSpec",
    "VQVAESpec",
    "adapter_source",
    "allowed_positions",
    "count_halvings",
    "digest_generator",
    "load_generator",
    "open_generator",
    "planned_latent",
    "train_generator",
]
