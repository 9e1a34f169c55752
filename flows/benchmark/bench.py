"""The benchmark file: which searches are raced, on what. Unknown keys are errors."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, MinLen
from pydantic import BaseModel, ConfigDict, ValidationError

from spikeatlas.snn.classifier import ClassifierSpec
from spikeatlas.snn.data import DataSpec, Digits
from spikeatlas.snn.generators import GENERATORS, GeneratorSpec, VQVAESpec
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.training import TrainingSpec
from spikeatlas.tasks.analysis.naturalness import known_of
from spikeatlas.tasks.benchmark.cells import Matrix
from spikeatlas.tasks.benchmark.spec import GuideSpec, MethodSpec, ReferenceSpec, SharingSpec
from spikeatlas.tasks.study.run import ResponderSpec
from spikeatlas.tasks.study.study import StudyError, near, section, sentence


class Bench(BaseModel):
    """Methods x neurons x seeds, on which networks, and where the results go."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    data: DataSpec = Digits()
    """The natural images."""
    network: NetworkSpec = NetworkSpec()
    """The spiking network."""
    training: TrainingSpec = TrainingSpec()
    """How it is trained."""
    training_seeds: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(1)] = (1, 2)
    """One network is trained from each, in output/networks/seed-S."""
    epoch: Annotated[float, Ge(0)] = 1
    """Which of its checkpoints is probed."""
    generator: GeneratorSpec = VQVAESpec()
    """What turns latents into stimuli."""
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
    """What is raced."""
    reference: ReferenceSpec | None = ReferenceSpec()
    """What all are held against."""
    sharing: SharingSpec | None = None
    """A larger group of neurons, for what sharing brings."""
    natural: Annotated[int, Ge(1)] | None = None
    """Natural test images shown, raw and through the generator; all if left out."""
    guide: GuideSpec | None = None
    """The gradient guide."""
    responder: ResponderSpec = ResponderSpec()
    """How responses are computed."""
    workers: Annotated[int, Ge(1)] = 2
    """Processes; they change no value."""
    seed: Annotated[int, Ge(0)] = 0
    """All randomness derives from it."""
    output: Path = Path("runs/benchmark")
    """Folder of the networks, the dataset and the figures."""

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
        wanted = self.classifier is not None or any(
            each.naturalness or each.space.prior != "uniform" for each in self.methods
        )
        return (
            self.output / "prior.safetensors"
            if wanted and known_of(self.generator) == "code"
            else None
        )

    @property
    def classifier_file(self) -> Path:
        """The classifier."""
        return self.output / "classifier.safetensors"

    @property
    def matrix(self) -> Matrix:
        """Which cells there are, but for the neurons."""
        return Matrix(
            self.training_seeds, self.layers, self.neurons, self.budget, self.seeds,
            self.methods, self.reference, self.sharing, self.guide,
        )  # fmt: skip


def parse(raw: Mapping[str, Any]) -> Bench:
    """The benchmark; StudyError with every problem of form."""
    try:
        return Bench.model_validate(raw)
    except ValidationError as error:
        problems = [_sentence(dict(each)) for each in error.errors()]
        raise StudyError(list(dict.fromkeys(problems))) from None


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] not in ("extra_forbidden", "unexpected_keyword_argument"):
        return sentence(error)
    place = [str(part) for part in error["loc"]]
    known = _fields_at(place[:-1])
    place = [part for part in place if part not in GENERATORS.members]
    told = f"; allowed are {', '.join(known)}" if known else ""
    return f"{'.'.join(place)}: there is no such field{near(place[-1], known)}{told}"


def _fields_at(place: Sequence[str]) -> list[str]:
    """The fields of the section at ``place``, as a file names them."""
    if not place:
        return list(Bench.model_fields)
    kind: Any = Bench.model_fields[place[0]].annotation
    for part in place[1:]:
        kind = section(kind, place)
        if not part.isdigit() and part not in GENERATORS.members and kind is not None:
            field = kind.__pydantic_fields__.get(part)
            kind = None if field is None else field.annotation
    kind = section(kind, place)
    if kind is None:
        return []
    names = {"knowledge": "class"}
    return [names.get(each.name, each.name) for each in dataclasses.fields(kind)]
