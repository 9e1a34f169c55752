"""The responses of all units of maps: their means are what a responder tells."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.students import MapRecorder, map_recorder
from spikeatlas.snn.surgery import keep_units
from tests.snn.students.cases import images, responses, subject


@pytest.mark.parametrize(
    "fields",
    [{}, {"neuron": "dsr-if"}, {"neuron": "relu", "time_steps": 1, "decoding": "membrane"}],
    ids=str,
)
def test_means_over_maps_are_the_responses(fields: dict[str, object]) -> None:
    chain = subject(pool="average", **fields)
    stimuli = images(70)
    maps = MapRecorder(chain.network, list(chain.layers))(stimuli)
    for name, told in responses(chain, stimuli).items():
        rows = maps[name].reshape(*told.shape, -1).mean(axis=2)
        np.testing.assert_allclose(rows, told, atol=1e-5)
    assert maps["conv1"].shape == (70, 4, 4, 4)


def test_spikes_of_a_stochastic_coding_are_the_key_s() -> None:
    chain = subject(coding="poisson")
    key = CodingKey(seed=1, checkpoint="a", purpose="search", presentation=0)
    stimuli = images(8)
    maps = MapRecorder(chain.network, ["conv1"], key)(stimuli)["conv1"]
    told = chain.responses(stimuli, {"conv1": range(4)}, Showing(key=key))["conv1"]
    np.testing.assert_allclose(maps.mean(axis=(2, 3)), told, atol=1e-6)


def test_who_tells_no_maps() -> None:
    chain = subject()
    assert map_recorder(chain, chain.layers, None) is not None
    assert map_recorder(chain, {"other": chain.layers["conv1"]}, None) is None
    keep_units(chain.network, {"conv1": [0, 2]})
    assert map_recorder(chain, chain.layers, None) is None
