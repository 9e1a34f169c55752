"""Latent spaces that are searched: the contract (`base.py`), a file each, one table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from spikeatlas.optim.spaces.base import Indices, Points, Space
from spikeatlas.optim.spaces.codes import CodePriorLike, CodeSpace, squared_distances
from spikeatlas.optim.spaces.gaussian import GaussianSpace, gaussian_problems
from spikeatlas.optim.spaces.norm import NormConstraint, NormKind, norm_quantile

SPACES: Mapping[str, type[Space]] = MappingProxyType(
    {"codes": CodeSpace, "gaussian": GaussianSpace}
)
"""Kinds of latents, as generators name them."""

__all__ = [
    "SPACES",
    "CodePriorLike",
    "CodeSpace",
    "GaussianSpace",
    "Indices",
    "NormConstraint",
    "NormKind",
    "Points",
    "Space",
    "gaussian_problems",
    "norm_quantile",
    "squared_distances",
]
