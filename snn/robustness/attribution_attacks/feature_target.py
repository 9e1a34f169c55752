"""A network under attack by its features: what is climbed is a weighted sum of one layer's rates, not the loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.importance.attribution import AT_ONCE, ImagePath, attribute
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.robustness.attack_target import (
    Answer,
    AttackTarget,
    Labels,
    answer_of,
    differentiable_inputs,
)
from spikeatlas.snn.robustness.norm_ball import Floats, Images
from spikeatlas.snn.sentences import near
from spikeatlas.snn.subjects import LackError


@dataclass(frozen=True)
class FeatureTarget(AttackTarget):
    """A network whose slopes are those of a sum that falls as what speaks for the true class does."""

    layer: str = ""
    weights: Tensor | None = None
    """(n, ...) of the layer's rates, for the same images at every call."""

    def slopes(self, images: Images, labels: Labels) -> tuple[Answer, Floats]:
        """Read images, and take the gradients (n, c, h, w) in pixels/255 of minus the weighted sum of the layer's rates."""
        assert self.network is not None
        assert self.weights is not None
        scores, slopes, rows = [], [], self.weights
        for batch, count in padded_batches(images, AT_ONCE):
            some, rows = _padded(rows[:count], len(batch)), rows[count:]
            levels = torch.from_numpy(batch).to(some.device, torch.float32).requires_grad_()
            with torch.enable_grad():
                inputs = differentiable_inputs(self.network, batch, levels, self.key)
                spikes, outputs = self.network.layer_outputs(inputs)
                total = (spikes[self.layer].mean(0) * some).sum()
                (slope,) = torch.autograd.grad(-total, levels)
            read = self.network.scores(outputs).detach()
            scores.append(read.double().cpu().numpy()[:count])
            slopes.append(slope.double().cpu().numpy()[:count] * 255)
        return answer_of(np.concatenate(scores), labels), np.concatenate(slopes)


def attributed_target(
    target: AttackTarget, images: Images, labels: Labels, steps: int, layer: str | None
) -> FeatureTarget:
    """Return a target whose weights are the gradients of the attribution to a layer, of length 1 for each image.

    They are averaged over ``steps`` images from black to each of ``images`` (n, c, h, w), and do not change afterwards.
    LackError where it has no gradients, or no such layer.
    """
    if target.network is None:
        raise LackError("this network has no gradients that an attack could follow.")
    place, parts = layer_under_attack(target.network, layer), []
    path, rows = ImagePath(np.zeros_like(images[0]), steps), labels
    for batch, count in padded_batches(images, AT_ONCE):
        classes, rows = np.resize(rows[:count], len(batch)), rows[count:]
        slopes = attribute(target.network, batch, classes, path, target.key)[place].slopes[:count]
        lengths = slopes.flatten(1).norm(dim=1).clamp_min(torch.finfo(slopes.dtype).tiny)
        parts.append(slopes / lengths.view(-1, *[1] * (slopes.ndim - 1)))
    return FeatureTarget(
        target.read, target.network, target.key, layer=place, weights=torch.cat(parts)
    )


def layer_under_attack(network: TrainableNetwork, layer: str | None) -> str:
    """Return the layer of that name; without one, that in the middle of those before the last.

    LackError, a sentence, where there is none.
    """
    names = tuple(network.input_weights())
    if not names:
        raise LackError("this network has no spiking layers of its own.")
    if layer is None:
        inner = names[:-1] or names
        return inner[len(inner) // 2]
    if layer not in names:
        raise LackError(
            f"the network has no layer {layer!r}: there are {', '.join(names)}{near(layer, names)}."
        )
    return layer


def _padded(rows: Tensor, size: int) -> Tensor:
    return torch.cat([rows, rows[-1:].expand(size - len(rows), *rows.shape[1:])])
