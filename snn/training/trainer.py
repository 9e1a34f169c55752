"""Trains a network, a checkpoint at each place of its method's axis: killed at any step, it ends with the same ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from spikeatlas.snn.data import DataSet
from spikeatlas.snn.networks import Architecture
from spikeatlas.snn.training.checkpoints import CheckpointHeader, epoch_path, read_header
from spikeatlas.snn.training.methods import Lesson
from spikeatlas.snn.training.resumable import StateFile, learn
from spikeatlas.snn.training.spec import TrainingSpec

STATE = "training-state.pt"
"""Name of the state's file, in the folder of the checkpoints."""


def train_network(
    architecture: Architecture,
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
    """Write ``folder/epoch-<e>.safetensors`` for every place that the method leaves one at, and those in ``epochs``.

    ``study`` marks the files; files of another study are replaced. Goes on from the state in the
    folder; the same arguments always end with the same bytes. ValueError for an epoch that training
    does not reach and for a network that the method cannot train; InterruptedError when ``should_stop``
    says so; FloatingPointError when the loss is no longer finite.
    """
    absent = spec.place_problems(architecture, epochs)
    if absent:
        raise ValueError(f"epochs: {absent[0]}.")
    places = sorted({*spec.places(architecture), *map(float, epochs)})
    missing = [place for place in places if not _is_trained(epoch_path(folder, place), study)]
    if not missing:
        return
    problems = [*spec.problems(architecture), *spec.backend_problems(architecture)]
    if problems:
        raise ValueError("; ".join(problems))
    learner = spec.method.learner(Lesson(architecture, spec, data, seed, study))
    learner.plan(places, folder, first=missing[0])
    state = StateFile(folder / STATE, {"study": study})
    learn(learner, state, should_stop=should_stop, on_epoch=on_epoch)


def _is_trained(path: Path, study: str) -> bool:
    """Tell whether a sound checkpoint of this study is there."""
    try:
        return read_header(path).study == study
    except (FileNotFoundError, ValueError):
        return False
