"""A channel of a residual network whose spikes reach others of its layer is silent for these too."""

from __future__ import annotations

import numpy as np

from spikeatlas.snn.showing import Showing
from tests.snn.nets import noise_images
from tests.snn.resnets import resnet
from tests.snn.subjects.residual.resnet_subjects import subject_of


def test_a_silent_channel_feeds_no_gate_of_its_layer() -> None:
    subject = subject_of(resnet(stem="cifar", neuron="backei"))
    images, showing = noise_images(3, subject.input_shape), Showing(4)
    neurons = {"sn1": (0, 1), "layer2.0.sn1": (2,)}

    scores = subject.scores_without(images, neurons, showing)

    intact = subject.scores(images, showing)
    rates = subject.responses(images, {"sn1": range(4)}, showing)["sn1"]
    for layer, row in neurons.items():
        for values, neuron in zip(scores[layer], row, strict=True):
            alone = subject.silenced(layer, neuron)
            assert np.array_equal(values, alone.scores(images, showing))
            assert not np.array_equal(values, intact)
    silent = subject.silenced("sn1", 0).responses(images, {"sn1": range(4)}, showing)["sn1"]
    assert not silent[:, 0].any()
    assert not np.array_equal(silent[:, 1:], rates[:, 1:])
    assert rates.min() < 0
