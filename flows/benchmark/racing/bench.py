"""The benchmark file: the searches that are raced, and their networks. Unknown keys are errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, MinLen
from pydantic import ValidationError

from spikeatlas.flows.checks.truth_values import truth_problems
from spikeatlas.flows.study_file import sentences
from spikeatlas.snn.classifier import ClassifierSpec
from spikeatlas.snn.registry import UserPath
from spikeatlas.snn.subjects import ChainSpec
from spikeatlas.snn.training import renamed_fields
from spikeatlas.tasks.benchmark.matrix import (
    DuelSpec,
    GuideSpec,
    Matrix,
    MethodSpec,
    PursuitSpec,
    ReferenceSpec,
    SharingSpec,
)
from spikeatlas.tasks.study.setup import Setup
from spikeatlas.tasks.study.study import StudyError


class Bench(Setup):
    """Methods x neurons x seeds, on which networks, and where the results go."""

    network: ChainSpec = ChainSpec()
    """The network that is probed: a chain, trained here."""
    training_seeds: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(1)] = (1, 2)
    """One network is trained from each, in output/networks/seed-S."""
    epoch: Annotated[float, Ge(0)] = 1
    """The epoch of the checkpoint that is probed."""
    classifier: ClassifierSpec | None = None
    """What tells, in its features, how natural stimuli are; without it that table is not made."""
    layers: Annotated[tuple[str, ...], MinLen(1)] = ("conv1", "conv2", "fc1")
    """Layers that are probed."""
    neurons: Annotated[int, Ge(1)] = 16
    """Neurons of each layer, drawn by ``seed`` among those that natural images reach."""
    budget: Annotated[int, Ge(1)] = 1000
    """Images a neuron."""
    seeds: Annotated[int, Ge(1)] = 3
    """Repeats of each method."""
    methods: Annotated[tuple[MethodSpec, ...], MinLen(1)]
    """The methods that are raced."""
    reference: ReferenceSpec | None = ReferenceSpec()
    """The search that all are held against."""
    sharing: SharingSpec | None = None
    """A larger group of neurons, for what sharing brings."""
    natural: Annotated[int, Ge(1)] | None = None
    """Natural test images shown, raw and through the generator; all if left out."""
    guide: GuideSpec | None = None
    """The gradient ascent that the searches are held against."""
    subjects: tuple[str, ...] = ()
    """Methods, by their labels, whose targets stand in the table; the others are held against the first. The first method
    if left out."""
    duels: tuple[DuelSpec, ...] = ()
    """Methods held against others that had other numbers of images."""
    pursuits: tuple[PursuitSpec, ...] = ()
    """Images that a method needs to come where another ends."""
    results: UserPath | None = None
    """Folder of a small text file a cell, from which the table is made where the dataset is gone; none if left out."""
    workers: Annotated[int, Ge(1)] = 2
    """Processes; they change no value."""
    output: UserPath = Path("runs/benchmark")
    """Folder of the networks, the dataset and the figures."""

    @property
    def protagonists(self) -> tuple[str, ...]:
        """The methods whose targets stand in the table."""
        return self.subjects or (self.methods[0].title,)

    @property
    def store(self) -> Path:
        """The dataset."""
        return self.output / "benchmark.zarr"

    def folder(self, training_seed: int) -> Path:
        """The checkpoints of one network."""
        return self.output / "networks" / f"seed-{training_seed}"

    @property
    def generator_file(self) -> Path:
        """The generator: given, or trained here."""
        sources = () if self.generator.trained else self.generator.sources
        paths = (self.generator.checkpoint, *sources, self.output / "generator.safetensors")
        return next(path for path in paths if path is not None)

    @property
    def prior_file(self) -> Path | None:
        """The priors of the generator's codes, where a method or the table of naturalness uses one."""
        used = self.classifier is not None or any(
            method.naturalness or method.space.prior != "uniform" for method in self.methods
        )
        there = used and self.generator.naturalness == "code"
        return self.output / "prior.safetensors" if there else None

    @property
    def classifier_file(self) -> Path:
        """The classifier."""
        return self.output / "classifier.safetensors"

    @property
    def matrix(self) -> Matrix:
        """The cells, but for the neurons."""
        return Matrix(
            self.training_seeds,
            self.layers,
            self.neurons,
            self.budget,
            self.seeds,
            self.methods,
            self.reference,
            self.sharing,
            self.guide,
        )


def parse(raw: Mapping[str, Any]) -> Bench:
    """Return the benchmark; StudyError with every problem of form."""
    problems = renamed_fields(raw.get("training"))
    try:
        bench = Bench.model_validate(raw)
    except ValidationError as error:
        raise StudyError([*problems, *sentences(error, Bench, raw)]) from None
    problems += truth_problems(raw, bench)
    if problems:
        raise StudyError(problems)
    return bench
