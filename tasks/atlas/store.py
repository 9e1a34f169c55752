"""Creating, extending and opening the store.

One coordinator creates or extends an atlas, under a lock that goes with its process; everything planned
is allocated then, so that workers only fill chunks. Every array ends its codecs with a CRC32C checksum:
a flipped bit raises instead of being read as data.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from filelock import FileLock, Timeout
from numpy.dtypes import StringDType
from zarr.codecs import Crc32cCodec, ZstdCodec

from tasks.atlas.schema import SCHEMA_VERSION, Layout, Variable, queries

Attributes = Mapping[str, Any]


class AtlasError(ValueError):
    """An atlas that cannot be used as asked: the message says why and what to do."""


@contextmanager
def coordinator(folder: Path) -> Iterator[None]:
    """Hold the run folder's lock; the kernel releases it when the process ends, however it ends.

    Raises AtlasError at once when another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        message = (
            f"another run is writing to {folder}: wait until it has ended, or choose another output"
        )
        raise AtlasError(message) from None
    try:
        yield
    finally:
        lock.release()


def create(path: Path, layout: Layout, attributes: Attributes, provenance: Attributes) -> None:
    """Allocate a whole atlas beside ``path`` and rename it into place: half an atlas is never seen."""
    building = path.with_name(path.name + ".new")
    shutil.rmtree(building, ignore_errors=True)
    building.parent.mkdir(parents=True, exist_ok=True)
    root = zarr.open_group(building, mode="w", zarr_format=3)
    for group, name, variable, layer in layout.arrays():
        allocate(root, f"{group}/{name}".lstrip("/"), variable, layout, layer)
    for name, (dims, values, extra) in coordinates(layout).items():
        write_coordinate(root, name, dims, values, extra)
    root.create_group("provenance", attributes=dict(provenance))
    root.attrs.update({"schema_version": SCHEMA_VERSION, "Conventions": "CF-1.11", **attributes})
    building.replace(path)


def allocate(
    root: zarr.Group, name: str, variable: Variable, layout: Layout, layer: str | None
) -> None:
    """Create one empty array: unwritten chunks take no space."""
    sizes = layout.sizes(layer)
    root.create_array(
        name,
        shape=tuple(sizes[dim] for dim in variable.dims),
        chunks=layout.chunk(variable, layer),
        dtype=StringDType() if variable.dtype is str else variable.dtype,
        fill_value=variable.fill,
        dimension_names=variable.dims,
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        attributes=variable.attributes(),
    )


def write_coordinate(
    root: zarr.Group, name: str, dims: str, values: list[Any], extra: Attributes
) -> None:
    """Create and fill one labelled axis, or a label along one."""
    text = isinstance(values[0], str)
    array = root.create_array(
        name,
        shape=(len(values),),
        dtype=StringDType() if text else np.asarray(values).dtype,
        fill_value="" if text else 0,
        dimension_names=(dims,),
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        config={"write_empty_chunks": True},
        attributes=dict(extra),
    )
    array[:] = np.asarray(values, dtype=object if text else None)


def coordinates(layout: Layout) -> dict[str, tuple[str, list[Any], Attributes]]:
    """Labels of every group, so that each can also be opened alone."""
    epoch = (
        "epoch",
        [float(e) for e in layout.epochs],
        _label("training progress (0: untrained)", "epoch"),
    )
    classes = ("class", list(layout.classes), _label("class of natural images"))
    method = ("method", list(layout.methods), _label("search method"))
    repeat = ("repeat", list(range(layout.repeats)), _label("independent search"))
    axes: dict[str, tuple[str, list[Any], Attributes]] = {"epoch": epoch, "class": classes}
    for layer, neurons in layout.layers.items():
        axes |= {
            f"layers/{layer}/{n}": a
            for n, a in {
                "epoch": epoch,
                "class": classes,
                "method": method,
                "repeat": repeat,
            }.items()
        }
        axes[f"layers/{layer}/neuron"] = (
            "neuron",
            list(neurons),
            _label("channel or unit of the layer"),
        )
        axes[f"layers/{layer}/query"] = (
            "query",
            list(queries(layout.budget)),
            _label("images shown", "image"),
        )
        axes[f"screening/neuron_{layer}"] = (
            f"neuron_{layer}",
            list(neurons),
            _label(f"channel or unit of {layer}"),
        )
    shown = [r for r in range(layout.repeats) for _ in range(layout.screening)]
    axes["screening/epoch"] = epoch
    axes["screening/repeat"] = ("stimulus", shown, _label("repeat that the stimulus belongs to"))
    axes |= {
        f"selectivity/{n}": a
        for n, a in {"epoch": epoch, "method": method, "repeat": repeat}.items()
    }
    axes["neurons/epoch"] = epoch
    for group in ("selectivity", "neurons"):
        names = [layer for layer, neurons in layout.layers.items() for _ in neurons]
        indices = [n for neurons in layout.layers.values() for n in neurons]
        axes[f"{group}/neuron"] = (
            "neuron",
            list(range(layout.neurons)),
            _label("row of the table"),
        )
        axes[f"{group}/layer"] = ("neuron", names, _label("spiking layer"))
        axes[f"{group}/index"] = ("neuron", indices, _label("channel or unit of the layer"))
    return axes  # fmt: skip


