"""Networks of each kind are built, fire, and are timed both ways."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.flows.benchmark.modes import kind_speed
from spikeatlas.flows.benchmark.modes.kind_speed import KINDS, kind_line, lively_network
from spikeatlas.snn.coding import encode
from tests.snn.responder.small import pictures

SHAPE = (2, 8, 8)


def test_a_line_says_how_much_faster_and_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind_speed, "BATCH", 6)
    kind = next(kind for kind in KINDS if kind.name == "dsr-if")
    line = kind_line(kind, pictures("noise", SHAPE, 6), 1)
    assert "x the plain loop" in line
    assert "largest difference of a response 0.0e+00" in line


@pytest.mark.parametrize("name", ["leaky", "bntt", "signed-poisson"])
def test_layers_fire_about_as_trained_ones(name: str) -> None:
    kind = next(kind for kind in KINDS if kind.name == name)
    images = pictures("noise", SHAPE, 16)
    network = lively_network(kind, images)
    spikes = encode(network, images, kind_speed._KEY)
    for layer in network:
        spikes = layer(spikes, network.time_steps).detach()
        rate = float(layer.neuron.relative(spikes).abs().mean())
        assert 0.01 < rate < 0.6 or not layer.neuron.spiking


def test_kinds_have_names_of_their_own() -> None:
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)
    assert np.char.str_len(names).max() < 26
