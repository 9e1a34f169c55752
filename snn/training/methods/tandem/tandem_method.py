"""Progressive tandem learning, as a study names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.snn.networks import Architecture, MeanDecoding, NetworkSpec
from spikeatlas.snn.norms import NoNorm, NormSpec
from spikeatlas.snn.norms.batch import BatchNorm
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.training.methods.axis import TrainingAxis
from spikeatlas.snn.training.methods.base import TrainingMethod
from spikeatlas.snn.training.methods.lesson import Lesson
from spikeatlas.snn.training.methods.tandem.tandem_learner import (
    TUNED,
    TandemLearner,
    validation_count,
)

_FEWEST = 4
"""Training images for which a share for validation can be at fault; with fewer it is their number."""
STAGES = TrainingAxis(
    "stage",
    "conversion stage",
    "1",
    "k: hidden layer k was just converted, 0: the network is untrained; k.5: what follows is tuned, 0.5: the analogue "
    "network is trained",
)


@dataclass(frozen=True, config=SPEC)
class TandemMethod(TrainingMethod):
    """Progressive tandem learning (Wu et al. 2021, arXiv 2007.01204).

    A network of rectified linear units is trained, then converted from the input on: a hidden layer at a stage. Its
    threshold is the 99.9th percentile of its activations to up to 512 training images, divided by T; its spikes are fed on, and
    what is left is fine-tuned, spikes with the gradient of the activation that they stand for. Adam at ``training.lr``, a tenth
    of it at the last stage; the best of a stage's networks is the one it ends with. ``training.epochs``: of the analogue network,
    at most. Its images are chosen, and their order drawn, by the seed.
    """

    kind: Literal["tandem"] = "tandem"
    """``tandem``: progressive tandem learning, of ``network.neuron: tandem`` alone."""
    tuning_epochs: Annotated[int, Field(ge=1)] | None = None
    """Epochs of each stage after the first, at most (>= 1); none: as many as ``training.epochs``."""
    patience: Annotated[int, Field(ge=1)] = 6
    """Epochs without a better accuracy on the validation images that end a stage (>= 1)."""
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the training images that are for validation alone, 0 to 1."""
    newest: Literal["tuned", "frozen"] = "tuned"
    """The layer that a stage converts: learns in it as well, and is frozen when it ends (``tuned``); or at once, as in the
    authors' code."""
    stages: Annotated[int, Field(ge=0)] | None = None
    """Hidden layers that are converted, from the input on; none: all. 0: only the analogue network is trained, the control."""
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1e-5
    """Share of every parameter that is added to its gradient (>= 0)."""
    axis: ClassVar[TrainingAxis] = STAGES
    between: ClassVar[bool] = False
    unused: ClassVar[tuple[str, ...]] = ("backend", "precision", "objectives", "surrogate")

    def places(self, network: Architecture, epochs: int) -> tuple[float, ...]:
        """See ``TrainingMethod``: each stage's beginning and end; only the untrained network of no epochs."""
        if not epochs or not isinstance(network, NetworkSpec):
            return (0.0,)
        stages = range(self.conversions(network.depth - 1) + 1)
        return tuple(k + half for k in stages for half in (0.0, TUNED))

    def conversions(self, hidden: int) -> int:
        """Return how many of a network's ``hidden`` layers are converted."""
        return hidden if self.stages is None else min(self.stages, hidden)

    def problems(self, network: Architecture) -> list[str]:
        """See ``TrainingMethod``."""
        if not isinstance(network, NetworkSpec):
            return [
                "training.method: tandem converts layers that stand in a row; use network.kind: chain"
            ]
        problems = [*_problems(network)]
        hidden = network.depth - 1
        if self.stages is not None and self.stages > hidden:
            problems.append(
                f"is to convert {self.stages} layers, and {hidden} are hidden; set stages to at most {hidden}, or leave it out"
            )
        return [f"training.method: tandem {problem}" for problem in problems]

    def lesson_problems(self, lesson: Lesson) -> list[str]:
        """See ``TrainingMethod``: a share for validation that leaves no two images to train with."""
        images = len(lesson.data.train)
        rest = images - validation_count(images, self.validation)
        if rest > 1 or images < _FEWEST:
            return []
        problem = (
            f"training.method: validation is {self.validation:g}, which leaves {rest} of {images} images to train with; set "
            "it lower"
        )
        return [problem]

    def smallest_batch(self, images: int, batch_size: int) -> int:
        """See ``TrainingMethod``: without those for validation, in batches of one size but for one image."""
        count = images - validation_count(images, self.validation)
        return 0 if images < 2 else count // -(-count // batch_size)

    def learner(self, lesson: Lesson) -> TandemLearner:
        """See ``TrainingMethod``: it owns its course."""
        return TandemLearner(lesson, self)


def _problems(network: NetworkSpec) -> Iterator[str]:
    """Say what a network must be else, each as the end of a sentence."""
    if network.neuron.kind != "tandem":
        yield f"converts neurons of its own, not {network.neuron.kind}; set network.neuron to tandem"
    if network.depth == 1:
        yield "converts hidden layers, and there are none; give network.channels or network.hidden"
    if network.coding != "first-step":
        yield f"shows an image at the first step alone, not by coding {network.coding}; set network.coding to first-step"
    if not isinstance(network.decoding, MeanDecoding):
        yield (
            f"reads an analogue output, which decoding {network.decoding.kind} is not made for; set network.decoding to mean"
        )
    if "max" in network.pools:
        yield (
            "counts spikes, and the largest of each step's currents is not that of their sums; set network.pool to average or "
            "none"
        )
    if any(not _sums(norm) for norm in network.norms):
        yield "normalises sums over all steps or nothing; set network.norm to {kind: batch, statistics: sum} or none"
    if any(threshold != 1 for threshold in network.thresholds):
        yield "measures thresholds; leave network.threshold out"


def _sums(norm: NormSpec) -> bool:
    return isinstance(norm, NoNorm) or (isinstance(norm, BatchNorm) and norm.statistics == "sum")
