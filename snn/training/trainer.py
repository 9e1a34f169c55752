"""Trains a network, a checkpoint per epoch: killed at any step, it ends with the same checkpoints.

Nothing is drawn from a running generator: the order of images comes from (seed, epoch), the spikes of a
stochastic coding from (seed, step, stimulus). The state is kept with each checkpoint, every so many steps
in between, and when training is stopped.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.data import DataSet, Split
from spikeatlas.snn.device import torch_device
from spikeatlas.snn.networks import Architecture, NetworkSite, TrainableNetwork, pixel_statistics
from spikeatlas.snn.training.checkpoints import (
    CheckpointHeader,
    checkpoint_epochs,
    epoch_path,
    read_header,
    save_network,
)
from spikeatlas.snn.training.layer_terms import LayerTerms
from spikeatlas.snn.training.methods import Assignment
from spikeatlas.snn.training.resumable import StateFile, learn
from spikeatlas.snn.training.spec import TrainingSpec

STATE = "training-state.pt"
"""Name of the state's file, in the folder of the checkpoints."""
_TEST_BATCH = 256
# A kill costs at most so many steps; a save costs about as much as one.
_STEPS_BETWEEN_SAVES = 100
# keeps the shuffled labels' random numbers apart from those of the images' order
_SHUFFLE = 2**32


