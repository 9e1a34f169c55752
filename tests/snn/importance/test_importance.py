"""The contract of importance, for all in the table."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.importance import IMPORTANCE, AblationSpec, ImportanceSite
from spikeatlas.snn.importance.ablation import ablate
from spikeatlas.snn.subjects import ChainSubject
from tests.snn.nets import network, noise_images

KEY = CodingKey(seed=1, checkpoint="c", purpose="ablation")
IMAGES = noise_images(12)
LABELS = np.arange(12) % 10
NEURONS = {"conv1": (0, 3), "fc1": (2, 6, 7)}


@pytest.mark.parametrize("kind", [*IMPORTANCE.members])
@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_every_neuron_has_an_importance(kind: str, coding: str) -> None:
    net = ChainSubject(network(coding=coding, threshold=0.3))
    measure = IMPORTANCE.read(kind).measure

    importance = measure(ImportanceSite(net, IMAGES, LABELS, NEURONS, KEY))

    assert {layer: values.shape for layer, values in importance.items()} == {
        "conv1": (2,),
        "fc1": (3,),
    }
    again = measure(ImportanceSite(net, IMAGES, LABELS, NEURONS, KEY))
    for layer, values in importance.items():
        assert values.dtype == np.float64
        assert np.isfinite(values).all()
        np.testing.assert_array_equal(values, again[layer])
    with pytest.raises(ValueError, match="'fc9', but the network has"):
        measure(ImportanceSite(net, IMAGES, LABELS, {"fc9": (0,)}, KEY))
    with pytest.raises(ValueError, match="0 images"):
        measure(ImportanceSite(net, IMAGES[:0], LABELS[:0], NEURONS, KEY))


def test_ablation_is_the_accuracy_that_is_lost() -> None:
    net = ChainSubject(network(threshold=0.3))
    neurons = {"out": tuple(range(10))}
    ablation = ablate(ImportanceSite(net, IMAGES, LABELS, neurons, KEY))

    importance = AblationSpec().measure(ImportanceSite(net, IMAGES, LABELS, neurons, KEY))["out"]

    lost = ablation.intact.accuracy - ablation.silenced["out"].accuracy
    np.testing.assert_array_equal(importance, lost)
    assert importance.any()
