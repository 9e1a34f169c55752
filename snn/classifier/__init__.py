"""A classifier without spikes, which judges a generator's images."""

from __future__ import annotations

from spikeatlas.snn.classifier.calibration import calibration_error, fit_temperature
from spikeatlas.snn.classifier.checks import SMALLEST
from spikeatlas.snn.classifier.classifier import Classifier, load_classifier
from spikeatlas.snn.classifier.classifier_training import ClassifierRecord, train_classifier
from spikeatlas.snn.classifier.spec import ClassifierSpec

__all__ = [
    "SMALLEST",
    "Classifier",
    "ClassifierRecord",
    "ClassifierSpec",
    "calibration_error",
    "fit_temperature",
    "load_classifier",
    "train_classifier",
]
