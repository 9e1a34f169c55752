"""Learning of a GAN: a critic and a decoder in turns, by the hinge loss (Lim & Ye 2017; Miyato et al. 2018)."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from spikeatlas.snn.generators.base import Images, to_pixels
from spikeatlas.snn.generators.learner import GeneratorLearner
from spikeatlas.snn.generators.sngan.decoder_critic import Critic
from spikeatlas.snn.generators.sngan.gaussian import GaussianGenerator, allocate_sngan
from spikeatlas.snn.generators.sngan.sngan_fields import SNGANFields

_BETAS = (0.0, 0.9)
# the running mean of the weights follows faster in the first steps, which are far from the last ones
_EMA_START = 10
# the part of the training after which the rates begin to fall
_STEADY_PART = 0.75
# power iterations before the first step, for singular vectors of weights that have not moved yet
_ITERATIONS = 15


@dataclasses.dataclass(frozen=True)
class GANRecord:
    """One pass of the critic through the images."""

    epoch: int
    """1, 2, ..."""
    critic_loss: float
    """Mean hinge loss: 2 where real and made are told apart by chance, 0 where always, with margin."""
    real_score: float
    """Mean score of real images."""
    made_score: float
    """Mean score of made ones."""

    def __str__(self) -> str:
        """The record in a line."""
        return (
            f"critic loss {self.critic_loss:.3f}, score of real images {self.real_score:.2f}, "
            f"of made ones {self.made_score:.2f}"
        )


class GANLearner(GeneratorLearner[GANRecord]):
    """A decoder and a critic that learn in turns."""

    def __init__(self, spec: SNGANFields, images: Images, seed: int) -> None:
        super().__init__(GANRecord, spec.epochs)
        self.spec, self.images, self.seed = spec, images, seed
        shape = (int(images.shape[1]), int(images.shape[2]), int(images.shape[3]))
        self.network = allocate_sngan(spec, shape).to(memory_format=torch.channels_last)
        random = torch.Generator().manual_seed(seed)
        draw_weights(self.network, random)
        normalise_spectra(self.network.critic, random)
        self.mean = copy.deepcopy(self.network.decoder)
        self.optimizers = {
            part: torch.optim.Adam(network.parameters(), lr=lr, betas=_BETAS)
            for part, network, lr in (
                ("decoder", self.network.decoder, spec.lr),
                ("critic", self.network.critic, spec.critic_lr),
            )
        }
        self.steps = 0

    def run_epoch(self, should_stop: Callable[[], bool]) -> GANRecord:
        """Take one pass; order and latents depend on seed and epoch alone, so a pass can be repeated."""
        rng = np.random.default_rng([self.seed, self.epoch])
        order = rng.permutation(len(self.images))
        size = min(self.spec.batch_size, len(order))
        starts = range(0, len(order) - size + 1, size)
        sums = np.zeros(3)
        for step, start in enumerate(self.interruptible(starts, should_stop), 1):
            self._set_rates((self.epoch + start / len(order)) / self.spec.epochs)
            sums += self._teach_critic(order[start : start + size], rng)
            if step % self.spec.critic_steps == 0:
                self._teach_decoder(size, rng)
        return GANRecord(self.epoch + 1, *(sums / len(starts)).tolist())

    def generator(self) -> GaussianGenerator:
        """Return the running mean of the decoder, with the critic's weights made plain."""
        network = allocate_sngan(self.spec, self.network.image_shape)
        network.decoder.load_state_dict(self.mean.state_dict())
        network.critic.load_state_dict(plain_weights(self.network.critic))
        return network.eval().requires_grad_(requires_grad=False)

    def tensors(self) -> dict[str, Tensor]:
        """Return decoder and critic."""
        return self.generator().state_dict()

    def training_state(self) -> dict[str, Any]:
        """Return both networks, the running mean, and the optimisers."""
        return {
            "network": self.network.state_dict(),
            "mean": self.mean.state_dict(),
            "optimizers": {part: adam.state_dict() for part, adam in self.optimizers.items()},
            "steps": self.steps,
        }

    def load_training_state(self, state: dict[str, Any]) -> None:
        """Go on from what training_state gave."""
        self.network.load_state_dict(state["network"])
        self.mean.load_state_dict(state["mean"])
        for part, adam in self.optimizers.items():
            adam.load_state_dict(state["optimizers"][part])
        self.steps = state["steps"]

    def _set_rates(self, progress: float) -> None:
        """Set both rates: constant, then along a line to zero."""
        part = min(1.0, (1 - progress) / (1 - _STEADY_PART))
        for name, lr in (("decoder", self.spec.lr), ("critic", self.spec.critic_lr)):
            for group in self.optimizers[name].param_groups:
                group["lr"] = lr * part

    def _teach_critic(self, rows: Any, rng: np.random.Generator) -> tuple[float, float, float]:
        """Take one step on real images and as many made ones; return its loss and their mean scores."""
        real = to_pixels(torch.from_numpy(self.images[rows]))
        with self._fast():
            with torch.no_grad():
                images = self.network.decoder(self._latents(len(rows), rng))
            scores = self.network.critic(torch.cat([real, images.float()])).float()
        real_score, made_score = scores.chunk(2)
        loss = functional.relu(1 - real_score).mean() + functional.relu(1 + made_score).mean()
        self._step("critic", loss)
        return (
            float(loss.detach()),
            float(real_score.detach().mean()),
            float(made_score.detach().mean()),
        )

    def _teach_decoder(self, count: int, rng: np.random.Generator) -> None:
        """Take one step towards higher scores, and the running mean after it."""
        self.network.critic.requires_grad_(requires_grad=False)
        with self._fast():
            images = self.network.decoder(self._latents(count, rng))
            loss = -self.network.critic(images).float().mean()
        self._step("decoder", loss)
        self.network.critic.requires_grad_(requires_grad=True)
        self._follow()

    def _step(self, part: str, loss: Tensor) -> None:
        optimizer = self.optimizers[part]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the running mean of the decoder's weights, and of its statistics, one step."""
        self.steps += 1
        stays = min(self.spec.ema, self.steps / (self.steps + _EMA_START))
        mean, current = self.mean.state_dict(), self.network.decoder.state_dict()
        for name, value in mean.items():
            if value.dtype.is_floating_point:
                value.lerp_(current[name], 1 - stays)

    def _latents(self, count: int, rng: np.random.Generator) -> Tensor:
        return torch.from_numpy(rng.standard_normal((count, self.spec.dim), np.float32))

    def _fast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=halves(self.spec.precision))

    def check(self, record: GANRecord) -> None:
        """Raise FloatingPointError where a weight or a score is no longer finite."""
        values = [*self.mean.state_dict().values(), *self.network.critic.state_dict().values()]
        numbers = [value for value in dataclasses.astuple(record) if not math.isfinite(value)]
        if numbers or not all(value.isfinite().all() for value in values):
            raise FloatingPointError(
                f"Training the generator diverged in epoch {record.epoch} with generator.lr = {self.spec.lr} and "
                f"generator.critic_lr = {self.spec.critic_lr} (what was learnt before stays beside it): choose "
                "smaller ones."
            )


