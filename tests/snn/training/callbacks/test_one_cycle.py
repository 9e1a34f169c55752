"""The one-cycle schedule, at the points that its definition names."""

from __future__ import annotations

import pytest

from spikeatlas.snn.training.callbacks import one_cycle


@pytest.mark.parametrize(
    ("share", "value"),
    [
        (0.0, 1 / 25),
        (0.15, (1 / 25 + 1) / 2),
        (0.3, 1.0),
        (0.65, (1 + 1 / 250_000) / 2),
        (1.0, 1 / 250_000),
    ],
)
def test_its_values(share: float, value: float) -> None:
    assert one_cycle(share) == pytest.approx(value, rel=1e-9)


def test_it_rises_then_falls() -> None:
    values = [one_cycle(step / 100) for step in range(101)]
    assert values[:31] == sorted(values[:31])
    assert values[30:] == sorted(values[30:], reverse=True)
