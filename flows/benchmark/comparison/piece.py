"""One network of a comparison, trained with one seed, and its numbers."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Sequence
from statistics import median

import numpy as np
import torch

from spikeatlas.flows.benchmark.comparison.comparison import NetworkComparison, Row
from spikeatlas.flows.benchmark.step_timing import step_seconds
from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.data import DataSet, take_evenly
from spikeatlas.snn.networks import SpikingNetwork, TrainableNetwork
from spikeatlas.snn.robustness import measure_network
from spikeatlas.snn.selectivity import hoyer
from spikeatlas.snn.training import (
    Lesson,
    StepLearner,
    epoch_path,
    load_network,
    read_header,
    train_network,
)
from spikeatlas.snn.training.methods import Backprop
from spikeatlas.tasks.benchmark.piece_file import read_piece, write_piece
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.process import one_thread
from spikeatlas.tasks.workers.stopping import stop_asked

IMAGES = 1000
"""Test images whose activity is measured, as many of each class."""
BATCH = 100
TIMED_BATCH = 32
ROUNDS = 3


@dataclasses.dataclass(frozen=True)
class Piece:
    """The numbers of one row and seed; a share or a mean is in [0, 1], times are in seconds of one core."""

    row: str
    seed: int
    key: str
    """Digest of what they rest on: ``NetworkComparison.key``."""
    accuracy: float
    """Of the test images, after the last epoch."""
    loss: float
    """Cross-entropy of the test images, nats."""
    active: dict[str, float]
    """Share of steps and neurons that are not 0, of each hidden layer."""
    sparsity: dict[str, float]
    """Hoyer sparsity (0 flat, 1 one-hot) of a layer's mean activity in an image, averaged over images."""
    seconds: float
    """Of the whole training, when the piece was trained at once; 0 for one that was resumed."""
    steps_a_second: float | None
    """Training steps of 32 images: forward and backward by the row's own back end, or whole ones of a method that has its
    own way backward; None of one that does not go from batch to batch."""
    loop_steps_a_second: float | None
    """The first, by the loop over time steps through all layers; None of other methods."""
    robust: dict[str, float]
    """Accuracy by condition, of images under noise and attacks, if that was asked for."""
    units: dict[str, int] = dataclasses.field(default_factory=dict)
    """Units that each hidden layer is left with; none in a file of before units were cut."""


def measure_piece(comparison: NetworkComparison, row: Row, seed: int, key: str) -> Piece:
    """Train one network, or go on where its training was stopped, measure it, and keep the numbers under a ``key``."""
    one_thread()
    data = models.dataset(comparison.data)
    folder = comparison.output / f"{row.slug}-seed-{seed}"
    fresh, began = not folder.exists(), time.process_time()
    architecture = row.spec.architecture
    train_network(
        architecture,
        row.training,
        data,
        folder=folder,
        seed=seed,
        study=key,
        should_stop=stop_asked,
    )
    seconds = time.process_time() - began if fresh else 0.0
    path = epoch_path(folder, row.training.places(architecture)[-1])
    network = load_network(
        path, architecture, data.shape, len(data.classes), surrogate=row.training.surrogate
    )
    # pictures of folders stand class by class
    header, images = read_header(path), take_evenly(data.test, IMAGES).images
    hidden = [name for name in network.layers if name not in row.spec.outputs]
    active, sparsity = _activity(network, hidden, images, seed)
    robust = _robust(network, data, comparison.robustness, seed)
    speeds = _speeds(network, row, data, seed)
    piece = Piece(
        row.name,
        seed,
        key,
        header.accuracy,
        header.loss,
        active,
        sparsity,
        seconds,
        *speeds,
        robust,
        _units(network, active),
    )
    write_piece(comparison.result_path(row, seed), piece)
    return piece


def _units(network: TrainableNetwork, layers: Iterable[str]) -> dict[str, int]:
    """Units of some layers of a network in a row, which training may have cut; others keep theirs."""
    if not isinstance(network, SpikingNetwork):
        return {}
    return {name: network.sizes[name] for name in layers}


@torch.no_grad()
def _activity(
    network: TrainableNetwork, hidden: Sequence[str], images: np.ndarray, seed: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Share of activity and sparsity of every hidden layer, the first ones of the network."""
    active: dict[str, list[float]] = {name: [] for name in hidden}
    sparsity: dict[str, list[float]] = {name: [] for name in hidden}
    key = CodingKey(seed, checkpoint="", purpose="activity")
    for batch, count in padded_batches(images, BATCH):
        for name, spikes in network.capture(encode(network, batch, key), len(active)):
            active[name].append(float((spikes[:, :count] != 0).float().mean()))
            activity = spikes[:, :count].mean(0).flatten(1).abs().double().numpy()
            sparsity[name] += hoyer(activity, axis=1).tolist()
    return (
        {name: float(np.mean(values)) for name, values in active.items()},
        {name: float(np.nanmean(values)) for name, values in sparsity.items()},
    )


def _robust(network: TrainableNetwork, data: DataSet, count: int, seed: int) -> dict[str, float]:
    if not count:
        return {}
    test = take_evenly(data.test, count)
    measurements = measure_network(network, test.images, test.labels, seed=seed)
    return {name: measurement.accuracy for name, measurement in measurements.items()}


def _speeds(
    network: TrainableNetwork, row: Row, data: DataSet, seed: int
) -> tuple[float | None, float | None]:
    """Steps a second of one core, by the row's back end and by the plain loop; both take turns."""
    if not isinstance(row.training.method, Backprop):
        return _method_speed(row, data, seed), None
    images, labels = data.train.images[:TIMED_BATCH], data.train.labels[:TIMED_BATCH]
    inputs = encode(network, images, CodingKey(seed, checkpoint="", purpose="speed"))
    backend = row.training.backend.run(network, row.training.precision)
    network.train()
    ways = (backend, network.unroll)
    fast, slow = step_seconds(network, ways, inputs, torch.from_numpy(labels), ROUNDS)
    return 1 / fast, 1 / slow


def _method_speed(row: Row, data: DataSet, seed: int) -> float | None:
    """Steps a second of one core, of a method that changes the network in its own way; None of one without steps."""
    spec = dataclasses.replace(row.training, batch_size=TIMED_BATCH)
    learner = spec.method.learner(Lesson(row.spec.architecture, spec, data, seed, "speed"))
    if not isinstance(learner, StepLearner):
        return None
    seconds = []
    for number in range(ROUNDS + 1):
        began = time.process_time()
        learner.train(number + 1)
        seconds.append(time.process_time() - began)
    return 1 / median(seconds[1:])


def valid_piece(comparison: NetworkComparison, row: Row, seed: int) -> Piece | None:
    """Return the numbers of a row and seed that are there and rest on what the file says now; None where there are none."""
    piece = read_piece(comparison.result_path(row, seed), Piece)
    return piece if piece is not None and piece.key == comparison.key(row, seed) else None
