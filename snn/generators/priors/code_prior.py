"""A prior of codes at run time: likelihoods, typical rows, and parts of rows drawn again.

Likelihoods in double precision, on batches of one size, so that a row depends little on its companions; draws in
single precision, in two thirds of the time.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.batching import padded_batches
from spikeatlas.snn.files import load_checkpoint
from spikeatlas.snn.generators.priors.row_draws import code_table, draw_codes

Floats = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
PriorKind = Literal["factorised", "autoregressive"]
FORMAT = "code-prior-1"
"""What a prior's file says it is."""
_BATCH = 64


@dataclasses.dataclass(frozen=True, eq=False)
class Context:
    """A network that turns the codes drawn before a position into corrections of its logits.

    Two hidden layers of rectified units, the same at every position but for `place`; it sees the
    window of `neighbours`, where "outside" is a code of its own.
    """

    neighbours: Whole
    """(positions, window): earlier positions that each one sees; `positions` stands for outside."""
    features: Floats
    """(codes + 1, k): what a code is to the network; the last row, zeros, is outside."""
    window: Floats
    """(window * k, hidden): first layer."""
    place: Floats
    """(positions, hidden): first layer's bias, own to each position."""
    mix: Floats
    """(hidden, hidden): second layer."""
    bias: Floats
    """(hidden,): second layer's bias."""
    output: Floats
    """(hidden, codes)."""

    @cached_property
    def table(self) -> Floats:
        """The first layer as a table, ``code_table``."""
        return code_table(self.features[:-1], self.window)

    def correct(self, points: Whole, position: int) -> Floats:
        """Corrections (n, codes) of the logits at `position`, given what `points` hold before it."""
        padded = np.pad(points, ((0, 0), (0, 1)), constant_values=len(self.features) - 1)
        features = self.features[padded[:, self.neighbours[position]]].reshape(len(points), -1)
        hidden = np.maximum(features @ self.window + self.place[position], 0)
        hidden = np.maximum(hidden @ self.mix + self.bias, 0)
        corrections: Floats = hidden @ self.output
        return corrections


@dataclasses.dataclass(frozen=True, eq=False)
class CodePrior:
    """Typicality of rows of codes: int64 (n, positions), each 0..codes-1, in raster order.

    A row's numbers are the same bits in any company: draws are made row by row, and the products of
    likelihoods run on a batch of one size (seen on the machines we tested; BLAS does not promise it).
    """

    log_marginals: Floats
    """(positions, codes): log of each code's share at each position, all finite."""
    context: Context | None = None
    """What the codes before say; None where positions are independent."""

    @property
    def kind(self) -> PriorKind:
        """``factorised``: positions are independent; ``autoregressive``: each knows those before."""
        return "factorised" if self.context is None else "autoregressive"

    @property
    def positions(self) -> int:
        """Codes a row."""
        return self.log_marginals.shape[0]

    @property
    def codes(self) -> int:
        """Values a code can take."""
        return self.log_marginals.shape[1]

    def log_likelihood(self, points: npt.NDArray[Any]) -> Floats:
        """Log likelihood (n,) of whole rows `points` (n, positions), in nats, at most 0.

        ValueError for points of another shape or range.
        """
        self._check(points)
        total = np.zeros(len(points))
        for position in range(self.positions):
            for rows, logits in self._logits(points, position):
                logit = np.take_along_axis(logits, points[rows, position, None], axis=1)[:, 0]
                total[rows] += logit - _log_total(logits)
        return total

    def nats_per_code(self, points: npt.NDArray[Any]) -> float:
        """Mean of -log likelihood / positions over the rows: log(codes) for a prior that knows nothing.

        ValueError for points of another shape or range, or for none.
        """
        if not len(points):
            raise ValueError("points are none: a mean needs at least one row.")
        return -float(self.log_likelihood(points).mean()) / self.positions

    def sample(self, rng: np.random.Generator, count: int) -> Whole:
        """Draw `count` typical rows (count, positions); ValueError for a count below 0."""
        if count < 0:
            raise ValueError(f"count is {count}: it must be at least 0.")
        shape = (count, self.positions)
        return self.resample(np.zeros(shape, np.int64), np.ones(shape, np.bool_), rng)

    def resample(self, points: Whole, free: Mask, rng: np.random.Generator) -> Whole:
        """Draw the codes at `free` again, as `redraw` does with n * positions numbers of `rng`."""
        return self.redraw(points, free, rng.random(points.shape))

    def redraw(self, points: Whole, free: Mask, uniform: Floats) -> Whole:
        """Draw the codes at `free` (n, positions) again, the others as in `points` (n, positions).

        In raster order, each given all codes before it in its row, free or not; what comes after does
        not count. `uniform` (n, positions), in [0, 1), decides: a row depends on its own numbers alone.
        ValueError for points, a mask or numbers of another shape, type or range.
        """
        self._check(points)
        _check_beside(points, free, uniform)
        codes = points.astype(np.int64)
        draw_codes(codes, free, uniform, *self._tables)
        return codes

    @cached_property
    def _tables(self) -> tuple[Single, Whole, Single, Single, Single, Single, Single]:
        """The marginals and the arrays of the context as the compiled loop takes them; empty ones where there is none."""
        context, marginals = self.context, self.log_marginals.astype(np.float32)
        if context is None:
            none = np.zeros((0, 0), np.float32)
            outside = np.zeros((self.positions, 0), np.int64)
            return marginals, outside, none, none, none, none.ravel(), none
        layers = context.table, context.place, context.mix, context.bias, context.output
        table, place, mix, bias, output = (layer.astype(np.float32) for layer in layers)
        return marginals, context.neighbours, table, place, mix, bias, output

    def _logits(self, points: Whole, position: int) -> Iterator[tuple[Whole, Floats]]:
        """Rows (m,) of a batch and their logits (m, codes) at `position`, batch by batch."""
        for batch, count in padded_batches(np.arange(len(points)), _BATCH):
            logits = np.broadcast_to(self.log_marginals[position], (len(batch), self.codes))
            if self.context is not None:
                logits = logits + self.context.correct(points[batch], position)
            yield batch[:count], logits[:count]

    def _check(self, points: npt.NDArray[Any]) -> None:
        if points.ndim != 2 or points.shape[1] != self.positions or points.dtype.kind not in "iu":
            raise ValueError(
                f"points are {points.dtype} {points.shape}: this prior takes whole numbers of shape "
                f"(n, {self.positions})."
            )
        check_range(points, self.codes)


