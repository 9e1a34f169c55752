"""The flows, the reading and checking of studies, the runners, the command line."""

from __future__ import annotations

import spikeatlas.tasks  # noqa: F401 - its environment comes before torch
