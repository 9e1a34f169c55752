"""Generators: what turns latents into stimuli, and how it is trained."""

from __future__ import annotations

from snn.generators.codes import CodeGenerator
from snn.generators.loading import load_generator
from snn.generators.spec import CodeLatent, GeneratorSpec, allowed_positions, count_halvings
from snn.generators.training import EpochRecord, train_generator

__all__ = [
    "CodeGenerator",
    "CodeLatent",
    "EpochRecord",
    "GeneratorSpec",
    "allowed_positions",
    "count_halvings",
    "load_generator",
    "train_generator",
]
