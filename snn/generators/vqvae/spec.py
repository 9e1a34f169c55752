"""The vector-quantised autoencoder as a member of the family."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from spikeatlas.snn.generators.base import Images, Shape
from spikeatlas.snn.generators.codes import CodeGenerator
from spikeatlas.snn.generators.latent import CodeLatent
from spikeatlas.snn.generators.spec import GeneratorSpec, Naturalness, refusal
from spikeatlas.snn.generators.vqvae.autoencoder import allocate_vqvae, count_halvings
from spikeatlas.snn.generators.vqvae.vqvae_fields import VQVAEFields
from spikeatlas.snn.generators.vqvae.vqvae_training import VQVAELearner
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class VQVAESpec(VQVAEFields, GeneratorSpec):
    """A vector-quantised autoencoder and how it is trained (van den Oord et al. 2017, arXiv 1711.00937)."""

    @property
    def latent(self) -> CodeLatent:
        """Rows of codes, whose codebook is known once it is trained."""
        return CodeLatent(self.positions, self.codes, None)

    @property
    def encodes(self) -> bool:
        """True: an autoencoder has a way back."""
        return True

    @property
    def naturalness(self) -> Naturalness:
        """The prior of its codes."""
        return "code"

    def shape_problems(self, shape: Shape) -> list[str]:
        """Name a grid that does not fit the images."""
        return refusal("generator.positions", lambda: count_halvings(self.positions, shape[1]))

    def allocate(self, shape: Shape) -> CodeGenerator:
        """Make the network with undefined weights."""
        return allocate_vqvae(self, shape)

    def begin(self, images: Images, seed: int) -> VQVAELearner:
        """Make ready to train."""
        return VQVAELearner(self, images, seed)
