"""Checks of searches that see currents: the network must tell them, and its responses be counts of spikes."""

from __future__ import annotations

from collections.abc import Iterable

from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.sentences import caught
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import Subject


def margin_problems(inputs: StudyInputs) -> list[str]:
    """Name a margin that this network does not tell, or one beside responses that are no rates."""
    study, source = inputs.study, inputs.source
    if source is None or inputs.lack("search", "probe") or study.search.response == "rate":
        return []
    if study.probe.reading != RATE or study.probe.unit != "channel":
        sentence = (
            "search.response: margin goes with the rates of neurons and the means over their maps, but probe.reading or "
            "probe.unit is another; leave these out, or set search.response: rate"
        )
        return [sentence]
    if caught("", source.example):
        return []  # told elsewhere
    subject = source.example()
    layers = subject.layers if study.probe.layers == "all" else study.probe.layers
    lack = margin_lack(subject, layers)
    return [] if lack is None else [f"search.response: {lack}; set search.response: rate"]


def margin_lack(subject: Subject, layers: Iterable[str]) -> str | None:
    """Say why a margin cannot be had of some layers of a subject; None where it can."""
    neurons = {name: (0,) for name in layers if name in subject.layers}
    uncounted = [name for name in neurons if subject.layers[name].unit.quantum is None]
    if uncounted:
        return f"margin needs responses that are counts of spikes, which those of layer {', '.join(uncounted)} are not"
    if subject.drive_responder(neurons, Showing()) is None:
        return "margin needs the input currents and thresholds of the probed neurons, which this network does not tell"
    return None
