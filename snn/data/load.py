"""Loads the data set that a study names.

torchvision and scikit-learn take seconds to import: they are, where a data set needs them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spikeatlas.snn.data.folder import load_folder
from spikeatlas.snn.data.idx import has_idx, read_idx_split
from spikeatlas.snn.data.model import DataSet, DataSpec, Split, take_evenly

_DEBIAN = {"fashion_mnist": Path("/usr/share/datasets/fashion-mnist")}
_DEFAULT_ROOT = Path("~/.cache/spikeatlas")
_TORCHVISION = {"fashion_mnist": "FashionMNIST", "mnist": "MNIST", "cifar10": "CIFAR10"}
_FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_FIGURES = tuple(str(figure) for figure in range(10))
_OBJECTS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
_CLASSES = {"fashion_mnist": _FASHION, "mnist": _FIGURES, "cifar10": _OBJECTS}
_DIGITS_TEST = 450


def load_data(spec: DataSpec) -> DataSet:
    """Load the images of ``spec``: uint8 (n, c, h, w) with int64 labels, the same at every call.

    FileNotFoundError for a data set that is not there, saying how to get it; ValueError for damaged
    or ill-sorted files; ConnectionError for a download that fails.
    """
    if spec.dataset == "folder" and spec.root is not None:
        return load_folder(spec.root.expanduser(), spec.limit)
    data = _load_digits() if spec.dataset == "digits" else _load_common(spec)
    return DataSet(
        train=take_evenly(data.train, spec.limit),
        test=take_evenly(data.test, spec.limit),
        classes=data.classes,
    )


def _load_digits() -> DataSet:
    """1797 digits of 8x8 pixels in 17 grey levels (UCI optical recognition, test part)."""
    from sklearn.datasets import load_digits  # noqa: PLC0415
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    pixels, labels = load_digits(return_X_y=True)
    images = np.round(pixels.reshape(-1, 1, 8, 8) * 255 / 16).astype(np.uint8)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=_DIGITS_TEST, stratify=labels, random_state=0
    )
    labels = labels.astype(np.int64)
    return DataSet(Split(images[train], labels[train]), Split(images[test], labels[test]), _FIGURES)


def _load_common(spec: DataSpec) -> DataSet:
    """MNIST, Fashion-MNIST or CIFAR-10: gzipped idx files if found, else torchvision's copy."""
    places = [place for place in (spec.root, _DEBIAN.get(spec.dataset)) if place is not None]
    folder = next((place for place in places if has_idx(place.expanduser())), None)
    if folder is not None and spec.dataset != "cifar10":
        train, test = (read_idx_split(folder.expanduser(), split) for split in ("train", "test"))
    else:
        root = (spec.root or _DEFAULT_ROOT).expanduser()
        train, test = (_read_torchvision(spec, root, train=train) for train in (True, False))
    return DataSet(train, test, _CLASSES[spec.dataset])


def _read_torchvision(spec: DataSpec, root: Path, *, train: bool) -> Split:
    from torchvision import datasets  # noqa: PLC0415

    kind = getattr(datasets, _TORCHVISION[spec.dataset])
    found = _open_torchvision(kind, spec, root, train=train)
    images = np.asarray(found.data, np.uint8)
    planes = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    return Split(np.ascontiguousarray(planes), np.asarray(found.targets, np.int64))


def _open_torchvision(kind: Any, spec: DataSpec, root: Path, *, train: bool) -> Any:
    try:
        return kind(root, train=train, download=spec.download)
    except (RuntimeError, OSError) as error:
        if spec.download:
            raise ConnectionError(
                f"data.dataset {spec.dataset} could not be downloaded to {root} ({error}): check "
                "the connection, or put torchvision's files there yourself."
            ) from None
        raise FileNotFoundError(
            f"data.dataset {spec.dataset} is not in {root}: set data.download to true, or "
            f"data.root to the folder that holds torchvision's {kind.__name__}."
        ) from None
