"""The course of progressive tandem learning: train, convert a layer, fine-tune, convert the next one (Wu et al. 2021).

Stage 0 trains the network of analogue layers; stage k begins with the conversion of hidden layer k. A place k is a
stage's beginning, k.5 its end, where the best network of its epochs is taken up again.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import encode
from spikeatlas.snn.data import Split, take_evenly
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.training.methods.lesson import Lesson
from spikeatlas.snn.training.methods.network_learner import NetworkLearner
from spikeatlas.snn.training.methods.step_learner import taught_split
from spikeatlas.snn.training.methods.tandem.frozen_spikes import FrozenSpikes
from spikeatlas.snn.training.methods.tandem.hybrid_network import HybridNetwork, neuron_of
from spikeatlas.snn.training.methods.tandem.tandem_stage import Stage

if TYPE_CHECKING:
    # the method makes its learner
    from spikeatlas.snn.training.methods.tandem.tandem_method import TandemMethod

TUNED = 0.5
"""From a stage's beginning to its end, on the axis."""
_LAST_LR = 0.1
"""Share of the learning rate that is left to the last stage."""
_MEASURED = 512
"""Training images, at most, that thresholds are measured by."""
_AT_ONCE = 64
"""Of these, over all time steps."""
_STEPS_BETWEEN_SAVES = 100
_BATCH = 256
# keeps the random numbers of the split apart from those of the images' order
_SPLIT = 2**33


