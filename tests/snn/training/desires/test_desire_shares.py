from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.training.desires import DesireRule, desire_shares
from tests.snn import nets
from tests.snn.training.desires.plain_desire import PlainDesire

RULE = DesireRule(target=8, output_error=0.3, hidden_desire=0.05)
FIELDS = {
    "channels": (),
    "hidden": (9, 7),
    "bias": False,
    "time_steps": 12,
    "coding": "integrate-and-fire",
    "neuron": {"kind": "desire-if"},
}
LABELS = np.arange(11) % 10


@pytest.mark.parametrize("batch_size", [4, 64])
def test_they_count_what_the_plain_loop_wishes(batch_size: int) -> None:
    network = nets.network((1, 2, 3), **FIELDS)
    images = nets.noise_images(11, (1, 2, 3))
    plain = PlainDesire([layer.operator.weight.tolist() for layer in network], 12)
    inputs = encode(network, images).flatten(2)
    expected = [
        plain.show(inputs[:, image].tolist(), int(label)) for image, label in enumerate(LABELS)
    ]
    shares = desire_shares(network, RULE, images, LABELS, batch_size=batch_size)

    assert list(shares) == ["fc1", "fc2", "out"]
    with torch.no_grad():
        spikes = dict(network.capture(encode(network, images), 3))
    for place, (name, share) in enumerate(shares.items()):
        wishes = np.array([rows[place] for rows in expected])
        silent = spikes[name].sum(0).numpy() == 0
        np.testing.assert_allclose(share.more, (wishes > 0).mean(0))
        np.testing.assert_allclose(share.less, (wishes < 0).mean(0))
        np.testing.assert_allclose(share.vain, ((wishes > 0) & silent).mean(0))
        assert share.more.any()
        assert (share.vain <= share.more).all()
    assert shares["out"].vain.any()


def test_chance_is_the_key_s() -> None:
    network = nets.network((1, 2, 3), **FIELDS | {"coding": "poisson"})
    images, key = nets.noise_images(11, (1, 2, 3)), CodingKey(0, checkpoint="", purpose="a")
    first, second, other = (
        desire_shares(network, RULE, images, LABELS, key=number)["fc1"].more.tolist()
        for number in (key, key, dataclasses.replace(key, purpose="b"))
    )
    assert first == second != other


def test_no_images_are_refused() -> None:
    images = nets.noise_images(0, (1, 2, 3))
    with pytest.raises(ValueError, match="there are no images to show"):
        desire_shares(nets.network((1, 2, 3), **FIELDS), RULE, images, LABELS[:0])
