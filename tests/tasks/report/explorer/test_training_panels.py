"""The page has a panel for what a training tells beside accuracy and loss, and none for what it does not tell."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from spikeatlas.tasks.report.explorer.training_panels import training_panels

EPOCHS = [0.0, 1.0]


def tree(**groups: dict[str, xr.DataArray]) -> dict[str, xr.Dataset]:
    return {f"progress/{name}": xr.Dataset(variables) for name, variables in groups.items()}


def quantity(values: object, *dims: str, **coordinates: object) -> xr.DataArray:
    attributes = {"long_name": "a name", "comment": "a meaning"}
    return xr.DataArray(np.asarray(values, float), coordinates, dims, attrs=attributes)


def test_a_plain_training_has_none() -> None:
    assert training_panels(tree()) == []


def test_returns_are_a_curve_over_epochs() -> None:
    returns = quantity([-1400, -180], "epoch", epoch=EPOCHS)
    (panel,) = training_panels(tree(acting={"mean_return": returns}))
    assert (panel["label"], panel["about"], panel["unit"]) == ("a name", "a meaning", None)
    assert panel["lines"] == [{"label": "mean return", "y": [-1400, -180]}]


def test_scales_are_curves_over_time_steps_of_layers_that_learnt_some() -> None:
    values = [[[1, 2, 3], [np.nan] * 3], [[4, 5, 6], [np.nan] * 3]]
    scale = quantity(values, "epoch", "layer", "time_step", epoch=EPOCHS, layer=["conv1", "out"])
    (panel,) = training_panels(tree(time_steps={"scale": scale}))
    assert panel["unit"] == "time step"
    assert panel["lines"] == [{"label": "conv1", "y": [[1, 2, 3], [4, 5, 6]]}]


@pytest.mark.parametrize(("gone", "total"), [(2.0, 3.0), (np.nan, None)])
def test_an_objective_is_that_of_all_classes_together(gone: float, total: float | None) -> None:
    objective = quantity([[5, 5], [1, gone]], "epoch", "category", epoch=EPOCHS)
    (panel,) = training_panels(tree(optimum={"objective": objective}))
    assert panel["lines"] == [{"label": "objective", "y": [10, total]}]
