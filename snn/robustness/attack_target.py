"""The network under attack: what it reads in images, and the gradient of its loss where it has one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CODINGS, CodingKey, encode
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.robustness.norm_ball import Floats, Images
from spikeatlas.snn.subjects import LackError, Scores, Showing, Subject

Labels = NDArray[np.int64]

AT_ONCE = 64
"""Images that an attack shows together: the last batch is padded, and a black box is asked for ever fewer."""


class Answer(NamedTuple):
    """The reading of some images by the network under attack."""

    right: NDArray[np.bool_]
    """(n,) true where the highest score is the label's."""
    losses: Floats
    """(n,) cross-entropy of the scores, in nats."""


@dataclass(frozen=True)
class AttackTarget:
    """A network under attack."""

    read: Callable[[Images], Scores]
    """Its scores (n, classes) of images uint8 (n, c, h, w), once for each showing."""
    network: TrainableNetwork | None = None
    """The same network, in evaluation mode, to take gradients through; None where it has none."""
    key: CodingKey | None = None
    """Of the random numbers of a stochastic coding, in the gradients."""
    source: AttackTarget | None = None
    """Another network, whose gradients a transfer attack follows; None where none is named."""

    def answer(self, images: Images, labels: Labels) -> Answer:
        """Read images (n, c, h, w) with labels (n,)."""
        return answer_of(self.read(images), labels)

    def slopes(self, images: Images, labels: Labels) -> tuple[Answer, Floats]:
        """Read images, and take the gradients (n, c, h, w) of the losses in pixels/255. LackError without gradients."""
        if self.network is None:
            raise LackError("this network has no gradients that an attack could follow.")
        scores, slopes = [], []
        rows = torch.from_numpy(labels)
        for batch, count in padded_batches(images, AT_ONCE):
            some = rows[: len(batch)] if count == len(batch) else _padded(rows[:count], len(batch))
            rows = rows[count:]
            read, slope = _slopes(self.network, batch, some, self.key)
            scores.append(read[:count])
            slopes.append(slope[:count])
        return answer_of(np.concatenate(scores), labels), np.concatenate(slopes)


def answer_of(scores: Scores, labels: Labels) -> Answer:
    """Return the reading of images whose scores (n, classes) and labels (n,) are these."""
    losses = F.cross_entropy(
        torch.from_numpy(scores), torch.from_numpy(labels), reduction="none"
    ).numpy()
    return Answer(scores.argmax(axis=1) == labels, losses)


def network_target(network: TrainableNetwork, key: CodingKey | None = None) -> AttackTarget:
    """Return a network of ours in evaluation mode as a target; its own forward pass reads."""

    @torch.no_grad()
    def read(images: Images) -> Scores:
        parts = [np.empty((0, network.classes))]
        for batch, count in padded_batches(images, AT_ONCE):
            outputs = network(encode(network, batch, key).to(network.device))
            parts.append(network.scores(outputs).double().cpu().numpy()[:count])
        return np.concatenate(parts)

    return AttackTarget(read, network, key)


def subject_target(
    subject: Subject,
    showing: Showing,
    network: TrainableNetwork | None = None,
    source: AttackTarget | None = None,
) -> AttackTarget:
    """Return a subject with a read-out as a target. ``network``: the same one, to take gradients through."""

    def read(images: Images) -> Scores:
        return subject.scores(images, showing)

    return AttackTarget(read, network, showing.key, source)


def _padded(labels: Tensor, size: int) -> Tensor:
    return torch.cat([labels, labels[-1:].expand(size - len(labels))])


def _slopes(
    network: TrainableNetwork, images: Images, labels: Tensor, key: CodingKey | None
) -> tuple[Scores, Floats]:
    """Scores (n, classes) and slopes (n, c, h, w) of one batch."""
    levels = torch.from_numpy(images).to(network.device, torch.float32).requires_grad_()
    with torch.enable_grad():
        scores: Tensor = network.scores(
            network(differentiable_inputs(network, images, levels, key))
        )
        losses = F.cross_entropy(scores, labels.to(network.device), reduction="sum")
        (slopes,) = torch.autograd.grad(losses, levels)
    read = scores.detach().double().cpu().numpy()
    return cast("Scores", read), slopes.double().cpu().numpy() * 255


def differentiable_inputs(
    network: TrainableNetwork, images: Images, levels: Tensor, key: CodingKey | None
) -> Tensor:
    """Encode images with a gradient in their grey levels, float32 (n, c, h, w) from 0 to 255.

    A current is differentiated as it is, constant or at the first step alone. A spike of a train has the gradient of its
    mean, pixel/255 or half the normalised pixel, at every step: it is passed straight through (Bengio et al. 2013,
    arXiv 1308.3432).
    """
    coding = CODINGS[network.coding]
    if coding.constant:
        return network.normalise(levels)[None]
    trains = encode(network, images, key).to(network.device)
    means = levels / 255 if coding.of_pixels else network.normalise(levels)
    if coding.stochastic and not coding.of_pixels:
        means = (means / 2).clamp(-1, 1)
    through = means - means.detach()
    if coding.stochastic or coding.binary:
        return trains + through
    return torch.cat([trains[:1] + through, trains[1:]])
