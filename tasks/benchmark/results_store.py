"""The benchmark's dataset: one Zarr group a cell, data first and its mark ``done`` last.

One coordinator writes; readers need xarray alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from spikeatlas.tasks.atlas import CODECS, AtlasError

VERSION = 1
POOL = "natural/pool"

Arrays = Mapping[str, NDArray[Any]]

VARIABLES: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    # name: dimensions, long name, units
    "neuron": (("neuron",), "neuron of the layer: channel or unit", "1"),
    "latent": (("neuron", "latent"), "codes of the best stimulus", "1"),
    "response": (("neuron",), "response to the best stimulus, measured anew", "1"),
    "search_response": (("neuron",), "response to the best stimulus as the search saw it", "1"),
    "history": (("neuron", "query"), "best response so far, after so many images a neuron", "1"),
    "images": ((), "images proposed, for all neurons together", "1"),
    "shown": ((), "different images decoded and shown", "1"),
    "optimizer_seconds": ((), "wall time inside the search method", "s"),
    "decode_seconds": ((), "wall time of decoding", "s"),
    "respond_seconds": ((), "wall time of the network", "s"),
    "optimizer_cpu_seconds": ((), "processor time inside the search method", "s"),
    "decode_cpu_seconds": ((), "processor time of decoding", "s"),
    "respond_cpu_seconds": ((), "processor time of the network", "s"),
    "natural_latent": (("image", "latent"), "codes of the natural training images", "1"),
    "active": (("neuron",), "share of natural test images with a response", "1"),
    "lowest": (("neuron",), "lowest response to a natural test image", "1"),
    "highest": (("neuron",), "highest response to a natural test image", "1"),
    "encoded": (("neuron",), "highest response to a natural test image through the generator", "1"),
}


def open_or_make(path: Path) -> zarr.Group:
    """Open the dataset to write to, made where there is none.

    Raises AtlasError when it is damaged or another version of this program made it.
    """
    if not path.exists():
        return zarr.open_group(
            path,
            mode="w",
            zarr_format=3,
            attributes={"benchmark_version": VERSION, "Conventions": "CF-1.11"},
        )
    return existing(path, "r+")


def existing(path: Path, mode: str = "r") -> zarr.Group:
    """Open the dataset as a Zarr group.

    Raises FileNotFoundError when there is none, AtlasError when it is damaged or of another version.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"there is no dataset {path}: run the benchmark first, or give its output"
        )
    try:
        root = zarr.open_group(path, mode=mode, zarr_format=3)  # type: ignore[arg-type]
        version = int(root.attrs["benchmark_version"])  # type: ignore[arg-type]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise AtlasError(
            f"{path} is not a benchmark's dataset, or its zarr.json is damaged ({error}): choose another output"
        ) from error
    if version != VERSION:
        raise AtlasError(
            f"{path} was made by version {version} of the benchmark, this is version {VERSION}: choose another output"
        )
    return root


def note(path: Path, attributes: Mapping[str, Any]) -> None:
    """Set attributes of the root."""
    open_or_make(path).attrs.update(dict(attributes))


def write(
    path: Path, name: str, arrays: Arrays, attributes: Mapping[str, Any], digest: str
) -> None:
    """Store a group whole: a kill in between leaves it without its mark, to be done again."""
    root = open_or_make(path)
    shutil.rmtree(path / name, ignore_errors=True)
    group = root.create_group(name, attributes={**attributes, "digest": digest})
    for variable, values in arrays.items():
        dims, long_name, units = VARIABLES[variable]
        put(group, variable, values, dims, {"long_name": long_name, "units": units})
    put(group, "done", np.asarray(1, np.uint8), (), {"long_name": "whether all is stored"})


def put(
    group: zarr.Group,
    name: str,
    values: NDArray[Any],
    dims: tuple[str, ...],
    attributes: Mapping[str, Any],
) -> None:
    """Create and fill one array of one chunk."""
    values = np.asarray(values)
    array = group.create_array(
        name,
        shape=values.shape,
        chunks=tuple(max(size, 1) for size in values.shape),
        dtype=values.dtype,
        fill_value=0,
        dimension_names=dims,
        compressors=CODECS,
        config={"write_empty_chunks": True},
        attributes=dict(attributes),
    )
    array[...] = values


def done(path: Path, name: str, digest: str | None = None) -> bool:
    """Return True where a group is committed, and (with ``digest``) made from what that names."""
    if not (path / name / "done" / "zarr.json").exists():
        return False
    group = zarr.open_group(path / name, mode="r", zarr_format=3)
    committed = int(np.asarray(group["done"])) == 1
    return committed and (digest is None or group.attrs["digest"] == digest)


def values(path: Path, name: str, variable: str) -> NDArray[Any]:
    """Return one array of one group."""
    group: Any = zarr.open_group(path / name, mode="r", zarr_format=3)
    return np.asarray(group[variable][...])


def arrays(path: Path, name: str) -> dict[str, NDArray[Any]]:
    """Return all arrays of one group but its mark."""
    group: Any = zarr.open_group(path / name, mode="r", zarr_format=3)
    return {key: np.asarray(group[key][...]) for key in group.array_keys() if key != "done"}


def json_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as JSON values."""
    return dict(json.loads(json.dumps(dict(attributes))))
