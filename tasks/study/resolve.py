"""From a study to its run: the neurons and epochs that it probes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from spikeatlas.snn.networks import layer_sizes
from spikeatlas.snn.training import checkpoint_epochs, list_epochs
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.specs import Indices
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.study.value_fields import study_digest


def resolve(study: Study, classes: int) -> Run:
    """Return the run of a (checked) study of images of so many ``classes``."""
    return Run(
        study=study,
        digest=study_digest(study),
        layers=probed_layers(study, classes),
        epochs=probed_epochs(study),
    )


def probed_layers(study: Study, classes: int) -> dict[str, Indices]:
    """Return the probed neurons of each probed layer, shallow to deep."""
    sizes = layer_sizes(study.network, classes)
    names = sizes if study.probe.layers == "all" else study.probe.layers
    return {
        layer: _neurons(study.probe.neurons, layer, size)
        for layer, size in sizes.items()
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


def probed_epochs(study: Study) -> tuple[float, ...]:
    """Return the probed epochs, ascending: those asked for, or every checkpoint there is or will be."""
    if study.probe.epochs != "all":
        return tuple(sorted(set(study.probe.epochs)))
    if study.network.checkpoints is not None:
        return tuple(sorted(list_epochs(study.network.checkpoints)))
    return checkpoint_epochs(study.training.epochs)
