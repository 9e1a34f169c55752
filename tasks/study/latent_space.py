"""The latents that a search may choose from."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic.dataclasses import dataclass

from spikeatlas.optim import CodeSpace, GaussianSpace, NormKind, Space
from spikeatlas.snn.generators import (
    Latent,
)
from spikeatlas.snn.generators.priors import CodePrior, PriorKind
from spikeatlas.snn.registry import SPEC

Grid: TypeAlias = Literal["quantile", "uniform", "continuous"]
Prior: TypeAlias = Literal["uniform", PriorKind]

LEVELS, SPAN = 64, 4.0
"""Of a grid: MANGO's number of levels, and the ends of its uniform one."""


@dataclass(frozen=True, config=SPEC)
class SpaceSpec:
    """The form in which the latents of a generator are searched."""

    grid: Grid = "quantile"
    """Of Gaussian latents: 64 levels a coordinate at the prior's quantiles; MANGO's 64 from -4 to 4 in
    equal steps; or no grid."""
    shell: NormKind = "free"
    """Of continuous ones: ``ball``: no longer than 95 % of the prior's; ``sphere``: no shorter than 5 %
    of them either."""
    prior: Prior = "uniform"
    """Of codes: what is known of typical ones."""


def space_of(latent: Latent, spec: SpaceSpec, prior: CodePrior | None = None) -> Space:
    """Return the search space of a generator's latents; ``prior``: of codes, uniform if left out.

    ValueError for a shell on a grid, and for a grid or a shell of codes.
    """
    if latent.kind == "gaussian":
        if spec.grid == "continuous":
            return GaussianSpace(latent.dim, None, shell=spec.shell)
        return GaussianSpace(latent.dim, LEVELS, SPAN, spec.grid, spec.shell)
    if (spec.grid, spec.shell) != ("quantile", "free"):
        raise ValueError(
            f"grid is {spec.grid} and shell is {spec.shell}, but this generator's latents are codes, which have neither; "
            "leave both out, or choose a generator with Gaussian latents"
        )
    return CodeSpace(latent.positions, latent.codes, latent.codebook, prior)
