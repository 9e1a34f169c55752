"""Students: models of a subject that learn from what it answered, and can be climbed. No weight of the subject is used.

A student's form says what it knows: ``LayeredStudent`` the shapes of the subject's layers, and the responses of all units of
their maps where these are recorded; ``GenericStudent`` one number a neuron.
"""

from __future__ import annotations

from spikeatlas.snn.students.base import Answers, Recording, StudentModel
from spikeatlas.snn.students.climb import PIECES, climb
from spikeatlas.snn.students.generic_student import MANY, ONE, GenericStudent, Widths
from spikeatlas.snn.students.layered_student import LayeredStudent, SearchedNeuron
from spikeatlas.snn.students.map_recorder import MapRecorder, map_recorder
from spikeatlas.snn.students.scaling import divided, response_scale, scaled_unit
from spikeatlas.snn.students.structure import (
    LayerForm,
    Structure,
    chain_structure,
    shape_structure,
    structure_of,
)

__all__ = [
    "MANY",
    "ONE",
    "PIECES",
    "Answers",
    "GenericStudent",
    "LayerForm",
    "LayeredStudent",
    "MapRecorder",
    "Recording",
    "SearchedNeuron",
    "Structure",
    "StudentModel",
    "Widths",
    "chain_structure",
    "climb",
    "divided",
    "map_recorder",
    "response_scale",
    "scaled_unit",
    "shape_structure",
    "structure_of",
]
