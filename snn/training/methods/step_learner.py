"""Learning from one batch after another.

Nothing is drawn from a running generator: the order of images comes from (seed, epoch), the spikes of a
stochastic coding from (seed, step, stimulus). The state is kept with each checkpoint, every so many steps
in between, and when training is stopped.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spikeatlas.snn.coding import encode
from spikeatlas.snn.data import Split
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.surgery import fit_units
from spikeatlas.snn.training.callbacks import (
    ActingCallback,
    Intervention,
    TrainingCallback,
    TrainingSite,
)
from spikeatlas.snn.training.layer_terms import LayerTerms
from spikeatlas.snn.training.methods.lesson import Lesson
from spikeatlas.snn.training.methods.network_learner import NetworkLearner
from spikeatlas.snn.training.methods.teacher import Assignment

# A kill costs at most so many steps; a save costs about as much as one.
_STEPS_BETWEEN_SAVES = 100
# keeps the shuffled labels' random numbers apart from those of the images' order
_SHUFFLE = 2**32


def taught_split(lesson: Lesson) -> Split:
    """Return the training images with the labels that the network is taught."""
    split = lesson.data.train
    if lesson.spec.labels == "true":
        return split
    order = np.random.default_rng([lesson.seed, _SHUFFLE]).permutation(len(split))
    return Split(split.images, split.labels[order])


def shuffled(seed: int, epoch: int, count: int) -> npt.NDArray[np.int64]:
    """Return the order (count,) of the images in an epoch."""
    return np.random.default_rng([seed, epoch]).permutation(count)


class StepLearner(NetworkLearner):
    """A network that learns, batch after batch, as its method's teacher has it."""

    def __init__(self, lesson: Lesson) -> None:
        super().__init__(lesson)
        spec = lesson.spec
        self._train = taught_split(lesson)
        self._steps_per_epoch = -(-len(self._train) // spec.batch_size)
        self._layer_terms = LayerTerms(self.network, spec.objectives)
        run = spec.backend.run(self.network, spec.precision)
        assignment = Assignment(
            self.network,
            run=self._layer_terms.recording(run, stepwise=spec.backend.unrolled),
            loss=self._loss,
            lr=spec.lr,
            steps=max(spec.epochs * self._steps_per_epoch, 1),
            epoch_steps=self._steps_per_epoch,
            seed=lesson.seed,
        )
        self._teacher = spec.backend.begin(spec.method, assignment, spec.batch_size)
        self._interventions = self._begin(spec.callbacks)
        self._order = self._shuffled(0)

    def _begin(self, callbacks: Sequence[TrainingCallback]) -> list[Intervention]:
        """Make the acting callbacks ready."""
        spec, train = self.lesson.spec, self.lesson.data.train
        steps = max(spec.epochs * self._steps_per_epoch, 1)
        site = TrainingSite(self.network, self._teacher, train, steps, self.lesson.seed)
        return [
            callback.begin(site) for callback in callbacks if isinstance(callback, ActingCallback)
        ]

    def step_of(self, epoch: float) -> int:
        """Return the number of steps taken at ``epoch``."""
        return round(epoch * self._steps_per_epoch)

    def reach(self, place: float, stop: Callable[[], None], keep: Callable[[], None]) -> None:
        """See ``NetworkLearner``."""
        self.train(self.step_of(place), stop, keep)

    def train(
        self,
        step: int,
        stop: Callable[[], None] = lambda: None,
        keep: Callable[[], None] = lambda: None,
    ) -> None:
        """Train up to ``step``; ``keep`` saves the state now and then."""
        while self.step < step:
            stop()
            self._train_step()
            if self.step % _STEPS_BETWEEN_SAVES == 0:
                keep()

    def _train_step(self) -> None:
        epoch, batch = divmod(self.step, self._steps_per_epoch)
        if batch == 0:
            self._order = self._shuffled(epoch)
        size = self.lesson.spec.batch_size
        rows = self._order[batch * size : (batch + 1) * size]
        inputs = encode(self.network, self._train.images[rows], self.key("train"))
        labels = torch.from_numpy(self._train.labels[rows])
        device = self.network.device
        loss = self._teacher.step(inputs.to(device), labels.to(device))
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"training diverged at step {self.step} (loss {loss}): lower training.lr, "
                f"which is {self.lesson.spec.lr}{self._strengths()}."
            )
        self.step += 1
        for intervention in self._interventions:
            intervention.after_step(self.step)

    def _strengths(self) -> str:
        """Name the fields of objectives and acting callbacks that may be what a training diverges by, as a sentence goes on."""
        spec = self.lesson.spec
        acting = [callback for callback in spec.callbacks if isinstance(callback, ActingCallback)]
        return "".join(
            f", or {name} of {part.kind} in training.{field}, which is {getattr(part, name)}"
            for field, parts in (("objectives", spec.objectives), ("callbacks", acting))
            for part in parts
            for name in part.strengths
        )

    def _loss(self, spikes: Tensor, labels: Tensor) -> Tensor:
        objectives = self.lesson.spec.objectives
        terms = [objective.loss(self.network, spikes, labels) for objective in objectives]
        penalties = (intervention.penalty(self.step) for intervention in self._interventions)
        terms += [penalty for penalty in penalties if penalty is not None]
        return functools.reduce(operator.add, [*terms, *self._layer_terms.losses()])

    def _shuffled(self, epoch: int) -> npt.NDArray[np.int64]:
        return shuffled(self.lesson.seed, epoch, len(self._train))

    def settle(self) -> None:
        """See ``NetworkLearner``."""
        self._teacher.settle()

    @property
    def images_seen(self) -> int:
        """See ``NetworkLearner``."""
        epochs, batch = divmod(self.step, self._steps_per_epoch)
        return epochs * len(self._train) + batch * self.lesson.spec.batch_size

    def state_dict(self) -> dict[str, Any]:
        """See ``NetworkLearner``."""
        self.settle()
        return {
            "step": self.step,
            "order": torch.from_numpy(self._order),
            "network": self.network.state_dict(),
            "callbacks": [intervention.state_dict() for intervention in self._interventions],
            **self._teacher.state_dict(),
        }

    def is_past(self, state: dict[str, Any], place: float) -> bool:
        """See ``NetworkLearner``."""
        return int(state["step"]) > self.step_of(place)

    def restore(self, state: dict[str, Any]) -> None:
        """See ``NetworkLearner``."""
        self.step = int(state["step"])
        self._order = state["order"].numpy()
        if isinstance(self.network, SpikingNetwork):
            fit_units(self.network, state["network"])
        self.network.load_state_dict(state["network"])
        self._teacher.load_state_dict(state)
        # a state of before there were any has none
        rows = zip(self._interventions, state.get("callbacks", []), strict=True)
        for intervention, values in rows:
            intervention.load_state_dict(values)
