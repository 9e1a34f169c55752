"""The GAN with a spectrally normalised critic as a member of the family."""

from __future__ import annotations

from typing import Any

from pydantic.dataclasses import dataclass

from spikeatlas.snn.generators.base import Images, Shape
from spikeatlas.snn.generators.latent import GaussianLatent
from spikeatlas.snn.generators.sngan.decoder_critic import doublings
from spikeatlas.snn.generators.sngan.gaussian import GaussianGenerator, allocate_sngan
from spikeatlas.snn.generators.sngan.sngan_fields import SNGANFields
from spikeatlas.snn.generators.sngan.sngan_training import GANLearner
from spikeatlas.snn.generators.spec import GeneratorSpec, Naturalness, refusal
from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class SNGANSpec(SNGANFields, GeneratorSpec):
    """A residual GAN with a spectrally normalised critic (Miyato et al. 2018, arXiv 1802.05957)."""

    @property
    def latent(self) -> GaussianLatent:
        """Vectors under the prior N(0, I)."""
        return GaussianLatent(self.dim)

    @property
    def naturalness(self) -> Naturalness:
        """Its critic."""
        return "critic"

    @property
    def least_images(self) -> int:
        """A whole batch: the rest of a pass is not shown."""
        return self.batch_size

    def shape_problems(self, shape: Shape) -> list[str]:
        """Name a size that the blocks cannot make."""
        return refusal("generator.kind", lambda: doublings(shape[1]))

    def allocate(self, shape: Shape) -> GaussianGenerator:
        """Make the network with undefined weights."""
        return allocate_sngan(self, shape)

    def begin(self, images: Images, seed: int) -> GANLearner:
        """Make ready to train."""
        return GANLearner(self, images, seed)

    @classmethod
    def of_file(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """Return a header's fields; one from before ``narrowing`` was known has one width throughout."""
        return {"narrowing": 1, **fields}
