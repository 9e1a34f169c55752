"""Checks of methods that ask a student: it must be climbed, and know no more than the network tells."""

from __future__ import annotations

from collections.abc import Iterator

from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.optim import Brief, Points, uses_student
from spikeatlas.snn.generators import GeneratorSpec
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.sentences import caught
from spikeatlas.snn.students import map_recorder
from spikeatlas.snn.subjects import Source
from spikeatlas.tasks.study.specs import SearchSpec
from spikeatlas.tasks.study.study import Study


def no_student(brief: Brief) -> Points:
    """Return the best points that there were: a student for methods that are made, and never run."""
    return brief.starts[:, : brief.count]


def climb_problems(inputs: StudyInputs) -> list[str]:
    """Name a student that cannot be climbed through the generator."""
    study = inputs.study
    if inputs.lack("search", "generator") or caught("", lambda: study.generator.differentiable):
        return []
    lack = climb_lack(study.generator)
    if lack is None:
        return []
    return [f"search.methods: {label} {lack}, say screened" for label in _asking(study.search)]


def climb_lack(generator: GeneratorSpec) -> str | None:
    """Say why a student cannot be climbed through a generator; None where it can."""
    if generator.differentiable:
        return None
    return (
        f"climbs a student through the generator, but generator.kind {generator.kind} has no gradient in its latents; "
        "choose vqvae or sngan, or another method"
    )


def knowledge_problems(inputs: StudyInputs) -> list[str]:
    """Name a student that is to know maps of a network that does not tell them."""
    study, source = inputs.study, inputs.source
    if source is None or inputs.lack("search", "probe"):
        return []
    labels = [
        label
        for label in _asking(study.search)
        if study.search.options_of(label).get("knows") == "maps"
    ]
    # a network of the user's own is made for who asks, and for nobody else
    if not labels or _tells_maps(study, source):
        return []
    return [
        f"search.methods: {label} is to know maps, but this network tells one number a neuron, or is read by another number than "
        "its rate; set knows: structure, or leave it out"
        for label in labels
    ]


def _asking(search: SearchSpec) -> Iterator[str]:
    """Yield the methods that ask a student."""
    for label in search.labels:
        # an unknown method is named elsewhere
        unknown = caught("", lambda label=label: uses_student(search.method(label)))  # type: ignore[misc]
        if not unknown and uses_student(search.method(label)):
            yield label


def _tells_maps(study: Study, source: Source) -> bool:
    """Tell if the responses of all units of a network's maps can be recorded."""
    if caught("", source.example):
        return True  # told elsewhere
    subject = source.example()
    return study.probe.reading == RATE and map_recorder(subject, subject.layers, None) is not None
