from __future__ import annotations

import pytest
import torch

from spikeatlas.snn.networks import DECODINGS
from tests.snn.nets import network, noise_images
from tests.snn.own_layers import TernaryNeuron


@pytest.mark.parametrize("kind", [*DECODINGS.members, "tests.snn.own_layers:Latest"])
def test_a_decoding_scores_every_class(kind: str) -> None:
    spikes = (torch.rand((5, 3, 4), generator=torch.Generator().manual_seed(0)) > 0.5).float()

    assert DECODINGS.read(kind).scores(spikes).shape == (3, 4)


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
