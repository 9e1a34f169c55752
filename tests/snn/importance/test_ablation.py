"""Silencing a neuron: what is kept of the pass is what a whole pass would have given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax
from torch import Tensor, nn

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.importance import ImportanceSite
from spikeatlas.snn.importance.ablation import ablate
from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.subjects import ChainSubject, Showing, Subject
from tests.snn.nets import network, noise_images

KEY = CodingKey(seed=1, checkpoint="c", purpose="ablation")
NEURONS = {"conv1": (0, 3), "conv2": (1, 4, 5), "fc1": (2, 6, 7), "out": (0, 9)}
IMAGES = noise_images(12)
LABELS = np.arange(12) % 10


@pytest.fixture(params=["current", "poisson"])
def net(request: pytest.FixtureRequest) -> SpikingNetwork:
    """A network whose neurons all matter somewhere: untrained, with an easy threshold."""
    return network(coding=request.param, threshold=0.3)


def silencing(neuron: int) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
    """A forward hook that takes one neuron's spikes (T, n, neurons, ...) away."""

    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], spikes: Tensor) -> Tensor:
        spikes = spikes.clone()
        spikes[:, :, neuron] = 0
        return spikes

    return hook


@torch.no_grad()
def whole_pass(net: SpikingNetwork, silenced: tuple[str, int] | None = None) -> NDArray[np.float64]:
    """Output counts (n, classes) of a pass from the images on, one image after the other."""
    layers = {layer.name: layer for layer in net}
    hook = silenced and layers[silenced[0]].register_forward_hook(silencing(silenced[1]))
    counts = [net(encode(net, IMAGES[[i]], KEY)).sum(0)[0] for i in range(len(IMAGES))]
    if hook:
        hook.remove()
    return torch.stack(counts).numpy().astype(np.float64)


def accuracy(counts: NDArray[np.float64]) -> float:
    return float((counts.argmax(axis=1) == LABELS).mean())


def loss(counts: NDArray[np.float64]) -> float:
    return float(-log_softmax(counts, axis=1)[np.arange(len(LABELS)), LABELS].mean())


def test_each_ablation_equals_a_whole_pass_without_the_neuron(net: SpikingNetwork) -> None:
    subject, showing = ChainSubject(net), Showing(key=KEY)
    ablation = ablate(ImportanceSite(subject, IMAGES, LABELS, NEURONS, KEY))
    scores = subject.scores_without(IMAGES, NEURONS, showing)

    whole = whole_pass(net)
    np.testing.assert_array_equal(subject.scores(IMAGES, showing), whole)
    assert ablation.intact.accuracy == accuracy(whole)
    changed = 0
    for layer, neurons in NEURONS.items():
        for row, neuron in enumerate(neurons):
            wanted = whole_pass(net, (layer, neuron))
            np.testing.assert_array_equal(scores[layer][row], wanted, err_msg=f"{layer} {neuron}")
            assert ablation.silenced[layer].accuracy[row] == accuracy(wanted)
            np.testing.assert_allclose(ablation.silenced[layer].loss[row], loss(wanted), rtol=1e-12)
            changed += bool((wanted != whole).any())
    assert changed >= 6  # most of them matter, or the test would show nothing


def test_the_kept_prefix_equals_a_silenced_network(net: SpikingNetwork) -> None:
    subject, showing = ChainSubject(net), Showing(key=KEY)
    scores = subject.scores_without(IMAGES, NEURONS, showing)

    plain = Subject.scores_without(subject, IMAGES, NEURONS, showing)

    for layer in NEURONS:
        np.testing.assert_array_equal(scores[layer], plain[layer])


def test_batches_change_nothing(net: SpikingNetwork) -> None:
    whole, cut = (
        ChainSubject(net).scores_without(IMAGES, NEURONS, Showing(batch_size, KEY))
        for batch_size in (256, 5)
    )

    for layer in NEURONS:
        np.testing.assert_array_equal(cut[layer], whole[layer])


@pytest.mark.parametrize(("layer", "following"), [("conv1", 1), ("fc1", 3)])
def test_a_neuron_without_outgoing_weight_costs_nothing(layer: str, following: int) -> None:
    net = network(threshold=0.3)
    with torch.no_grad():
        list(net)[following].operator.weight[:, 2] = 0

    ablation = ablate(
        ImportanceSite(
            ChainSubject(net), IMAGES, LABELS, {layer: tuple(range(net.sizes[layer]))}, KEY
        )
    )

    assert ablation.silenced[layer].loss[2] == ablation.intact.loss
    assert ablation.silenced[layer].accuracy[2] == ablation.intact.accuracy
    assert (ablation.silenced[layer].loss != ablation.intact.loss).any()


def test_a_silenced_output_is_never_chosen() -> None:
    net = network(threshold=0.3)
    favourite = int(whole_pass(net).sum(axis=0).argmax())
    labels = np.full(len(IMAGES), favourite)

    ablation = ablate(ImportanceSite(ChainSubject(net), IMAGES, labels, {"out": (favourite,)}, KEY))

    assert ablation.intact.accuracy > 0
    assert ablation.silenced["out"].accuracy[0] < ablation.intact.accuracy
    assert ablation.silenced["out"].loss[0] > ablation.intact.loss


def test_bad_input_is_explained() -> None:
    net = network()
    with pytest.raises(ValueError, match="'fc9', but the network has conv1, conv2, fc1, out"):
        ablate(ImportanceSite(ChainSubject(net), IMAGES, LABELS, {"fc9": (0,)}, KEY))
    with pytest.raises(ValueError, match="layers is empty"):
        ablate(ImportanceSite(ChainSubject(net), IMAGES, LABELS, {}, KEY))
    with pytest.raises(ValueError, match="0 images with 0 labels: give at least one"):
        ablate(ImportanceSite(ChainSubject(net), IMAGES[:0], LABELS[:0], NEURONS, KEY))
    with pytest.raises(ValueError, match="12 images with 11 labels"):
        ablate(ImportanceSite(ChainSubject(net), IMAGES, LABELS[:11], NEURONS, KEY))
