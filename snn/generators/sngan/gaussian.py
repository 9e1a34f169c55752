"""A generator with Gaussian latents, and the critic that it was taught by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.generators.base import Generator, Images, Shape, to_pixels
from spikeatlas.snn.generators.latent import GaussianLatent, Points, check_vectors
from spikeatlas.snn.generators.sngan.decoder_critic import Critic, Decoder
from spikeatlas.snn.generators.sngan.sngan_fields import SNGANFields


class GaussianGenerator(Generator):
    """Decoder and critic. Nothing in it changes while it decodes or scores."""

    def __init__(
        self, decoder: Decoder, critic: Critic, *, image_shape: Shape, width: int, dim: int
    ) -> None:
        super().__init__(image_shape, width)
        self.decoder, self.critic, self.dim = decoder, critic, dim

    @property
    def latent(self) -> GaussianLatent:
        """Return what a point is: the prior's dimension."""
        return GaussianLatent(self.dim)

    @property
    def differentiable(self) -> bool:
        """In the latents themselves."""
        return True

    def pixels(self, batch: Tensor) -> Tensor:
        """Pixels (n, c, h, w), in [0, 1] of themselves, of latents (n, dim)."""
        pixels: Tensor = self.decoder(batch)
        return pixels

    def check_points(self, points: Points) -> None:
        """Raise ValueError unless points are finite float32 numbers (n, dim)."""
        check_vectors(points, self.dim)

    @torch.inference_mode()
    def score(self, images: Images, batch_size: int = 64) -> npt.NDArray[np.float32]:
        """Return the critic's score (n,) of images (n, c, h, w), 0..255: high is real, without a scale.

        ValueError for images of another shape or type.
        """
        self.check_images(images)
        scores = np.empty(len(images), np.float32)
        start = 0
        for batch, count in padded_batches(images, batch_size):
            real = self.critic(to_pixels(torch.from_numpy(batch).to(self.device)))
            scores[start : start + count] = real[:count].cpu().numpy()
            start += count
        return scores


def allocate_sngan(spec: SNGANFields, image_shape: Shape) -> GaussianGenerator:
    """Make a generator with undefined weights; torch's global generator is not touched."""
    channels, size = image_shape[0], image_shape[1]
    with torch.device("meta"):
        network = GaussianGenerator(
            Decoder(channels, size, spec.dim, spec.width, spec.narrowing),
            Critic(channels, size, spec.critic_width, spec.narrowing),
            image_shape=image_shape,
            width=spec.width,
            dim=spec.dim,
        )
    return network.to_empty(device="cpu")
