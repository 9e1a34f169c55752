"""The setup: what a study and a benchmark have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from annotated_types import Ge
from pydantic import BaseModel, ConfigDict

from spikeatlas.snn.classifier import ClassifierSpec
from spikeatlas.snn.data import DataSpec, Digits
from spikeatlas.snn.field_docstrings import describe_fields
from spikeatlas.snn.generators import GeneratorSpec, VQVAESpec
from spikeatlas.snn.networks import Architecture
from spikeatlas.snn.registry import UserPath
from spikeatlas.snn.subjects import ChainSpec, SubjectSpec
from spikeatlas.snn.training import Desire, TrainingSpec
from spikeatlas.tasks.study.specs import ResponderSpec


class Setup(BaseModel):
    """Images, a network, a generator, how responses are computed, and where the results go."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=describe_fields)

    data: DataSpec = Digits()
    """The natural images."""
    network: SubjectSpec = ChainSpec()
    """The network that is probed, or whatever else answers images."""
    training: TrainingSpec = TrainingSpec()
    """How it is trained."""
    generator: GeneratorSpec = VQVAESpec()
    """What turns latents into stimuli."""
    classifier: ClassifierSpec | None = None
    """What judges the generator's images, if that is wanted: a classifier without spikes."""
    responder: ResponderSpec = ResponderSpec()
    """How responses are computed."""
    seed: Annotated[int, Ge(0)] = 0
    """All randomness derives from it."""
    output: UserPath = Path("runs/atlas")
    """Folder of the results, the checkpoints, the generator and the report."""

    @property
    def training_places(self) -> tuple[float, ...]:
        """Places at which training leaves checkpoints without being told, ascending; none of a network that comes trained."""
        network = self.network
        if not network.trained_here or not isinstance(network, Architecture):
            return ()
        return self.training.places(network)

    @property
    def desire(self) -> Desire | None:
        """Desire backpropagation as the study has it; None where the network learns otherwise, or comes trained."""
        method = self.training.method
        return method if self.network.trained_here and isinstance(method, Desire) else None
