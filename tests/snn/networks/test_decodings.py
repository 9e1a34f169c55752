from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import DECODINGS
from spikeatlas.snn.neurons import LeakySpec, NeuronSite
from spikeatlas.snn.responder import Responder
from tests.snn.nets import network, noise_images
from tests.snn.own_layers import TernaryNeuron


@pytest.mark.parametrize("kind", [*DECODINGS.members, "tests.snn.own_layers:Latest"])
def test_a_decoding_scores_every_class(kind: str) -> None:
    decoding = DECODINGS.read(kind)
    shape = (5, 3, decoding.outputs(4))
    spikes = (torch.rand(shape, generator=torch.Generator().manual_seed(0)) > 0.5).float()

    assert decoding.readout(4, 5)(spikes).shape == (3, 4)


def test_the_rate_counts_spikes() -> None:
    made = network()
    spikes = made(made.normalise(torch.from_numpy(noise_images(3)))[None])

    assert torch.equal(made.scores(spikes), spikes.sum(0))


def test_a_network_reads_its_output_as_its_study_says() -> None:
    made = network(decoding="tests.snn.own_layers:Latest")
    spikes = made(made.normalise(torch.from_numpy(noise_images(3)))[None])

    assert torch.equal(made.scores(spikes), spikes[-1])


def test_a_spike_counts_one_whatever_its_height() -> None:
    made = network()
    list(made)[-1].neuron = TernaryNeuron()
    spikes = torch.tensor([0.5, 0.5, -0.5]).view(3, 1, 1).expand(3, 2, 10)

    assert (made.scores(spikes) == 1).all()


def test_late_spikes_weigh_more() -> None:
    early, late = torch.zeros((2, 4, 1, 1))
    early[0], late[3] = 1, 1
    read = DECODINGS.read({"kind": "weighted-rate", "tau": 1.0, "dt": 0.5})

    ratio = read.scores(late) / read.scores(early)

    assert float(ratio) == pytest.approx(torch.e**1.5)
    assert float(read.scores(torch.ones((4, 1, 1)))) == pytest.approx(4)


@pytest.mark.parametrize(("over", "score"), [("last", 2.5 / 3), ("max", 4.0), ("mean", 3.5)])
def test_membranes_are_read_at_the_end_the_largest_or_on_average(over: str, score: float) -> None:
    decoding = DECODINGS.read({"kind": "membrane", "over": over, "leak": 0.5})
    neurons = decoding.output_neurons(LeakySpec(), NeuronSite("out", (1,), 3, 0.9, 1.0))
    currents = torch.tensor([4.0, 2.0, 0.5]).view(3, 1, 1)

    membranes = neurons.run(currents, 3)

    assert membranes.flatten().tolist() == [4.0, 4.0, 2.5]
    assert float(decoding.scores(membranes)) == pytest.approx(score)


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_a_membrane_is_a_response_like_any_other(coding: str) -> None:
    made = network(decoding="membrane", coding=coding, norm="tests.snn.own_layers:Ramp").eval()
    images = noise_images(5)
    key = CodingKey(seed=0, checkpoint="", purpose="test")
    inputs = encode(made, images, key)

    rates = Responder(made, ["fc1", "out"], key=key)(images)
    plain = Responder(made, ["fc1", "out"], key=key, kind="plain")(images)

    membranes = made.unroll(inputs)
    assert list(made)[-1].norm is None
    assert np.allclose(rates["out"], membranes.mean(0).detach().numpy(), atol=1e-5)
    for name, values in plain.items():
        assert np.allclose(rates[name], values, atol=1e-6)
    assert torch.equal(made(inputs), membranes)
