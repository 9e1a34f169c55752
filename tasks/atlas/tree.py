"""An atlas as xarray data sets, a group at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import numpy as np
import xarray as xr
import zarr

from spikeatlas.tasks.atlas.groups import GROUPS
from spikeatlas.tasks.atlas.groups.axes import SEARCH_SIGN
from spikeatlas.tasks.atlas.groups.base import PROGRESS
from spikeatlas.tasks.atlas.open import open_store, study_of
from spikeatlas.tasks.study.location import Place


class Tree:
    """The groups of an atlas, each opened (lazily) when it is asked for, and kept.

    Whole numbers stay whole: -1 says that there is none, where others who open the store get NaN. Every search says
    by ``search_sign`` what it looked for, also where the study had one sign for all and its atlas says no more.
    """

    def __init__(self, root: zarr.Group) -> None:
        """See the atlas at ``root``."""
        self._root = root
        self._groups: dict[str, xr.Dataset] = {}

    @property
    def root(self) -> zarr.Group:
        """The store itself."""
        return self._root

    @property
    def attrs(self) -> Mapping[str, Any]:
        """The root's attributes."""
        return dict(self._root.attrs)

    @property
    def layers(self) -> list[str]:
        """Names of the layers, shallow to deep."""
        return list(self.attrs["layers"])

    @property
    def progress(self) -> xr.Dataset:
        """The network's own progress, and the marks of every epoch's stages."""
        return self[PROGRESS]

    def __contains__(self, path: str) -> bool:
        """Tell whether the atlas has a group or an array."""
        return path in self._root

    def __getitem__(self, path: str) -> xr.Dataset:
        """Return a group; KeyError where there is none."""
        if path not in self._groups:
            if path not in self._root:
                raise KeyError(path)
            group = xr.open_dataset(
                self._root.store,  # type: ignore[arg-type]  # xarray takes any store of zarr
                engine="zarr",
                group=f"{self._root.path}/{path}".lstrip("/"),
                mask_and_scale=False,
                consolidated=False,
            )
            self._groups[path] = self._signed(group)
        return self._groups[path]

    def _signed(self, group: xr.Dataset) -> xr.Dataset:
        """Return a group with the sign of each of its searches."""
        if "search" not in group.dims or SEARCH_SIGN in group.coords:
            return group
        return with_sign(group, self._sign)

    @cached_property
    def _sign(self) -> int:
        # an atlas of both signs says so of each search
        return -1 if study_of(self._root).get("search", {}).get("sign") == -1 else 1

    def layer(self, name: str, *kinds: str) -> xr.Dataset:
        """Return what the atlas holds of one layer, of some kinds or of all but ``best``, as one data set."""
        kinds = kinds or self._kinds(name)
        return xr.merge(
            [self[f"{kind}/{name}"] for kind in kinds], compat="override", join="override"
        )

    def _kinds(self, layer: str) -> tuple[str, ...]:
        paths = dict.fromkeys(group.path for group in GROUPS if group.of_layer)
        kinds = (path.removesuffix("/*") for path in paths if path != "best/*")
        return tuple(kind for kind in kinds if f"{kind}/{layer}" in self._root)

    def close(self) -> None:
        """Close all that was opened."""
        for group in self._groups.values():
            group.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def with_sign(group: xr.Dataset, sign: int) -> xr.Dataset:
    """Return a group whose searches all had one sign, with that as their label."""
    signs = np.full(group.sizes["search"], sign)
    return group.assign_coords({SEARCH_SIGN: ("search", signs)})


def open_tree(path: Place) -> Tree:
    """Open an atlas to read; raises as ``open_store``."""
    return Tree(open_store(path))
