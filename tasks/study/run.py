"""What the units of work are told: a frozen description of one study, small enough to send anywhere.

The study model (``tasks/study/study.py``) adds what only concerns the run: the task runner and logging.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from annotated_types import Ge, Le
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from spikeatlas.snn.classifier import ClassifierSpec
from spikeatlas.snn.data import DataSpec
from spikeatlas.snn.generators import GeneratorSpec
from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.training import TrainingSpec
from spikeatlas.tasks.study.latent_space import Grid, Prior, Shell, SpaceSpec
from spikeatlas.tasks.study.location import Url

_SPEC = ConfigDict(extra="forbid", use_attribute_docstrings=True)

LARGEST_BLOCK = 64
"""Neurons of one task when ``search.neurons_per_task`` is ``auto``: a task's work then dwarfs its
overhead (measured: 12 ms a task on threads against seconds of search)."""

MOST_DIVERSE = 64
"""Largest ``search.diverse``."""

Indices = tuple[Annotated[int, Ge(0)], ...]


@dataclass(frozen=True, config=_SPEC)
class ProbeSpec:
    """Which neurons are asked what they want to see, and when."""

    epochs: tuple[Annotated[float, Ge(0)], ...] | Literal["all"] = "all"
    """Training progress of the checkpoints to probe, e.g. [0, 0.5, 1, 5]; ``all``: each there is."""
    layers: tuple[str, ...] | Literal["all"] = "all"
    """Spiking layers by name, e.g. [conv2, fc1]; ``all``: every one."""
    neurons: Annotated[int, Ge(1)] | Indices | dict[str, Indices] | Literal["all"] = "all"
    """``all``; a number: at most that many of each layer, the first ones; a list of indices for every
    layer; or a list for each layer by name."""


@dataclass(frozen=True, config=_SPEC)
class SearchSpec:
    """How each neuron's most exciting image is searched."""

    methods: tuple[str, ...] = ("screened", "random")
    """Search methods by name; each is run for every neuron."""
    options: dict[str, dict[str, Any]] | None = None
    """Options of a method by its name, e.g. {tt: {quantize: false}}."""
    budget: Annotated[int, Ge(1)] = 500
    """Images shown for one neuron, method and repeat."""
    repeats: Annotated[int, Ge(1)] = 1
    """Independent searches, each with its own seed."""
    repeats_at: dict[float, Annotated[int, Ge(1)]] | None = None
    """Other numbers of them at some epochs, e.g. {1: 5}: how much searches of one epoch differ is what
    changes over training are held against."""
    share: bool = False
    """Whether a neuron may use the responses to images proposed for others of its block."""
    allocation: Literal["fixed", "adaptive"] = "fixed"
    """``fixed``: the same budget for every neuron; ``adaptive``: with ``share``, neurons of a block that
    are done give theirs to those that still climb."""
    neurons_per_task: Annotated[int, Ge(1)] | Literal["auto"] = "auto"
    """Neurons that one task searches for together; ``auto``: even blocks of at most 64."""
    presentations: Annotated[int, Ge(1)] = 1
    """Times a stimulus is shown for one response (more than 1 only helps a stochastic coding)."""
    screening_images: Annotated[int, Ge(1)] = 256
    """Stimuli shown once per epoch and repeat, whose responses serve every neuron; a method that learns
    from them pays for all of them out of its budget."""
    screening: Literal["prior", "natural", "both"] = "prior"
    """What they are: ``prior``: random points of the generator's prior; ``natural``: images of the
    training split through the generator's encoder; ``both``: half of each."""
    warm_start: bool = False
    """Whether, after the first epoch, half of the budget starts from the image found at the epoch
    before; the other half searches as if there were none, and both results are kept."""
    diverse: Annotated[int, Ge(0), Le(MOST_DIVERSE)] = 0
    """Further stimuli of each neuron with at least 0.85 of its best response (sign -1: at most 1 / 0.85
    of it) that differ as much as possible."""
    sign: Literal[1, -1] = 1
    """1: the most exciting image; -1: the least exciting one."""
    grid: Grid = "quantile"
    """Of Gaussian latents, ``quantile``: 64 levels a coordinate at the prior's quantiles; ``uniform``:
    MANGO's 64 from -4 to 4 in equal steps; ``continuous``: no grid."""
    shell: Shell = "free"
    """Of continuous ones, ``ball``: no longer than 95 % of the prior's; ``sphere``: no shorter than 5 % of
    them either; ``free``: of any length."""

    prior: Prior = "autoregressive"
    """Of codes, ``autoregressive``: screening and search know which codes are typical beside which;
    ``factorised``: which are at each position; ``uniform``: nothing. Gaussian latents have their own."""
    naturalness: Annotated[float, Ge(0), Le(1)] = 0.0
    """How much typicality counts beside the response (in shares of the neuron's best response to a test
    image): 0 looks for the response alone, 1 for the most typical image."""

    @property
    def most_repeats(self) -> int:
        """The largest number of repeats of any epoch."""
        return max(self.repeats, *(self.repeats_at or {}).values(), 1)

    @property
    def space(self) -> SpaceSpec:
        """Which latents may be chosen."""
        return SpaceSpec(self.grid, self.shell, self.prior)