def train_network(
    network_spec: Architecture,
    spec: TrainingSpec,
    data: DataSet,
    *,
    folder: Path,
    seed: int,
    study: str,
    epochs: Sequence[float] = (),
    on_epoch: Callable[[CheckpointHeader], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> None:
    """Write ``folder/epoch-<e>.safetensors`` for every whole epoch and those asked for in ``epochs``.

    ``study`` marks the files; files of another study are replaced. Goes on from the state in the
    folder; the same arguments always end with the same bytes. ValueError for an epoch that training
    does not reach and for a network that the method cannot train; InterruptedError when ``should_stop``
    says so; FloatingPointError when the loss is no longer finite.
    """
    marks = _kept_epochs(spec, epochs)
    missing = [epoch for epoch in marks if not _is_trained(epoch_path(folder, epoch), study)]
    if not missing:
        return
    problems = [*spec.problems(network_spec), *spec.backend_problems(network_spec)]
    if problems:
        raise ValueError("; ".join(problems))
    learner = NetworkLearner(network_spec, spec, data, seed=seed, study=study)
    learner.plan(marks, folder, first=missing[0])
    state = StateFile(folder / STATE, {"study": study})
    learn(learner, state, should_stop=should_stop, on_epoch=on_epoch)


def _kept_epochs(spec: TrainingSpec, epochs: Sequence[float]) -> list[float]:
    """Return the epochs to keep, ascending: every whole one and those asked for."""
    beyond = [f"{epoch:g}" for epoch in epochs if not 0 <= epoch <= spec.epochs]
    if beyond:
        raise ValueError(
            f"epochs names {', '.join(beyond)}, but training.epochs is {spec.epochs}: name epochs from "
            f"0 to {spec.epochs}, or train longer."
        )
    return sorted({*checkpoint_epochs(spec.epochs), *map(float, epochs)})


def _is_trained(path: Path, study: str) -> bool:
    """Tell whether a sound checkpoint of this study is there."""
    try:
        return read_header(path).study == study
    except (FileNotFoundError, ValueError):
        return False


def training_split(split: Split, spec: TrainingSpec, seed: int) -> Split:
    """Return the training images with the labels that the network is taught."""
    if spec.labels == "true":
        return split
    order = np.random.default_rng([seed, _SHUFFLE]).permutation(len(split))
    return Split(split.images, split.labels[order])


class NetworkLearner:
    """A network that learns, step by step, by the study's method."""

    def __init__(
        self,
        network_spec: Architecture,
        spec: TrainingSpec,
        data: DataSet,
        *,
        seed: int,
        study: str,
    ) -> None:
        mean, std = pixel_statistics(data.train.images)
        surrogate = spec.backend.surrogate(spec.surrogate)
        site = NetworkSite(data.shape, len(data.classes), mean, std, seed, surrogate)
        self.network: TrainableNetwork = network_spec.build(site).to(torch_device(spec.device))
        self.step = 0
        self._data, self._spec, self._seed, self._study = data, spec, seed, study
        self._train = training_split(data.train, spec, seed)
        self._steps_per_epoch = -(-len(data.train) // spec.batch_size)
        self._layer_terms = LayerTerms(self.network, spec.objectives)
        run = spec.backend.run(self.network, spec.precision)
        assignment = Assignment(
            self.network,
            run=self._layer_terms.recording(run),
            loss=self._loss,
            lr=spec.lr,
            steps=max(spec.epochs * self._steps_per_epoch, 1),
        )
        self._teacher = spec.backend.begin(spec.method, assignment, spec.batch_size)
        self._order = self._shuffled(0)
        self._epochs: list[float] = []
        self._folder = Path()
        self._first_step = 0

    def plan(self, epochs: Sequence[float], folder: Path, *, first: float) -> None:
        """Set which ``epochs`` are kept in ``folder``; the ``first`` of them that is not there yet."""
        self._epochs, self._folder = list(epochs), folder
        self._first_step = self.step_of(first)

    def step_of(self, epoch: float) -> int:
        """Return the number of steps taken at ``epoch``."""
        return round(epoch * self._steps_per_epoch)

    def is_done(self) -> bool:
        """Tell whether every epoch has its checkpoint."""
        return not self._epochs

    def advance(
        self, should_stop: Callable[[], bool], keep: Callable[[], None]
    ) -> CheckpointHeader:
        """Train up to the next epoch and write its checkpoint."""
        epoch = self._epochs.pop(0)
        self.train(self.step_of(epoch), should_stop, keep)
        header = self.header(epoch)
        save_network(epoch_path(self._folder, epoch), self.network, header)
        for callback in self._spec.callbacks:
            callback(header, self.network)
        return header

    def train(self, step: int, should_stop: Callable[[], bool], keep: Callable[[], None]) -> None:
        """Train up to ``step``; ``keep`` saves the state: now and then, and when told to stop."""
        while self.step < step:
            if should_stop():
                keep()
                raise InterruptedError("training was stopped: run again to go on where it was.")
            self._train_step()
            if self.step % _STEPS_BETWEEN_SAVES == 0:
                keep()

    def _train_step(self) -> None:
        epoch, batch = divmod(self.step, self._steps_per_epoch)
        if batch == 0:
            self._order = self._shuffled(epoch)
        rows = self._order[batch * self._spec.batch_size : (batch + 1) * self._spec.batch_size]
        inputs = encode(self.network, self._train.images[rows], self._key("train", self.step))
        labels = torch.from_numpy(self._train.labels[rows])
        device = self.network.device
        loss = self._teacher.step(inputs.to(device), labels.to(device))
        if not math.isfinite(loss):
            raise FloatingPointError(
                f"training diverged at step {self.step} (loss {loss}): lower training.lr, "
                f"which is {self._spec.lr}."
            )
        self.step += 1

    def _loss(self, spikes: Tensor, labels: Tensor) -> Tensor:
        objectives = self._spec.objectives
        terms = [objective.loss(self.network, spikes, labels) for objective in objectives]
        return functools.reduce(operator.add, [*terms, *self._layer_terms.losses()])

    def _key(self, purpose: str, presentation: int) -> CodingKey:
        return CodingKey(self._seed, checkpoint="", purpose=purpose, presentation=presentation)

    def _shuffled(self, epoch: int) -> npt.NDArray[np.int64]:
        return np.random.default_rng([self._seed, epoch]).permutation(len(self._data.train))

    @torch.no_grad()
    def header(self, epoch: float) -> CheckpointHeader:
        """Measure the network on the test images."""
        self._teacher.settle()
        scores = []
        self.network.eval()
        for batch, count in padded_batches(self._data.test.images, _TEST_BATCH):
            inputs = encode(self.network, batch, self._key("accuracy", self.step))
            outputs = self.network(inputs.to(self.network.device))
            scores.append(self.network.scores(outputs)[:count].cpu())
        labels = torch.from_numpy(self._data.test.labels)
        self.network.train()
        total = torch.cat(scores)
        return CheckpointHeader(
            epoch=epoch,
            step=self.step,
            images_seen=self._images_seen(),
            accuracy=float((total.argmax(1) == labels).double().mean()),
            loss=float(functional.cross_entropy(total.double(), labels)),
            study=self._study,
        )

    def _images_seen(self) -> int:
        epochs, batch = divmod(self.step, self._steps_per_epoch)
        return epochs * len(self._data.train) + batch * self._spec.batch_size

    def state_dict(self) -> dict[str, Any]:
        """Return all that going on needs: tensors and plain values."""
        self._teacher.settle()
        return {
            "step": self.step,
            "order": torch.from_numpy(self._order),
            "network": self.network.state_dict(),
            **self._teacher.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state that is not past the first checkpoint to write; else stay at step 0."""
        if state["step"] > self._first_step:
            return
        self.step = int(state["step"])
        self._order = state["order"].numpy()
        self.network.load_state_dict(state["network"])
        self._teacher.load_state_dict(state)
        self._epochs = [epoch for epoch in self._epochs if self.step_of(epoch) >= self.step]
