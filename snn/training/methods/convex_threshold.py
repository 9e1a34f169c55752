"""Convex training of threshold units, along a path of regularisations."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from spikeatlas.snn.networks import Architecture, ThresholdHeadArchitecture
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.sentences import caught
from spikeatlas.snn.training.checkpoints import checkpoint_epochs, list_epochs
from spikeatlas.snn.training.convex.convex_path import ConvexPath
from spikeatlas.snn.training.methods.axis import TrainingAxis
from spikeatlas.snn.training.methods.base import TrainingMethod
from spikeatlas.snn.training.methods.lesson import Lesson

Beta = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


@dataclass(frozen=True, config=SPEC)
class ConvexThreshold(TrainingMethod):
    """The Lasso over patterns of threshold units (Ergen et al. 2023, arXiv 2303.03382), one class against the others.

    No unit moves: its plane is drawn once, and what is learned is which units are in use, and their weights. The optimum
    is one over the patterns that were drawn, not over all that there are.
    """

    kind: Literal["convex-threshold"] = "convex-threshold"
    """``convex-threshold``: one problem a class and step, each solved to its optimum."""
    path: Annotated[tuple[Beta, ...], Field(min_length=1)] = (0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
    """Regularisation beta of each step, divided by the number of training images (> 0, each below the one before).
    At 1 no unit is in use: targets are -1 and 1, and patterns 0 and 1."""

    axis: ClassVar[TrainingAxis] = TrainingAxis(
        "step",
        "step of the regularisation path",
        "1",
        "0: no unit is in use; at step k beta is training.method.path[k - 1] a training image",
    )
    between: ClassVar[bool] = False
    unused: ClassVar[tuple[str, ...]] = (
        "epochs",
        "batch_size",
        "lr",
        "backend",
        "precision",
        "objectives",
        "device",
        "surrogate",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for before, after in pairwise(self.path):
            if after >= before:
                raise ValueError(
                    f"path goes from {before:g} to {after:g}: each beta must be below the one before, so that units come "
                    "into use along it; sort it in descending order, each number once"
                )
        return self

    def problems(self, network: Architecture) -> list[str]:
        """See ``TrainingMethod``: another kind of network, or features of a network whose checkpoint is not there."""
        if not isinstance(network, ThresholdHeadArchitecture):
            problem = (
                "training.method: convex-threshold trains threshold units alone; set network.kind to threshold-head, or "
                "choose another method"
            )
            return [problem]
        frozen = network.frozen
        return [] if frozen is None or frozen.file.is_file() else [_absence(frozen.file)]

    def places(self, network: Architecture, epochs: int) -> tuple[float, ...]:
        """See ``TrainingMethod``: 0, and every step of the path."""
        del network, epochs
        return checkpoint_epochs(len(self.path))

    def lesson_problems(self, lesson: Lesson) -> list[str]:
        """See ``TrainingMethod``: more units than patterns, of pixels; features of a network are told in training."""
        architecture = lesson.architecture
        assert isinstance(architecture, ThresholdHeadArchitecture)
        if architecture.frozen is not None:
            return []
        return caught("network.units", lambda: self.learner(lesson).problem)

    def learner(self, lesson: Lesson) -> ConvexPath:
        """See ``TrainingMethod``."""
        return ConvexPath(lesson, self.path)


def _absence(file: Path) -> str:
    """Say that the checkpoint that features come from is not there."""
    folder = file.parent
    epochs = ", ".join(f"{epoch:g}" for epoch in list_epochs(folder)) if folder.is_dir() else ""
    there = f"it holds epochs {epochs}" if epochs else "no checkpoint is there"
    return (
        f"network.features: there is no file {file} ({there}); run the study first that trains that network, or name "
        "another epoch or folder"
    )
