"""Checks of a study whose data are sequences of frames: what serves still images alone is left out."""

from __future__ import annotations

from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.snn.data import DataSet, sequence_problem
from spikeatlas.snn.sentences import caught
from spikeatlas.snn.subjects import Source
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.workers import models


def sequence_problems(inputs: StudyInputs) -> list[str]:
    """Name what sequences do not serve, a network that cannot be shown them, and a search of no method."""
    study, data = inputs.study, inputs.data
    if data is None:
        return []
    if data.frames is None:
        empty = "search.methods: the list is empty; name at least one method"
        return [] if study.search.methods else [empty]
    problems = []
    if study.classifier is not None:
        problems.append(f"classifier: {sequence_problem(data, 'the classifier')}")
    if study.search.methods and not inputs.lack("search"):
        problems.append(
            f"search.methods: the data are sequences of {data.frames} frames, and a search is for still images: write "
            "methods: [], for training, tuning, selectivity and ablation alone, or choose a data set of still images"
        )
    return problems if inputs.source is None else problems + _showing(study, data, inputs.source)


def _showing(study: Study, data: DataSet, source: Source) -> list[str]:
    """Show two sequences to a network of the study's shape: steps may be no multiple of the frames."""

    def show() -> None:
        layer = next(iter(source.layers))
        key = models.coding_key(study, "", "check")
        respond = source.example().responder({layer: [0]}, models.showing_of(study.responder, key))
        respond(data.test.images[:2])

    return caught("data", show)
