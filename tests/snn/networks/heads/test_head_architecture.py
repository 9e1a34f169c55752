from __future__ import annotations

from typing import Any

import pytest
import torch

from spikeatlas.snn.networks import UNITS
from spikeatlas.snn.subjects import LayerFeatures
from tests.snn.networks.heads.heads import CHAIN, head_spec, site


def test_it_has_one_layer_of_units() -> None:
    spec = head_spec(units=9)
    (info,) = spec.layer_infos((1, 8, 8), 10).values()
    assert (info.neurons, info.map) == (9, ())
    assert spec.build(site()).planes.shape == (9, 65)
    assert (spec.time_steps, spec.coding) == (1, "current")


def test_a_response_says_its_unit() -> None:
    margin = head_spec().layer_infos((1, 8, 8), 10)[UNITS].unit
    assert (margin.name, margin.bottom, margin.top) == (
        "distance from the unit's plane, in features",
        None,
        None,
    )
    noisy = head_spec(response="noisy", copies=8).layer_infos((1, 8, 8), 10)[UNITS].unit
    assert (noisy.quantum, noisy.bottom, noisy.top) == (1 / 8, 0, 1)
    assert "noisy copies" in noisy.name


@pytest.mark.parametrize("fields", [{"noise": 0.2}, {"copies": 4}], ids=str)
def test_noise_goes_with_noisy_responses_alone(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="noise and copies are of response noisy"):
        head_spec(**fields)
    head_spec(response="noisy", **fields)


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [("conv2", r"no layer 'conv2' \(did you mean conv1\?\); it has conv1, fc1, out")],
)
def test_a_layer_that_is_not_there_is_told_with_those_that_are(layer: str, sentence: str) -> None:
    features = LayerFeatures(network={**CHAIN, "checkpoints": "runs"}, layer=layer, epoch=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=sentence):
        head_spec(features=features).layer_infos((1, 8, 8), 10)


def test_building_leaves_torch_s_generator_alone() -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    features = LayerFeatures(network={**CHAIN, "checkpoints": "runs"}, layer="conv1", epoch=1)  # type: ignore[arg-type]
    head_spec(features=features).build(site())
    assert torch.equal(torch.random.get_rng_state(), before)
