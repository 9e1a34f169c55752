"""From a study to its run: the neurons and epochs that it probes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spikeatlas.snn.subjects import Source
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.specs import Indices
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.study.value_fields import study_digest


def resolve(study: Study, source: Source) -> Run:
    """Return the run of a (checked) study whose network is ``source``."""
    return Run(
        study=study,
        digest=study_digest(study),
        layers=probed_layers(study, source),
        epochs=probed_epochs(study, source),
        stochastic=source.stochastic,
    )


def probed_layers(study: Study, source: Source) -> dict[str, Indices]:
    """Return the probed neurons of each probed layer, shallow to deep."""
    names = source.layers if study.probe.layers == "all" else study.probe.layers
    return {
        layer: _neurons(study.probe.neurons, layer, info.neurons)
        for layer, info in source.layers.items()
        if layer in names
    }


def _neurons(
    neurons: int | Sequence[int] | Mapping[str, Indices] | str, layer: str, size: int
) -> Indices:
    if isinstance(neurons, Mapping):
        neurons = neurons.get(layer, "all")
    if isinstance(neurons, str):
        return tuple(range(size))
    if isinstance(neurons, int):
        return tuple(range(min(neurons, size)))
    return tuple(neurons)


def probed_epochs(study: Study, source: Source) -> tuple[float, ...]:
    """Return the probed epochs, ascending: those asked for, or every checkpoint there is or will be."""
    if study.probe.epochs != "all":
        return tuple(sorted(set(study.probe.epochs)))
    if study.network.trained_here:
        return study.training_places
    return tuple(sorted(source.epochs()))
