from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from spikeatlas.snn.generators import VQVAESpec, allowed_positions, count_halvings


@pytest.mark.parametrize(
    ("size", "allowed"),
    [(8, (1, 4, 16, 64)), (28, (49, 196, 784)), (32, (1, 4, 16, 64, 256, 1024)), (7, (49,))],
)
def test_grids_divide_the_image_by_powers_of_two(size: int, allowed: tuple[int, ...]) -> None:
    assert allowed_positions(size) == allowed
    for positions in allowed:
        grid = round(positions**0.5)
        assert grid * 2 ** count_halvings(positions, size) == size


@pytest.mark.parametrize("positions", [15, 9, 256])
def test_another_grid_names_the_allowed_ones(positions: int) -> None:
    with pytest.raises(ValueError, match=rf"generator\.positions is {positions}: .* 1, 4, 16, 64 "):
        count_halvings(positions, 8)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "gan"},
        {"positions": 0},
        {"codes": 1},
        {"embedding": 0},
        {"width": 0},
        {"epochs": 0},
        {"batch_size": 0},
        {"lr": 0},
        {"lr": float("nan")},
        {"lr": float("inf")},
        {"dim": 128},
    ],
)
def test_values_out_of_range_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(fields))):
        VQVAESpec(**fields)