@dataclass(frozen=True, config=_SPEC)
class AnalysisSpec:
    """What is measured beside the searches."""

    images: Annotated[int, Ge(1)] = 1000
    """Test images, evenly of every class, whose single responses are kept; all if there are fewer."""
    cross: bool = True
    """Whether the network of every epoch is shown the images found at every other."""
    ablation: tuple[Annotated[float, Ge(0)], ...] = ()
    """Epochs at which the probed neurons are silenced one by one and the accuracy measured again."""
    ablation_images: Annotated[int, Ge(1)] = 1000
    """Test images of that, evenly of every class."""


@dataclass(frozen=True, config=_SPEC)
class ResponderSpec:
    """How responses are computed."""

    kind: Literal["auto", "plain"] = "auto"
    """``auto``: each layer in the fastest exact way; ``plain``: snnTorch's own loop over time."""
    batch_size: Annotated[int, Ge(1), Le(65536)] = 256
    """Stimuli shown together; smaller batches are padded, for another size changes a few spikes."""
    memory: Annotated[int, Ge(2**20)] = 2**30
    """Bytes that the working arrays of one responder may take."""


class Block(NamedTuple):
    """The neurons that one task owns: rows ``start`` to ``stop`` (exclusive) of a layer's probed ones."""

    epoch: float
    layer: str
    start: int
    stop: int


@dataclass(frozen=True, config=_SPEC)
class Run:
    """One study as the units of work see it."""

    folder: Path
    """Where the run keeps its checkpoints, generator and report, and the atlas unless that has a URL."""
    data: DataSpec
    network: NetworkSpec
    training: TrainingSpec
    generator: GeneratorSpec
    search: SearchSpec
    responder: ResponderSpec
    analysis: AnalysisSpec
    classifier: ClassifierSpec | None
    """What judges the generator's images, if anything does."""
    layers: dict[str, Indices]
    """Probed neurons of each probed layer, shallow to deep."""
    epochs: tuple[float, ...]
    """Probed epochs, ascending."""
    seed: int
    study: str
    """The study's digest."""
    store: str | None = None
    """URL of the atlas, if it is not in the folder."""
    run_id: str = ""
    """The run whose units of work may write."""

    @cached_property
    def atlas(self) -> Any:  # a Place; who knows that it is a folder may use it as one
        """The Zarr store: a folder, or a URL."""
        return self.folder / "atlas.zarr" if self.store is None else Url(self.store)

    @cached_property
    def checkpoints(self) -> Path:
        """The folder of the network's checkpoints: trained here, or given by the study."""
        return self.network.checkpoints or self.folder / "checkpoints"

    @cached_property
    def generator_file(self) -> Path:
        """The generator's file: trained here and named by what it depends on, or given by the study.

        Of an adapter without one, the file in which its function stands.
        """
        if self.generator.checkpoint is not None:
            return self.generator.checkpoint
        if not self.generator.trained:
            return self.generator.sources[0]
        return self.folder / f"generator-{self.generator_key[:16]}.safetensors"

    @cached_property
    def generator_folder(self) -> Path:
        """Where pictures of what the generator makes, and measures of it, are kept."""
        return self.folder / "generator"

    @cached_property
    def classifier_file(self) -> Path:
        """The classifier's file, named by what it depends on."""
        made_of = {
            "data": plain(self.data),
            "classifier": plain(self.classifier),
            "seed": self.seed,
        }
        return self.folder / f"classifier-{digest(made_of)[:16]}.safetensors"

    @cached_property
    def generator_key(self) -> str:
        """Digest (hex) of all that a trained generator depends on."""
        return digest(
            {"data": plain(self.data), "generator": plain(self.generator), "seed": self.seed}
        )

    @property
    def stochastic(self) -> bool:
        """Whether one stimulus is answered differently at each showing."""
        return self.network.coding != "current"

    def repeats(self, epoch: float) -> int:
        """Searches of each neuron and method at one epoch."""
        return (self.search.repeats_at or {}).get(epoch, self.search.repeats)

    def lanes(self, *, first: bool) -> tuple[int, ...]:
        """Images a neuron of the cold search and, with a warm start, of the warm one.

        The ``first`` epoch has nothing to start from: all its budget is the cold search's.
        """
        budget = self.search.budget
        warm = 0 if first or not self.search.warm_start else budget // 2
        return (budget - warm, warm) if warm else (budget,)

    def block_size(self, layer: str) -> int:
        """Neurons in each block of ``layer`` (the last may hold fewer)."""
        return block_size(len(self.layers[layer]), self.search.neurons_per_task)

    def blocks(self, epoch: float) -> list[Block]:
        """The blocks of one epoch, the dearest layers first, so that workers finish together."""
        return [
            Block(epoch, layer, start, min(start + size, len(neurons)))
            for layer, neurons in reversed(self.layers.items())
            for size in [self.block_size(layer)]
            for start in range(0, len(neurons), size)
        ]


def block_size(neurons: int, wanted: int | str) -> int:
    """Neurons per task for a layer with so many probed ``neurons``."""
    if wanted != "auto":
        return min(int(wanted), neurons)
    blocks = -(-neurons // LARGEST_BLOCK)
    return -(-neurons // blocks)


def seed_of(study_seed: int, *names: str | float) -> int:
    """A seed in [0, 2^63) that depends on the names alone, never on a place in a block.

    Numbers count by value: epoch 2 and epoch 2.0 are one.
    """
    text = json.dumps(
        [study_seed, *(name if isinstance(name, str) else float(name) for name in names)]
    )
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def plain(value: object) -> Any:
    """A specification as JSON values."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def digest(value: object) -> str:
    """SHA-256 (hex) of JSON values, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
