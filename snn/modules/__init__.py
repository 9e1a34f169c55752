"""Any torch module as a network of a study: made by the user's factory, tried, and captured by hooks."""

from __future__ import annotations

from spikeatlas.snn.modules.capture import Capture, LayerPlace, Silence, ThreadCaptures
from spikeatlas.snn.modules.class_mode import CLASSES, ClassMode, class_layer, class_responses
from spikeatlas.snn.modules.drive import DRIVES, ModuleDrive
from spikeatlas.snn.modules.factory import make_module
from spikeatlas.snn.modules.module_readout import NO_READOUT, Readout, find_readout
from spikeatlas.snn.modules.natural_reference import (
    UNIT_NAME,
    NaturalReference,
    natural_reference,
)
from spikeatlas.snn.modules.neuron_modules import named_places
from spikeatlas.snn.modules.pixel_scaling import PixelScaling, pixel_scaling
from spikeatlas.snn.modules.saved import (
    StoredCheckpoint,
    checkpoint_files,
    checkpoint_folder,
    checkpoint_paths,
    pattern_problem,
    place_of,
    put_checkpoint,
    read_checkpoint,
    require_finite,
)
from spikeatlas.snn.modules.source_code import code_digest, code_parts, digest_of
from spikeatlas.snn.modules.spike_sum import SpikeReading, SpikeSum
from spikeatlas.snn.modules.trials import (
    Answers,
    InputKind,
    Trial,
    TrialLayer,
    described,
    require_numbers,
    try_module,
    verdict,
)
from spikeatlas.snn.modules.way_for import FasterWay, near, proven, way_for

__all__ = [
    "CLASSES",
    "DRIVES",
    "NO_READOUT",
    "UNIT_NAME",
    "Answers",
    "Capture",
    "ClassMode",
    "FasterWay",
    "InputKind",
    "LayerPlace",
    "ModuleDrive",
    "NaturalReference",
    "PixelScaling",
    "Readout",
    "Silence",
    "SpikeReading",
    "SpikeSum",
    "StoredCheckpoint",
    "ThreadCaptures",
    "Trial",
    "TrialLayer",
    "checkpoint_files",
    "checkpoint_folder",
    "checkpoint_paths",
    "class_layer",
    "class_responses",
    "code_digest",
    "code_parts",
    "described",
    "digest_of",
    "find_readout",
    "make_module",
    "named_places",
    "natural_reference",
    "near",
    "pattern_problem",
    "pixel_scaling",
    "place_of",
    "proven",
    "put_checkpoint",
    "read_checkpoint",
    "require_finite",
    "require_numbers",
    "try_module",
    "verdict",
    "way_for",
]