def load_prior(path: Path, kind: PriorKind) -> CodePrior:
    """Load one of the two priors that train_prior wrote to ``path``.

    FileNotFoundError where there is no file; ValueError for a damaged one, one that is no prior, or an
    unknown kind.
    """
    if kind not in get_args(PriorKind):
        raise ValueError(f"kind is {kind!r}: it must be {' or '.join(get_args(PriorKind))}.")
    tensors, metadata = load_checkpoint(path)
    if metadata.get("format") != FORMAT:
        raise ValueError(
            f"{path} is no prior of codes ({FORMAT}): name a file that train_prior wrote."
        )
    arrays = {name: tensor.numpy().astype(np.float64) for name, tensor in tensors.items()}
    marginals = arrays.pop("log_marginals")
    if kind == "factorised":
        return CodePrior(marginals)
    return CodePrior(marginals, _context(arrays, len(marginals), json.loads(metadata["radius"])))


def earlier_neighbours(positions: int, radius: int) -> Whole:
    """Earlier positions at most `radius` rows up and columns away, (positions, 2 radius (radius + 1)).

    Of a square grid in raster order; `positions` stands for those outside. ValueError where positions
    form no square.
    """
    grid = math.isqrt(positions)
    if grid * grid != positions:
        raise ValueError(
            f"positions are {positions}: they must form a square grid, as 4, 16 or 64."
        )
    reach = range(-radius, radius + 1)
    down, right = np.array([(y, x) for y in reach for x in reach if (y, x) < (0, 0)]).T
    y, x = (place[:, None] for place in np.divmod(np.arange(positions), grid))
    inside = (y + down >= 0) & (x + right >= 0) & (x + right < grid)
    return np.where(inside, (y + down) * grid + x + right, positions)


def check_range(points: Whole, codes: int) -> None:
    """ValueError unless all codes of `points` are in 0..codes-1."""
    if points.size and not 0 <= points.min() <= points.max() < codes:
        raise ValueError(
            f"points hold codes from {points.min()} to {points.max()}: this prior has codes "
            f"0..{codes - 1}."
        )


def _check_beside(points: Whole, free: Mask, uniform: Floats) -> None:
    """ValueError unless the mask and the uniform numbers fit the points."""
    if free.dtype != np.bool_ or free.shape != points.shape:
        raise ValueError(
            f"free is {free.dtype} {free.shape}: it must be a mask of the points' shape, bool "
            f"{points.shape}."
        )
    if uniform.shape != points.shape or not ((uniform >= 0) & (uniform < 1)).all():
        raise ValueError(
            f"uniform has shape {uniform.shape}: it must hold a number in [0, 1) for each code, "
            f"{points.shape}."
        )


def _context(arrays: Mapping[str, Floats], positions: int, radius: int) -> Context:
    outside = np.pad(arrays["features"], ((0, 1), (0, 0)))
    return Context(earlier_neighbours(positions, radius), **{**arrays, "features": outside})


def _log_total(logits: Floats) -> Floats:
    """Log of the sum of exp(logits), row by row."""
    top = logits.max(axis=1)
    total: Floats = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return total
