"""Responses of any unit on one scale."""

from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.layer_info import Unit
from spikeatlas.snn.students import divided, response_scale, scaled_unit

NUMBERS = torch.tensor([[0.0, 40], [5, torch.nan], [-20, 80]])


@pytest.mark.parametrize(
    ("unit", "scale", "ends"),
    [
        (Unit(), [1, 1], (0, 1)),
        (Unit(top=100.0), [100, 100], (0, 1)),
        (Unit(top=1.0, bottom=-1.0), [2, 2], (-0.5, 0.5)),
        (Unit(top=None), [20, 80], (0, None)),
        (Unit(top=None, bottom=None), [20, 80], (None, None)),
        (Unit(top=None, bottom=-60.0), [20, 80], (None, None)),
    ],
)
def test_ends_are_near_0_and_1(
    unit: Unit, scale: list[float], ends: tuple[float | None, float | None]
) -> None:
    assert response_scale(NUMBERS, unit).tolist() == scale
    scaled = scaled_unit(unit)
    assert (scaled.bottom, scaled.top) == ends


def test_maps_are_divided_channel_by_channel() -> None:
    maps = torch.ones((2, 2, 3, 3))
    assert divided(maps, torch.tensor([2.0, 4]))[0, :, 0, 0].tolist() == [0.5, 0.25]
    assert divided(NUMBERS, torch.tensor([5.0, 10]))[0].tolist() == [0, 4]


def test_a_silent_neuron_is_divided_by_something() -> None:
    assert response_scale(torch.zeros((3, 1)), Unit(top=None))[0] > 0
