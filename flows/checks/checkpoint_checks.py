"""Checks of a study's epochs: each has a checkpoint, trained here or given, that fits."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from spikeatlas.flows.checks.generator_checks import caught
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.responder import check_weights
from spikeatlas.snn.training import epoch_path, list_epochs, load_network, read_header
from spikeatlas.tasks.study.study import Study


def epoch_problems(study: Study, data: DataSet | None) -> list[str]:
    """Name epochs without a checkpoint, and checkpoints that do not fit."""
    epochs = study.probe.epochs
    folder = study.network.checkpoints
    if epochs == ():
        return ["probe.epochs: the list is empty; name at least one epoch, or write all"]
    if folder is None:
        return _beyond_training(study)
    if not folder.is_dir():
        return [
            f"network.checkpoints: there is no folder {folder}; give the folder that holds epoch-*.safetensors"
        ]
    return _given_checkpoints(study, folder, data)


def _beyond_training(study: Study) -> list[str]:
    last = study.training.epochs
    epochs = () if study.probe.epochs == "all" else study.probe.epochs
    late = ", ".join(f"{epoch:g}" for epoch in epochs if epoch > last)
    message = f"probe.epochs: {late} has no checkpoint, for training.epochs is {last}; probe 0 to {last}, or train longer"
    return [message] if late else []


def _given_checkpoints(study: Study, folder: Path, data: DataSet | None) -> list[str]:
    files = list_epochs(folder)
    epochs = list(files) if study.probe.epochs == "all" else list(study.probe.epochs)
    missing = ", ".join(f"{epoch:g}" for epoch in epochs if epoch not in files)
    names = ", ".join(f"{epoch:g}" for epoch in sorted(files)) or "none"
    problems = (
        [f"probe.epochs: {missing} has no checkpoint in {folder}, which holds epochs {names}"]
        if missing or not files
        else []
    )
    if data is None:
        return problems
    present = [epoch for epoch in epochs if epoch in files]
    for path in (files[epoch] for epoch in present):
        problems += caught(f"network.checkpoints: {path.name}", partial(_fits, path, study, data))
    return problems or _several_trainings(folder, present)


def _fits(path: Path, study: Study, data: DataSet) -> None:
    """Raise ValueError for a checkpoint of another network, of a training that diverged, or without a header."""
    check_weights(load_network(path, study.network, data.shape, len(data.classes)))
    read_header(path)


def _several_trainings(folder: Path, epochs: Iterable[float]) -> list[str]:
    """Name the studies of checkpoints that different ones trained."""
    studies: dict[str, list[float]] = {}
    for epoch in epochs:
        studies.setdefault(read_header(epoch_path(folder, epoch)).study, []).append(epoch)
    if len(studies) < 2:
        return []
    parts = "; ".join(
        f"epochs {', '.join(f'{epoch:g}' for epoch in part)} of study {name[:12]}"
        for name, part in studies.items()
    )
    return [
        f"network.checkpoints: {folder} holds files of several studies ({parts}); give a folder of one training"
    ]
