"""A subject as a study reads it: by another reading than the rate, at a position of its maps, in groups."""

from __future__ import annotations

from spikeatlas.snn.subjects.read.read_problems import probe_problems, reading_problems
from spikeatlas.snn.subjects.read.read_source import ReadSource, read_source
from spikeatlas.snn.subjects.read.read_subject import ReadSubject

__all__ = ["ReadSource", "ReadSubject", "probe_problems", "read_source", "reading_problems"]
