"""What somebody without our packages does with atlases: xarray, zarr, matplotlib, netCDF4 and dask alone.

A script, so that it runs in an environment of its own: ``python tests/outside.py ATLAS OTHER FOLDER``, the other an
atlas of another network of the same study, and a folder to write in. It raises at the first thing that fails.
"""

from __future__ import annotations

import importlib.abc
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

OURS = ("spikeatlas", "torch", "snntorch", "prefect", "pydantic")

LARGEST = 1e9
"""Bytes of a data frame."""

SCALARS = {"epoch", "neuron", "search", "repeat", "layer"}
"""Dimensions of groups with one number a search, neuron, layer or epoch."""


class Refusal(importlib.abc.MetaPathFinder):
    """Import none of our own packages, even where they are installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Refuse ours."""
        del path, target
        if name.partition(".")[0] in OURS:
            raise ImportError(name)


if __name__ == "__main__":
    sys.meta_path.insert(0, Refusal())
    warnings.simplefilter("error")

import matplotlib as mpl  # noqa: E402

mpl.use("agg")

import numpy as np  # noqa: E402
import xarray as xr  # noqa: E402
from matplotlib import pyplot as plt  # noqa: E402


def groups(tree: xr.DataTree) -> Iterator[tuple[str, xr.Dataset]]:
    """Yield every group with variables, as a user takes it."""
    for node in tree.subtree:
        if node.data_vars:
            yield node.path, node.to_dataset()


def check_names(tree: xr.DataTree) -> None:
    """No name fights Python, pandas or xarray, and one group holds one set of dimensions."""
    for path, group in groups(tree):
        assert not {"method", "class", "index", "query"} & {*map(str, group.variables), *map(str, group.dims)}, path  # fmt: skip
        dims = {frozenset(map(str, array.dims)) for array in group.data_vars.values()}
        images = {frozenset(d - {"channel", "y", "x"}) for d in dims} if "/best/" in path else dims
        assert len(images) == 1, (path, dims)
        for name, array in group.data_vars.items():
            assert 0 < len(array.attrs["long_name"]) <= 40, (path, name, array.attrs["long_name"])


def check_selection(tree: xr.DataTree) -> None:
    """Every dimension's label selects, as a plain keyword."""
    for path, group in groups(tree):
        for dim, size in group.sizes.items():
            for label in {group[dim].values[0], group[dim].values[size - 1]}:
                part = group.sel(**{str(dim): label})
                assert dim not in part.dims, (path, dim)
                assert part.coords[dim].item() == label, (path, dim)


def check_frames(tree: xr.DataTree, only: set[str] | None = None) -> None:
    """Every group makes a data frame as long as its own variables."""
    for path, group in groups(tree):
        if only is None or {*map(str, group.dims)} <= only:
            frame = group.to_dataframe()
            longest = max(array.size for array in group.data_vars.values())
            assert len(frame) == longest, (path, len(frame), longest)
            assert frame.memory_usage(index=True, deep=False).sum() < LARGEST, path
            frame.reset_index()


def check_none(tree: xr.DataTree) -> None:
    """What is none is no number."""
    preferred = tree["selectivity"].preferred_class
    assert preferred.dtype.kind == "f"
    assert not (preferred < 0).any()
    assert {*tree["neurons"].status.values.ravel().tolist()} <= {"done", "silent", "saturated"}
    for layer in tree["layers"].children:
        silent = tree[f"layers/{layer}"].status == 2
        images = tree[f"image/{layer}"].mei.where(silent).max()
        assert np.isnan(images) or images == 0


def check_networks(tree: xr.DataTree, other: xr.DataTree) -> None:
    """Atlases join over networks."""
    for path, group in groups(tree):
        if path not in ("/provenance", "/test_images"):
            joined = xr.concat([group, other[path].to_dataset()], dim="network")
            assert joined.sizes["network"] == 2, path
            own = joined.sel(network=group.network.item())
            name = next(iter(group.data_vars))
            assert own[name].equals(group[name].transpose(*own[name].dims)), path


def check_plots(tree: xr.DataTree, folder: Path) -> None:
    """An image stands upright, with its rows as they are drawn on the screen, in either of xarray's plots."""
    layer = next(iter(tree["best"].children))
    best = tree[f"best/{layer}"].to_dataset()
    epoch, neuron = np.argwhere(best.status.values != "silent")[0]
    mei = best.mei.isel(epoch=epoch, neuron=neuron, channel=0).load()
    assert len(np.unique(mei.values)) > 2
    for plot in (mei.plot, mei.plot.imshow):
        figure, axes = plt.subplots()
        plot(ax=axes, cmap="gray", vmin=0, vmax=255)
        assert np.abs(_screen(figure, axes, mei) - mei.values.astype(int)).max() <= 1
        figure.savefig(folder / "mei.png")
        plt.close(figure)


def _screen(figure: Any, axes: Any, image: xr.DataArray) -> np.ndarray:
    """Grey levels (rows from the top, columns) of the screen where the pixels of an image are."""
    figure.canvas.draw()
    screen = np.asarray(figure.canvas.buffer_rgba())[..., 0].astype(int)
    rows, columns = (
        sorted(axes.transData.transform([(x, y) for x, y in places])[:, axis])
        for axis, places in (
            (1, [(image.x.values[0], y) for y in image.y.values]),
            (0, [(x, image.y.values[0]) for x in image.x.values]),
        )
    )
    height = screen.shape[0]
    return np.array(
        [[screen[height - 1 - round(y), round(x)] for x in columns] for y in rows[::-1]]
    )


def check_copies(path: str, tree: xr.DataTree, folder: Path) -> None:
    """The tree opens in chunks, and goes to netCDF and to another store unharmed."""
    chunked = xr.open_datatree(path, chunks={})
    layer = next(iter(tree["layers"].children))
    lazily = chunked[f"layers/{layer}"].response.mean("repeat")
    assert lazily.chunks
    assert lazily.compute().equals(tree[f"layers/{layer}"].response.mean("repeat").compute())
    tree.to_netcdf(folder / "atlas.nc")
    chunked.to_zarr(folder / "copy.zarr", consolidated=False)
    copies = folder / "atlas.nc", folder / "copy.zarr"
    for copy in (xr.open_datatree(copies[0]), xr.open_datatree(copies[1], consolidated=False)):
        for name, group in groups(tree):
            for variable, array in group.variables.items():
                again = copy[name].to_dataset()[variable].values
                if array.dtype.kind in "TOU":
                    assert again.tolist() == array.values.tolist(), (name, variable)
                else:
                    floats = array.dtype.kind == "f"
                    assert np.array_equal(again, array.values, equal_nan=floats), (name, variable)


def main(arguments: Sequence[str]) -> None:
    """Check an atlas; with ``--scalars`` only the frames of its groups of scalars."""
    if arguments[0] == "--scalars":
        check_frames(xr.open_datatree(arguments[1]), SCALARS)
        return
    path, other, folder = arguments
    tree = xr.open_datatree(path)
    check_names(tree)
    check_selection(tree)
    check_frames(tree)
    check_none(tree)
    check_networks(tree, xr.open_datatree(other))
    check_plots(tree, Path(folder))
    check_copies(path, tree, Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
