"""Units of work that Prefect runs, the atlas they fill, and the report on it."""

from __future__ import annotations

import os

# Before anything imports numpy or torch, whoever starts the process (a terminal, Prefect's worker, Dask): one thread
# a worker, which does not fight others for the cores, and values that do not depend on their number.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")