class TandemLearner(NetworkLearner):
    """A network on its way from analogue to spiking layers."""

    network: SpikingNetwork

    def __init__(self, lesson: Lesson, method: TandemMethod) -> None:
        super().__init__(lesson)
        self._method = method
        self.training, self.validation = split_off(lesson, method.validation)
        self._steps_per_epoch = -(-len(self.training) // lesson.spec.batch_size)
        self.hybrid = HybridNetwork(self.network)
        self.place = 0.0
        """Last place on the axis that it has come to."""
        self._images_seen = 0
        self._measure()
        self.stage = self._enter()

    def reach(self, place: float, stop: Callable[[], None], keep: Callable[[], None]) -> None:
        """See ``NetworkLearner``."""
        while self.place < place:
            stop()
            if self.place % 1:
                self._convert()
            elif self.stage.is_over:
                self._end_stage()
            else:
                self._train_step()
                if self.step % _STEPS_BETWEEN_SAVES == 0:
                    keep()

    def _convert(self) -> None:
        """Begin the next stage: one more layer spikes."""
        self.hybrid.convert()
        self._measure()
        self.place += TUNED
        self.stage = self._enter()

    def _end_stage(self) -> None:
        """Take up the best network of the stage."""
        self.network.load_state_dict(self.stage.best)
        self._measure()
        self.place += TUNED

    def _measure(self) -> None:
        """Measure thresholds on as many images of each class: pictures in folders stand class by class."""
        images = take_evenly(self.training, _MEASURED).images
        self.network.eval()
        self.hybrid.measure(
            encode(self.network, images[start : start + _AT_ONCE]).to(self.network.device)
            for start in range(0, len(images), _AT_ONCE)
        )

    def _enter(self) -> Stage:
        """Make ready for a stage's steps: what learns in it, and a new optimiser."""
        spec, stages = self.lesson.spec, self._method.conversions(len(self.hybrid.hidden))
        lr = spec.lr * (_LAST_LR if self.hybrid.converted == stages > 0 else 1)
        for parameter in self.network.parameters():
            parameter.requires_grad_(False)
        rates: dict[float, list[Tensor]] = {}
        for tensor, rate in self._learning():
            rates.setdefault(lr * rate, []).append(tensor.requires_grad_())
        groups = [{"params": tensors, "lr": rate} for rate, tensors in rates.items()]
        self._optimizer = torch.optim.Adam(groups, weight_decay=self._method.weight_decay)
        self._frozen_spikes: FrozenSpikes | None = None
        limit = self._method.tuning_epochs if self.hybrid.converted else None
        return Stage(limit=limit or spec.epochs, patience=self._method.patience)

    @property
    def _frozen(self) -> int:
        """Layers that learn no more: the converted ones, but perhaps the newest."""
        return max(self.hybrid.converted - (self._method.newest == "tuned"), 0)

    def _learning(self) -> Iterator[tuple[Tensor, float]]:
        """Parameters that learn in this stage, each with its share of the rate."""
        for layer in list(self.network)[self._frozen :]:
            yield layer.operator.weight, 1.0
            if layer.operator.bias is not None:
                # it adds up over the steps: what a step of the optimiser adds to the sum is to be the rate
                yield layer.operator.bias, 1 / self.network.time_steps
            if layer.norm is not None:
                yield from ((parameter, 1.0) for parameter in layer.norm.parameters())

    def _train_step(self) -> None:
        rows = self._rows()
        self._set_modes()
        sequence = self._entering(rows).to(self.network.device)
        labels = torch.from_numpy(self.training.labels[rows]).to(self.network.device)
        outputs = self.hybrid.outputs(sequence, self._frozen)
        loss = functional.cross_entropy(self.network.scores(outputs), labels)
        self._require_finite(float(loss.detach()))
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self.step, self._images_seen = self.step + 1, self._images_seen + len(rows)
        self.stage.batch += 1
        if self.stage.batch == self._steps_per_epoch:
            self._end_epoch()

    def _entering(self, rows: npt.NDArray[np.int64]) -> Tensor:
        """Input (T, n, ...) of the first layer that learns, for some of the training images."""
        layers = self._frozen
        if not layers:
            return self._spikes(self.training.images[rows], 0)
        if self._frozen_spikes is None:
            height = float(neuron_of(self.hybrid.hidden[layers - 1]).threshold)
            respond = functools.partial(self._spikes, layers=layers)
            self._frozen_spikes = FrozenSpikes(respond, self.training.images, height)
        return self._frozen_spikes.of(rows)

    def _spikes(self, images: npt.NDArray[np.uint8], layers: int) -> Tensor:
        """Outputs (T, n, ...) of the first layers to images."""
        return self.hybrid.spikes(encode(self.network, images).to(self.network.device), layers)

    def _rows(self) -> npt.NDArray[np.int64]:
        """Training images of the next batch; an epoch's batches are of one size, but for one image."""
        count, stage = len(self.training), self.stage
        order = np.random.default_rng([self.lesson.seed, int(self.place), stage.epoch])
        batches = np.array_split(order.permutation(count), self._steps_per_epoch)
        return batches[stage.batch]

    def _set_modes(self) -> None:
        """Let analogue layers normalise by their batch; spikes are of the weights as they are folded, by running statistics."""
        self.network.train()
        for layer in self.hybrid.hidden[: self.hybrid.converted]:
            layer.eval()

    def _require_finite(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"training diverged at step {self.step} (loss {loss}): lower training.lr, which is {self.lesson.spec.lr}."
            )

    @torch.no_grad()
    def _end_epoch(self) -> None:
        """Measure the network on the validation images."""
        self.network.eval()
        scores, labels = self.scores(self.validation), torch.from_numpy(self.validation.labels)
        accuracy = float((scores.argmax(1) == labels).double().mean())
        loss = float(functional.cross_entropy(scores.double(), labels))
        self.stage.end_epoch(accuracy, loss, self.network.state_dict())

    @torch.no_grad()
    def scores(self, split: Split) -> Tensor:
        """See ``NetworkLearner``; analogue layers are computed once, not once a step."""
        parts = []
        for batch, count in padded_batches(split.images, _BATCH):
            spiking = self.hybrid.converted
            outputs = self.hybrid.outputs(self._spikes(batch, spiking), spiking)
            parts.append(self.network.scores(outputs)[:count].cpu())
        return torch.cat(parts)

    @property
    def images_seen(self) -> int:
        """See ``NetworkLearner``."""
        return self._images_seen

    def state_dict(self) -> dict[str, Any]:
        """See ``NetworkLearner``."""
        return {
            "step": self.step,
            "place": self.place,
            "images_seen": self._images_seen,
            "network": self.network.state_dict(),
            "stage": self.stage.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def is_past(self, state: dict[str, Any], place: float) -> bool:
        """See ``NetworkLearner``: also where the stage that begins there has."""
        at = float(state["place"])
        return at > place or (at == place and not place % 1 and Stage(**state["stage"]).begun)

    def restore(self, state: dict[str, Any]) -> None:
        """See ``NetworkLearner``."""
        self.step, self.place = int(state["step"]), float(state["place"])
        self._images_seen = int(state["images_seen"])
        self.network.load_state_dict(state["network"])
        self._enter()
        self.stage = Stage(**state["stage"])
        self._optimizer.load_state_dict(state["optimizer"])


def validation_count(images: int, share: float) -> int:
    """Return how many of so many training images (>= 2) are for validation: at least one, and never all."""
    return min(max(round(share * images), 1), images - 1)


def split_off(lesson: Lesson, share: float) -> tuple[Split, Split]:
    """Return the training images without those for validation, a ``share`` that the seed chooses, and these.

    ValueError for fewer than two images.
    """
    split, count = taught_split(lesson), len(lesson.data.train)
    if count < 2:
        raise ValueError(
            f"training.method: tandem splits images for validation off, and there is {count} to train with; give at least 2."
        )
    order = np.random.default_rng([lesson.seed, _SPLIT]).permutation(count)
    size = validation_count(count, share)
    parts = np.sort(order[size:]), np.sort(order[:size])
    training, validation = (Split(split.images[rows], split.labels[rows]) for rows in parts)
    return training, validation