def _label(long_name: str, units: str = "1") -> Attributes:
    return {"long_name": long_name, "units": units}


def open_store(path: Path, mode: str = "r") -> zarr.Group:
    """The atlas as a Zarr group.

    Raises FileNotFoundError when there is none, AtlasError when it is damaged or newer than this program.
    """
    recover(path)
    if not path.exists():
        message = f"there is no atlas at {path}: give the path of an atlas.zarr folder that a run has written"
        raise FileNotFoundError(message)
    try:
        root = zarr.open_group(path, mode=mode, zarr_format=3)  # type: ignore[arg-type]
        version = int(root.attrs["schema_version"])  # type: ignore[arg-type]
    except (OSError, KeyError, TypeError, ValueError) as error:
        message = f"{path} is not an atlas, or its zarr.json is damaged ({error}): restore it, or run again with --fresh"
        raise AtlasError(message) from error
    if version > SCHEMA_VERSION:
        message = f"{path} has schema version {version}, newer than {SCHEMA_VERSION}, the newest known here: upgrade spikeatlas"
        raise AtlasError(message)
    return root


def writable(array: Any) -> zarr.Array[Any]:
    """The array, writing every chunk even where it equals the fill value: a missing chunk is damage."""
    return array.with_config({"write_empty_chunks": True})  # type: ignore[no-any-return]


def extend(path: Path, old: Layout, layout: Layout) -> None:
    """Add epochs: build a new tree beside the old one, copy what it holds, and swap it in.

    Readers that opened the old tree keep a consistent view; a kill leaves the old tree or the new one.
    """
    source = open_store(path)
    grown = path.with_name(path.name + ".grown")
    shutil.rmtree(grown, ignore_errors=True)
    create(grown, layout, dict(source.attrs), dict(source["provenance"].attrs))
    target = zarr.open_group(grown, mode="r+")
    rows = {old_row: layout.epochs.index(epoch) for old_row, epoch in enumerate(old.epochs)}
    for group, name, variable, _ in layout.arrays():
        if "epoch" in variable.dims:
            _copy_epochs(source, target, f"{group}/{name}".lstrip("/"), rows)
    retired = path.with_name(path.name + ".old")
    path.replace(retired)
    grown.replace(path)
    shutil.rmtree(retired)


def _copy_epochs(
    source: zarr.Group, target: zarr.Group, name: str, rows: Mapping[int, int]
) -> None:
    """Copy the chunk files of one array, renaming the epoch: exact, and what is unwritten stays so."""
    array = source[name]
    folder = Path(str(source.store.root)) / name / "c"  # type: ignore[attr-defined]
    into = Path(str(target.store.root)) / name / "c"  # type: ignore[attr-defined]
    del array
    for old_row, new_row in rows.items():
        chunk = folder / str(old_row)
        if chunk.is_dir():
            shutil.copytree(chunk, into / str(new_row))
        elif chunk.is_file():
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy(chunk, into / str(new_row))


def recover(path: Path) -> None:
    """Finish an extension that was killed between its two renames."""
    retired = path.with_name(path.name + ".old")
    if retired.exists() and not path.exists():
        retired.replace(path)


def study_of(root: zarr.Group) -> dict[str, Any]:
    """The study that made the atlas."""
    return dict(json.loads(str(root.attrs["study"])))


def layout_of(root: zarr.Group) -> Layout:
    """The layout an atlas was allocated with."""
    fields = json.loads(str(root.attrs["layout"]))
    return Layout(
        epochs=tuple(root["epoch"][:].tolist()),  # type: ignore[index,union-attr]
        layers={layer: tuple(neurons) for layer, neurons in fields.pop("layers").items()},
        **{
            key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
        },
    )


def layout_json(layout: Layout) -> str:
    """The layout but for its epochs, which the store itself names, as JSON for the root's attributes."""
    fields = {key: value for key, value in vars(layout).items() if key != "epochs"}
    return json.dumps(fields)
