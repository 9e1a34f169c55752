"""A study's network as it stands: its layers, how they respond to some images, what it reads, what it lacks."""

from __future__ import annotations

from rich.table import Table

from spikeatlas.snn.data import DataSet, choose_images
from spikeatlas.snn.importance.ablation import performance
from spikeatlas.snn.sentences import in_field
from spikeatlas.snn.subjects import LACKS, Responses, Showing, Source, Subject
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.workers import models

SHOWN = 64
"""Test images whose responses are told."""

READ = 2000
"""Test images, evenly of every class, on which the accuracy is measured."""


def describe_network(study: Study) -> str:
    """Describe the network of a study: its last epoch there is, or, before it is trained here, an untrained one.

    ValueError, a sentence that begins with a field of the study, where it cannot answer.
    """
    try:
        return _description(study)
    except (ValueError, OSError) as error:
        raise ValueError(in_field("network", str(error))) from error


def _description(study: Study) -> str:
    source, data = models.source(study), models.dataset(study.data)
    epochs = list(source.epochs())
    subject = source.open(epochs[-1]) if epochs else source.example()
    state = f"epoch {epochs[-1]:g}" if epochs else "untrained"
    key = models.coding_key(study, state, "network")
    showing = models.showing_of(study.responder, key)
    return "\n".join(
        [
            as_text(_facts(source, subject, state)),
            as_text(_layers(source, _responses(subject, data, showing))),
            *_reading(source, subject, data, showing, epochs[-1] if epochs else None),
            *(f"does not have {LACKS[name]}" for name in source.lacks),
        ]
    )


def _facts(source: Source, subject: Subject, state: str) -> Table:
    table = Table("network", "")
    table.add_row("looked at", state)
    steps = "no time" if source.time_steps is None else str(source.time_steps)
    if subject.time_steps != source.time_steps:
        steps = f"{subject.time_steps} of {steps}: its scales ask for no more (exit_below)"
    table.add_row("time steps", steps)
    table.add_row("answers", "differently at each showing" if source.stochastic else "always alike")
    for name, value in source.facts.items():
        table.add_row(name, value)
    return table


def _responses(subject: Subject, data: DataSet, showing: Showing) -> Responses:
    """Responses of all neurons to the first test images."""
    everyone = {layer: range(info.neurons) for layer, info in subject.layers.items()}
    return subject.responses(data.test.images[:SHOWN], everyone, showing)


def _layers(source: Source, responses: Responses) -> Table:
    table = Table("layer", "neurons", "map", "unit of a response", "mean response", "silent")
    for layer, info in source.layers.items():
        values = responses[layer]
        shape = " x ".join(map(str, info.map)) or "-"
        silent = int((values == 0).all(axis=0).sum())
        row = [layer, str(info.neurons), shape, info.unit.name, f"{values.mean():.4f}", str(silent)]
        table.add_row(*row)
    return table


def _reading(
    source: Source, subject: Subject, data: DataSet, showing: Showing, epoch: float | None
) -> list[str]:
    """Say how many test images the network reads right, and what is odd about that."""
    if subject.classes is None:
        return []
    rows, _ = choose_images(data.test.labels, READ)
    scores = subject.scores(data.test.images[rows], showing)
    accuracy = float(performance(scores[None], data.test.labels[rows]).accuracy[0])
    sentence = f"reads {accuracy:.1%} of {len(rows)} test images right (chance {1 / len(data.classes):.1%})"
    return [sentence, *([] if epoch is None else source.doubts(epoch, accuracy))]
