"""Ways to train a network."""

from __future__ import annotations

from spikeatlas.snn.registry import Family
from spikeatlas.snn.training.methods.axis import EPOCHS, TrainingAxis
from spikeatlas.snn.training.methods.backprop import Backprop
from spikeatlas.snn.training.methods.base import TrainingMethod
from spikeatlas.snn.training.methods.convex_threshold import ConvexThreshold
from spikeatlas.snn.training.methods.desire import Desire
from spikeatlas.snn.training.methods.lesson import Lesson
from spikeatlas.snn.training.methods.network_learner import NetworkLearner
from spikeatlas.snn.training.methods.spide import Spide
from spikeatlas.snn.training.methods.step_learner import StepLearner
from spikeatlas.snn.training.methods.tandem import TandemMethod
from spikeatlas.snn.training.methods.td3 import Td3
from spikeatlas.snn.training.methods.teacher import Assignment, Teacher

TRAINING_METHODS: Family[TrainingMethod] = Family(
    "training method",
    TrainingMethod,
    {
        "backprop": Backprop,
        "convex-threshold": ConvexThreshold,
        "desire": Desire,
        "spide": Spide,
        "tandem": TandemMethod,
        "td3": Td3,
    },
)
"""``training.method`` of a study."""

__all__ = [
    "EPOCHS",
    "TRAINING_METHODS",
    "Assignment",
    "Backprop",
    "ConvexThreshold",
    "Desire",
    "Lesson",
    "NetworkLearner",
    "Spide",
    "StepLearner",
    "TandemMethod",
    "Td3",
    "Teacher",
    "TrainingAxis",
    "TrainingMethod",
]
