"""Layers that a tracer reads: torch's operations alone, before the neurons too."""

from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.networks import layer
from spikeatlas.snn.training.backends.neuron_loops import layered
from tests.snn.nets import network


def test_no_compiled_pool_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    built = network(threshold=0.2)
    inputs = torch.rand((8, 3, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    expected = built(inputs)
    monkeypatch.delattr(layer, "folded_currents")

    assert expected.any()
    assert torch.equal(layered(built, traceable=True)(inputs), expected)
    with pytest.raises(NameError):
        built(inputs)
