"""What runs and when: the study, the flows, the command line."""

from __future__ import annotations

import spikeatlas.tasks  # noqa: F401 - its environment comes before torch
