"""Checks of a study's epochs: each is trained here, or its network can be opened."""

from __future__ import annotations

from collections.abc import Iterable

from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.snn.networks import Architecture
from spikeatlas.snn.sentences import in_field
from spikeatlas.snn.subjects import Source
from spikeatlas.tasks.study.resolve import probed_epochs
from spikeatlas.tasks.study.study import Study

MOST_FILES = 5
"""Files of a folder that a sentence names."""


def epoch_problems(inputs: StudyInputs) -> list[str]:
    """Name epochs without a network, and checkpoints that do not fit."""
    study, source = inputs.study, inputs.source
    if inputs.lack("probe"):
        return []
    if study.probe.epochs == ():
        return ["probe.epochs: the list is empty; name at least one epoch, or write all"]
    if inputs.lack("network"):
        return []
    if study.network.trained_here:
        return [] if inputs.lack("training") else _beyond_training(study)
    # the network was made for images of another shape and of other classes, if the data's are not known
    return [] if source is None or inputs.lack("data") else _given_problems(study, source)


def unprobed(inputs: StudyInputs, field: str, epochs: Iterable[float]) -> list[str]:
    """Name those of ``epochs`` that the study does not probe."""
    if inputs.source is None or inputs.lack("probe", "training") or epoch_problems(inputs):
        return []
    probed = probed_epochs(inputs.study, inputs.source)
    missing = ", ".join(f"{epoch:g}" for epoch in epochs if epoch not in probed)
    names = ", ".join(f"{epoch:g}" for epoch in probed)
    message = f"{field}: {missing} is not among the probed epochs {names}; name probed ones, or add it to probe.epochs"
    return [message] if missing else []


def _beyond_training(study: Study) -> list[str]:
    """Name epochs at which training leaves no checkpoint."""
    network = study.network
    if study.probe.epochs == "all" or not isinstance(network, Architecture):
        return []
    absent = study.training.place_problems(network, study.probe.epochs)
    return [in_field("probe.epochs", problem) for problem in absent]


def _given_problems(study: Study, source: Source) -> list[str]:
    """Name epochs that a network which comes trained does not have, and what is wrong with the others."""
    there = source.epochs()
    if not there:
        return source.problems([]) or [_nothing_there(study, source)]
    epochs = list(there) if study.probe.epochs == "all" else list(study.probe.epochs)
    missing = ", ".join(f"{epoch:g}" for epoch in epochs if epoch not in there)
    names = ", ".join(f"{epoch:g}" for epoch in there)
    problems = (
        [f"probe.epochs: {missing} has no checkpoint in {source.place}, which holds epochs {names}"]
        if missing
        else []
    )
    opened = source.problems([epoch for epoch in epochs if epoch in there])
    return problems + [in_field("network", problem) for problem in opened]


def _nothing_there(study: Study, source: Source) -> str:
    """Say that no file is a checkpoint, and which files there are instead."""
    folder = source.folder
    if folder is None or not folder.is_dir():
        return f"network.checkpoints: there is no folder {folder}; give the one that holds the checkpoints"
    files = sorted(path.name for path in folder.iterdir())[:MOST_FILES]
    return (
        f"network.checkpoints: no file fits {source.place}; in {folder} there is "
        f"{', '.join(files) or 'nothing'}{_form(study)}"
    )


def _form(study: Study) -> str:
    """Say which files a network of ours is loaded from."""
    if not isinstance(study.network, Architecture):
        return ""
    return (
        "; of this kind are files epoch-<number>.safetensors, and docs/networks.md (weights of your own) says how to "
        "make one of a state_dict"
    )
