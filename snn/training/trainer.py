"""Surrogate-gradient training that can be killed at any step and ends with the same checkpoints.

Nothing is drawn from a running generator: the order of images comes from (seed, epoch), the spikes of a
stochastic coding from (seed, step, stimulus). What is left to keep is the network, the optimiser, the
schedule and the order of the current epoch; they are kept beside the checkpoints, with each of them,
every so many steps in between, and when training is stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its name everywhere

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.data import DataSet, Split
from spikeatlas.snn.files import load_state, save_state
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork, build_network, pixel_statistics
from spikeatlas.snn.training.checkpoints import (
    CheckpointHeader,
    checkpoint_epochs,
    epoch_path,
    read_header,
    save_network,
)
from spikeatlas.snn.training.spec import TrainingSpec

STATE = "training-state.pt"
_TEST_BATCH = 256
# A kill costs at most so many steps; a save costs about as much as one.
_STEPS_BETWEEN_SAVES = 100
# keeps the shuffled labels' random numbers apart from those of the images' order
_SHUFFLE = 2**32


def train_network(
    network_spec: NetworkSpec,
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
    does not reach; InterruptedError when ``should_stop`` says so; FloatingPointError when the loss is
    no longer finite.
    """
    wanted = _wanted(spec, epochs)
    missing = [epoch for epoch in wanted if not _trained(epoch_path(folder, epoch), study)]
    if not missing:
        return
    trainer = Trainer(network_spec, spec, data, seed=seed, study=study)
    trainer.resume(folder / STATE, before=trainer.step_of(missing[0]))
    keep = lambda: save_state(folder / STATE, trainer.state_dict())
    for epoch in wanted:
        if trainer.step_of(epoch) < trainer.step:
            continue
        trainer.advance(trainer.step_of(epoch), keep, should_stop or (lambda: False))
        header = trainer.header(epoch)
        save_network(epoch_path(folder, epoch), trainer.network, header)
        keep()
        if on_epoch is not None:
            on_epoch(header)


def _wanted(spec: TrainingSpec, epochs: Sequence[float]) -> list[float]:
    """Epochs to keep, ascending: every whole one and those asked for."""
    beyond = [f"{epoch:g}" for epoch in epochs if not 0 <= epoch <= spec.epochs]
    if beyond:
        raise ValueError(
            f"epochs names {', '.join(beyond)}, but training.epochs is {spec.epochs}: name epochs from "
            f"0 to {spec.epochs}, or train longer."
        )
    return sorted({*checkpoint_epochs(spec.epochs), *map(float, epochs)})


def _trained(path: Path, study: str) -> bool:
    """Whether a sound checkpoint of this study is there."""
    try:
        return read_header(path).study == study
    except (FileNotFoundError, ValueError):
        return False


def taught(split: Split, spec: TrainingSpec, seed: int) -> Split:
    """The training images with the labels that the network is taught."""
    if spec.labels == "true":
        return split
    order = np.random.default_rng([seed, _SHUFFLE]).permutation(len(split))
    return Split(split.images, split.labels[order])


class Trainer:
    """Backpropagation through time with a surrogate gradient (Neftci et al. 2019)."""

    def __init__(
        self, network_spec: NetworkSpec, spec: TrainingSpec, data: DataSet, *, seed: int, study: str
    ) -> None:
        mean, std = pixel_statistics(data.train.images)
        self.network: SpikingNetwork = build_network(
            network_spec, input_shape=data.shape, classes=len(data.classes),
            mean=mean, std=std, seed=seed,
        )  # fmt: skip
        self.step = 0
        self._data, self._spec, self._seed, self._study = data, spec, seed, study
        self._train = taught(data.train, spec, seed)
        self._steps_per_epoch = -(-len(data.train) // spec.batch_size)
        self._optimizer = torch.optim.Adam(self.network.parameters(), lr=spec.lr)
        steps = max(spec.epochs * self._steps_per_epoch, 1)
        self._scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimizer, steps)
        self._order = self._shuffled(0)

    def step_of(self, epoch: float) -> int:
        """Return the number of steps taken at ``epoch``."""
        return round(epoch * self._steps_per_epoch)

    def advance(self, step: int, keep: Callable[[], None], should_stop: Callable[[], bool]) -> None:
        """Train up to ``step``; ``keep`` saves the state: now and then, and when told to stop."""
        while self.step < step:
            if should_stop():
                keep()
                raise InterruptedError("training was stopped: run again to go on where it was.")
            self._train_step()
            if self.step % _STEPS_BETWEEN_SAVES == 0:
                keep()

    def _train_step(self) -> None:
        epoch, place = divmod(self.step, self._steps_per_epoch)
        if place == 0:
            self._order = self._shuffled(epoch)
        rows = self._order[place * self._spec.batch_size : (place + 1) * self._spec.batch_size]
        loss = self._loss(self._train, rows)
        if not torch.isfinite(loss):
            raise FloatingPointError(
                f"training diverged at step {self.step} (loss {loss.item()}): lower training.lr, "
                f"which is {self._spec.lr}."
            )
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        self._scheduler.step()
        self.step += 1

    def _loss(self, split: Split, rows: npt.NDArray[np.int64]) -> Tensor:
        inputs = encode(self.network, split.images[rows], self._key("train", self.step))
        run = self.network if self._spec.loop == "layers" else self.network.unroll
        counts = run(inputs).sum(0)
        return F.cross_entropy(counts, torch.from_numpy(split.labels[rows]))

    def _key(self, purpose: str, presentation: int) -> CodingKey:
        return CodingKey(self._seed, checkpoint="", purpose=purpose, presentation=presentation)

    def _shuffled(self, epoch: int) -> npt.NDArray[np.int64]:
        return np.random.default_rng([self._seed, epoch]).permutation(len(self._data.train))

    @torch.no_grad()
    def header(self, epoch: float) -> CheckpointHeader:
        """Measure the network on the test images."""
        counts = []
        for batch, count in padded_batches(self._data.test.images, _TEST_BATCH):
            inputs = encode(self.network, batch, self._key("accuracy", self.step))
            counts.append(self.network(inputs).sum(0)[:count])
        labels = torch.from_numpy(self._data.test.labels)
        scores = torch.cat(counts)
        return CheckpointHeader(
            epoch=epoch,
            step=self.step,
            images_seen=self._images_seen(),
            accuracy=float((scores.argmax(1) == labels).double().mean()),
            loss=float(F.cross_entropy(scores.double(), labels)),
            study=self._study,
        )

    def _images_seen(self) -> int:
        epochs, place = divmod(self.step, self._steps_per_epoch)
        return epochs * len(self._data.train) + place * self._spec.batch_size

    def state_dict(self) -> dict[str, Any]:
        """Return all that going on needs: tensors and plain values."""
        return {
            "study": self._study,
            "step": self.step,
            "order": torch.from_numpy(self._order),
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
        }

    def resume(self, path: Path, *, before: int) -> None:
        """Go on from a state of this study that is not past step ``before``; else stay at step 0."""
        try:
            state = load_state(path)
        except (FileNotFoundError, ValueError):
            return
        if state["study"] != self._study or state["step"] > before:
            return
        self.step = int(state["step"])
        self._order = state["order"].numpy()
        self.network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scheduler.load_state_dict(state["scheduler"])
