"""The run: one study, resolved, as every unit of work gets it; small enough to send anywhere."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic.dataclasses import dataclass

from spikeatlas.snn.classifier import ClassifierSpec
from spikeatlas.snn.data import DataSpec
from spikeatlas.snn.generators import GeneratorSpec
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.subjects import SubjectSpec
from spikeatlas.snn.training import TrainingSpec
from spikeatlas.tasks.study import run_files
from spikeatlas.tasks.study.blocks import Block, block_size, epoch_blocks
from spikeatlas.tasks.study.location import ATLAS, Place, Url
from spikeatlas.tasks.study.specs import AnalysisSpec, Indices, ResponderSpec, SearchSpec
from spikeatlas.tasks.study.study import Study


@dataclass(frozen=True, config=SPEC)
class Run:
    """A study with what follows from it: its digest, its probed neurons, its epochs."""

    study: Study
    digest: str
    """Of the study (hex), as its atlas and its checkpoints know it."""
    layers: dict[str, Indices]
    """Probed neurons of each probed layer, shallow to deep."""
    epochs: tuple[float, ...]
    """Probed epochs, ascending."""
    stochastic: bool = False
    """True where one stimulus is answered differently at each showing."""
    run_id: str = ""
    """The run whose units of work may write."""

    @property
    def data(self) -> DataSpec:
        """The natural images."""
        return self.study.data

    @property
    def network(self) -> SubjectSpec:
        """The network that is probed, or whatever else answers images."""
        return self.study.network

    @property
    def training(self) -> TrainingSpec:
        """The training of the network."""
        return self.study.training

    @property
    def generator(self) -> GeneratorSpec:
        """The generator, which turns latents into stimuli."""
        return self.study.generator

    @property
    def classifier(self) -> ClassifierSpec | None:
        """The judge of the generator's images, if there is one."""
        return self.study.classifier

    @property
    def search(self) -> SearchSpec:
        """The searches for the most exciting images."""
        return self.study.search

    @property
    def responder(self) -> ResponderSpec:
        """The computation of responses."""
        return self.study.responder

    @property
    def analysis(self) -> AnalysisSpec:
        """Measurements beside the searches."""
        return self.study.analysis

    @property
    def seed(self) -> int:
        """The number that all randomness derives from."""
        return self.study.seed

    @property
    def folder(self) -> Path:
        """The folder of checkpoints, generator and report, and of the atlas unless that has a URL."""
        return self.study.output

    @property
    def store(self) -> str | None:
        """URL of the atlas, if it is not in the folder."""
        return self.study.atlas

    @cached_property
    def atlas(self) -> Place:
        """The Zarr store: a folder, or a URL."""
        return self.folder / ATLAS if self.store is None else Url(self.store)

    @cached_property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints that the study's own training writes."""
        return run_files.checkpoint_folder(self.study)

    @cached_property
    def generator_file(self) -> Path:
        """The generator's file."""
        return run_files.generator_file(self.study)

    @cached_property
    def generator_key(self) -> str:
        """Digest (hex) of all that a trained generator depends on."""
        return run_files.generator_key(self.study)

    @cached_property
    def generator_folder(self) -> Path:
        """The folder of pictures that the generator makes, and of measures of it."""
        return self.folder / "generator"

    @property
    def picture_so_far(self) -> Path:
        """The picture of a run at work, which goes when its report is there."""
        return self.folder / "so-far.png"

    @cached_property
    def classifier_file(self) -> Path:
        """The classifier's file."""
        return run_files.classifier_file(self.study)

    def repeats(self, epoch: float) -> int:
        """Return the searches of each neuron and entry of the search axis at one epoch."""
        return (self.search.repeats_at or {}).get(epoch, self.search.repeats)

    def images(self, block: Block) -> int:
        """Return the images of a block's searches: of all its neurons, methods and repeats."""
        searches = len(self.search.entries) * self.repeats(block.epoch) * (block.stop - block.start)
        return searches * self.search.budget

    def budgets(self, *, first: bool) -> tuple[int, ...]:
        """Return the images a neuron of the cold search and, with a warm start, of the warm one.

        The ``first`` epoch has nothing to start from: all its budget is the cold search's.
        """
        budget = self.search.budget
        warm = 0 if first or not self.search.warm_start else budget // 2
        return (budget - warm, warm) if warm else (budget,)

    def block_size(self, layer: str) -> int:
        """Return the neurons in each block of ``layer`` (the last may hold fewer)."""
        return block_size(len(self.layers[layer]), self.search.neurons_per_task)

    def blocks(self, epoch: float) -> list[Block]:
        """Return the blocks of one epoch, the dearest layers first; none where nothing is searched."""
        if not self.search.methods:
            return []
        return epoch_blocks(epoch, self.layers, self.search.neurons_per_task)

    def pools(self, epoch: float) -> list[list[Block]]:
        """Return the blocks of one epoch, those together whose neurons one task searches for."""
        blocks = self.blocks(epoch)
        return [blocks] if self.search.pool == "epoch" else [[block] for block in blocks]

    def with_fields(self, **fields: Any) -> Run:
        """Return the same run of a study with other sections; its digest and neurons stay."""
        return replace(self, study=self.study.model_copy(update=fields))
