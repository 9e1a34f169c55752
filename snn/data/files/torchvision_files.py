"""Data sets that torchvision reads and downloads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spikeatlas.snn.allowed_places import expand, require_place
from spikeatlas.snn.data.base import DataSpec
from spikeatlas.snn.data.dataset import Split

_DEFAULT_ROOT = "~/.cache/spikeatlas"


def read_torchvision(spec: DataSpec, name: str, *, train: bool) -> Split:
    """Read the training or the test images of torchvision's data set ``name``; errors as ``DataSpec.load``."""
    # torchvision takes seconds to import
    from torchvision import datasets  # noqa: PLC0415

    root = expand(spec.root or _DEFAULT_ROOT)
    require_place(root)
    files = _open(getattr(datasets, name), spec, root, train=train)
    images = np.asarray(files.data, np.uint8)
    planes = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    return Split(np.ascontiguousarray(planes), np.asarray(files.targets, np.int64))


def _open(reader: Any, spec: DataSpec, root: Path, *, train: bool) -> Any:
    try:
        return reader(root, train=train, download=spec.download)
    except (RuntimeError, OSError) as error:
        if spec.download:
            raise ConnectionError(
                f"data.dataset {spec.dataset} could not be downloaded to {root} ({error}): check "
                "the connection, or put torchvision's files there yourself."
            ) from None
        raise FileNotFoundError(
            f"data.dataset {spec.dataset} is not in {root}: set data.download to true, or "
            f"data.root to the folder that holds torchvision's {reader.__name__}."
        ) from None
