from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.snn.modules.spike_sum import SpikeSum


def test_rates_are_spikes_a_step_and_position() -> None:
    spikes = (torch.rand(6, 3, 4, 5, 5) < 0.3).float()
    whole, some = SpikeSum(), SpikeSum([2, 0])
    for part in (spikes[:1], spikes[1:]):
        whole.add(part)
        some.add(part)
    counts = spikes.sum((0, 3, 4)).double().numpy()
    assert np.array_equal(whole.means(), counts / 150)
    assert np.array_equal(some.means(), counts[:, [2, 0]] / 150)
    assert whole.is_whole
    assert not some.is_whole
    assert torch.equal(some.sums(), torch.from_numpy(counts[:, [2, 0]]))


def test_units_without_a_map() -> None:
    total = SpikeSum()
    total.add(torch.ones(2, 3, 4))
    assert np.array_equal(total.means(), np.ones((3, 4)))


def test_a_layer_that_was_not_called() -> None:
    with pytest.raises(ValueError, match="did not call this layer"):
        SpikeSum().means()
