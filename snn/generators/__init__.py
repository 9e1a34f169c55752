"""Generators: what turns latents into stimuli, and how it is trained."""

from __future__ import annotations

from spikeatlas.snn.generators.adapter import Adapter, AdapterSpec, adapter_source
from spikeatlas.snn.generators.base import Generator
from spikeatlas.snn.generators.codes import CodeGenerator
from spikeatlas.snn.generators.generator_training import EpochRecord, train_generator
from spikeatlas.snn.generators.latent import CodeLatent, GaussianLatent, Latent
from spikeatlas.snn.generators.learner import GeneratorLearner
from spikeatlas.snn.generators.loading import digest_generator, load_generator, open_generator
from spikeatlas.snn.generators.number_grid import GridGenerator, GridSpec
from spikeatlas.snn.generators.sngan import GaussianGenerator, SNGANSpec
from spikeatlas.snn.generators.spec import LEAST_IMAGES, GeneratorSpec, Naturalness
from spikeatlas.snn.generators.vqvae import VQVAESpec, allowed_positions, count_halvings
from spikeatlas.snn.registry import Family

GENERATORS: Family[GeneratorSpec] = Family(
    "generator",
    GeneratorSpec,  # type: ignore[type-abstract]
    {"vqvae": VQVAESpec, "sngan": SNGANSpec, "adapter": AdapterSpec, "grid": GridSpec},
    default="vqvae",
)
"""``generator`` of a study."""

__all__ = [
    "GENERATORS",
    "LEAST_IMAGES",
    "Adapter",
    "AdapterSpec",
    "CodeGenerator",
    "CodeLatent",
    "EpochRecord",
    "GaussianGenerator",
    "GaussianLatent",
    "Generator",
    "GeneratorLearner",
    "GeneratorSpec",
    "GridGenerator",
    "GridSpec",
    "Latent",
    "Naturalness",
    "SNGANSpec",
    "VQVAESpec",
    "adapter_source",
    "allowed_positions",
    "count_halvings",
    "digest_generator",
    "load_generator",
    "open_generator",
    "train_generator",
]