def halves(precision: str) -> bool:
    """Return True where convolutions of a precision are computed in bfloat16 on this processor."""
    if precision == "auto":
        # where it only imitates the format, a step takes 16 times as long as in single precision
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001 - torch offers no other way before 2.9
    return precision == "bfloat16"


def draw_weights(network: nn.Module, random: torch.Generator) -> None:
    """Draw Xavier's weights from ``random`` alone: gain sqrt(2) inside a residual branch (paper, B.1)."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            inside = name.endswith((".inner", ".outer"))
            gain = math.sqrt(2) if inside else 1.0
            nn.init.xavier_uniform_(module.weight, gain=gain, generator=random)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
            module.reset_running_stats()


def normalise_spectra(critic: Critic, random: torch.Generator) -> None:
    """Divide every weight by its largest singular value, followed by one power iteration a step."""
    for module in list(critic.modules()):
        if not isinstance(module, nn.Conv2d | nn.Linear):
            continue
        # it draws singular vectors from torch's global generator: put that back, and start from our own
        with torch.random.fork_rng(devices=[]):
            spectral_norm(module)
        norm: Any = module.parametrizations["weight"][0]  # type: ignore[index]
        for vector in (norm._u, norm._v):  # noqa: SLF001 - torch offers no other way
            vector.copy_(functional.normalize(torch.randn(vector.shape, generator=random), dim=0))
        matrix = module.parametrizations["weight"].original.detach().flatten(1)  # type: ignore[index,union-attr]
        norm._power_method(matrix, _ITERATIONS)  # noqa: SLF001


def plain_weights(critic: Critic) -> dict[str, Tensor]:
    """Return the weights that a critic built without spectral norm needs to score as this one does."""
    # in training mode every look at a weight would be a step of the power iteration
    critic.eval()
    state = {
        f"{name}.{part}": getattr(module, part).detach().clone()
        for name, module in critic.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
        for part in ("weight", "bias")
    }
    critic.train()
    return state
