"""Networks learn sequences as they learn images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spikeatlas.snn.data import DataSet, Saccades, load_data
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork
from spikeatlas.snn.responder import Responder
from spikeatlas.snn.training import (
    TrainingSpec,
    epoch_path,
    load_network,
    read_header,
    train_network,
)


def data() -> DataSet:
    return load_data(Saccades(frames=4, limit=60))


def test_a_network_learns_sequences(tmp_path: Path) -> None:
    spec = NetworkSpec(channels=(4,), hidden=(12,), time_steps=8, threshold=0.3)
    training = TrainingSpec(epochs=2, batch_size=15, lr=0.01)

    train_network(spec, training, data(), folder=tmp_path, seed=0, study="s", epochs=(1.0,))

    first, last = (read_header(epoch_path(tmp_path, epoch)) for epoch in (0, 2))
    assert last.step == 8
    assert np.isfinite(last.loss)
    assert last.loss < first.loss
    network = load_network(epoch_path(tmp_path, 2), spec, data().shape, 10)
    assert isinstance(network, SpikingNetwork)
    assert network.input_shape == (1, 6, 6)
    responses = Responder(network, ["fc1"])(data().test.images)["fc1"]
    assert responses.shape == (60, 12)


def test_steps_that_frames_do_not_divide_are_refused(tmp_path: Path) -> None:
    spec = NetworkSpec(channels=(4,), hidden=(), time_steps=6)
    training = TrainingSpec(epochs=1, batch_size=15)
    with pytest.raises(ValueError, match="time_steps is 6, and the data are sequences of 4 frames"):
        train_network(spec, training, data(), folder=tmp_path, seed=0, study="s", epochs=(1.0,))
