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
from spikeatlas.snn.importance import ablation
from spikeatlas.snn.importance.ablation import Ablation, ablate
from spikeatlas.snn.networks import SpikingNetwork
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


def recorded(net: SpikingNetwork, monkeypatch: pytest.MonkeyPatch) -> tuple[Ablation, list[Tensor]]:
    """An ablation and the output counts that it judges, which must be equal bit for bit: intact, then each layer's."""
    judge, judged = ablation._performance, []

    def keep(counts: Tensor, labels: Tensor, shape: tuple[int, ...]) -> ablation.Performance:
        judged.append(counts)
        return judge(counts, labels, shape)

    monkeypatch.setattr(ablation, "_performance", keep)
    return ablate(net, IMAGES, LABELS, NEURONS, KEY), judged


def test_each_ablation_equals_a_whole_pass_without_the_neuron(
    net: SpikingNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, (intact, *layers) = recorded(net, monkeypatch)

    whole = whole_pass(net)
    np.testing.assert_array_equal(intact[0].numpy(), whole)
    assert found.intact.accuracy == accuracy(whole)
    changed = 0
    for (layer, neurons), counts in zip(NEURONS.items(), layers, strict=True):
        for row, neuron in enumerate(neurons):
            wanted = whole_pass(net, (layer, neuron))
            np.testing.assert_array_equal(counts[row].numpy(), wanted, err_msg=f"{layer} {neuron}")
            assert found.silenced[layer].accuracy[row] == accuracy(wanted)
            np.testing.assert_allclose(found.silenced[layer].loss[row], loss(wanted), rtol=1e-12)
            changed += bool((wanted != whole).any())
    assert changed >= 6  # most of them matter, or the test would show nothing


def test_batches_change_nothing(net: SpikingNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ablate(net, IMAGES, LABELS, NEURONS, KEY)
    monkeypatch.setattr(ablation, "_BATCH", 5)
    cut = ablate(net, IMAGES, LABELS, NEURONS, KEY)

    for layer in NEURONS:
        np.testing.assert_array_equal(cut.silenced[layer].loss, whole.silenced[layer].loss)


@pytest.mark.parametrize(("layer", "following"), [("conv1", 1), ("fc1", 3)])
def test_a_neuron_without_outgoing_weight_costs_nothing(layer: str, following: int) -> None:
    net = network(threshold=0.3)
    with torch.no_grad():
        list(net)[following].operator.weight[:, 2] = 0

    found = ablate(net, IMAGES, LABELS, {layer: tuple(range(net.sizes[layer]))}, KEY)

    assert found.silenced[layer].loss[2] == found.intact.loss
    assert found.silenced[layer].accuracy[2] == found.intact.accuracy
    assert (found.silenced[layer].loss != found.intact.loss).any()


def test_a_silenced_output_is_never_chosen() -> None:
    net = network(threshold=0.3)
    favourite = int(whole_pass(net).sum(axis=0).argmax())
    labels = np.full(len(IMAGES), favourite)

    found = ablate(net, IMAGES, labels, {"out": (favourite,)}, KEY)

    assert found.intact.accuracy > 0
    assert found.silenced["out"].accuracy[0] < found.intact.accuracy
    assert found.silenced["out"].loss[0] > found.intact.loss


def test_bad_input_is_explained() -> None:
    net = network()
    with pytest.raises(ValueError, match="'fc9', but the network has conv1, conv2, fc1, out"):
        ablate(net, IMAGES, LABELS, {"fc9": (0,)}, KEY)
    with pytest.raises(ValueError, match="layers is empty"):
        ablate(net, IMAGES, LABELS, {}, KEY)
    with pytest.raises(ValueError, match="0 images with 0 labels: give at least one"):
        ablate(net, IMAGES[:0], LABELS[:0], NEURONS, KEY)
    with pytest.raises(ValueError, match="12 images with 11 labels"):
        ablate(net, IMAGES, LABELS[:11], NEURONS, KEY)
