"""Draws of codes from a prior, row by row, in one compiled loop.

A row is computed alone and its sums run in one order, so its codes are the same bits in any company,
and a call for many rows costs no more than its rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spikeatlas.snn.compiled import compiled

Floats = npt.NDArray[np.float32]
Double = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


def code_table(features: Double, window: Double) -> Double:
    """Return each code's part (window * codes, hidden) in the first layer at each place of the window.

    From the codes' ``features`` (codes, k) and the layer's weights (window * k, hidden): the layer is
    then a sum of rows of this table.
    """
    places = window.reshape(-1, features.shape[1], window.shape[1])
    return np.ascontiguousarray(features @ places).reshape(-1, window.shape[1])


@compiled
def draw_codes(
    codes: Whole,
    free: npt.NDArray[np.bool_],
    uniform: Double,
    log_marginals: Floats,
    neighbours: Whole,
    table: Floats,
    place: Floats,
    mix: Floats,
    bias: Floats,
    output: Floats,
) -> None:
    """Draw the codes at ``free`` (n, positions) again, in place, as ``CodePrior.redraw`` says.

    The arrays of the network are those of ``Context``; ``table`` (window * codes, hidden) is ``code_table``'s;
    a window of 0 is a prior of independent positions.
    """
    count, positions = free.shape
    window, kinds = neighbours.shape[1], log_marginals.shape[1]
    first, second = np.empty_like(bias), np.empty_like(bias)
    weights, rows = np.empty_like(log_marginals[0]), np.empty(window, np.int64)
    ones = np.ones(window, bias.dtype)
    for row in range(count):
        for position in range(positions):
            if not free[row, position]:
                continue
            weights[:] = log_marginals[position]
            if window:
                inside = 0
                for cell in range(window):
                    neighbour = neighbours[position, cell]
                    # what is outside adds zeros
                    if neighbour < positions:
                        rows[inside] = cell * kinds + codes[row, neighbour]
                        inside += 1
                first[:] = place[position]
                _add_rows(first, table, rows, ones, inside)
                second[:] = bias
                _add_active(second, mix, first)
                _add_active(weights, output, second)
            codes[row, position] = _draw(weights, uniform[row, position])


@compiled
def _add_active(total: Floats, rows: Floats, units: Floats) -> None:
    """Add to ``total`` (m,) the ``rows`` (k, m) times those of ``units`` (k,) that are above 0."""
    active, factors = np.empty(units.shape[0], np.int64), np.empty_like(units)
    count = 0
    for unit in range(units.shape[0]):
        active[count], factors[count] = unit, units[unit]
        count += units[unit] > 0
    _add_rows(total, rows, active, factors, count)


@compiled
def _add_rows(total: Floats, rows: Floats, active: Whole, factors: Floats, count: int) -> None:
    """Add so many rows times factors, four at a time: each passing over ``total`` then serves four."""
    paired = count - count % 4
    for start in range(0, paired, 4):
        a, b, c, d = active[start], active[start + 1], active[start + 2], active[start + 3]
        e, f, g, h = factors[start], factors[start + 1], factors[start + 2], factors[start + 3]
        for lane in range(total.shape[0]):
            total[lane] += (e * rows[a, lane] + f * rows[b, lane]) + (
                g * rows[c, lane] + h * rows[d, lane]
            )
    for single in range(paired, count):
        a, e = active[single], factors[single]
        for lane in range(total.shape[0]):
            total[lane] += e * rows[a, lane]


@compiled
def _draw(logits: Floats, uniform: float) -> int:
    """Return the code of one uniform number in [0, 1); turns ``logits`` into cumulated weights."""
    top, total = logits[0], 0.0
    for code in range(1, logits.shape[0]):
        top = max(top, logits[code])
    for code in range(logits.shape[0]):
        total += np.exp(logits[code] - top)
        logits[code] = total
    code = 0
    # the last bound is left out: rounding must not lead beyond the last code
    while code < logits.shape[0] - 1 and logits[code] <= uniform * total:
        code += 1
    return code
