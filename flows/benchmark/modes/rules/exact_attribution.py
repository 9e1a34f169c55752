"""Exact path attribution: the integral that neuron attribution takes apart, one gradient a neuron and point."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.importance.attribution import ImagePath, Images, Labels
from spikeatlas.snn.networks import TrainableNetwork
from spikeatlas.snn.robustness.attack_target import differentiable_inputs


def exact_attributions(
    network: TrainableNetwork,
    images: Images,
    labels: Labels,
    path: ImagePath,
    layer: str,
    key: CodingKey | None,
) -> NDArray[np.float64]:
    """Attributions (n, units) of the probabilities of ``labels`` (n,) to a layer of units without maps.

    The mean over the path of dF/dy_j times the change of y_j along it, which is the gradient dy_j/dx times x - x'
    (Dhamdhere et al. 2018, arXiv 1805.12233, equation 2): both at each point, and dy_j/dx apart for each neuron.
    """
    way = torch.from_numpy(images.astype(np.float32) - path.baseline)
    rows, total = torch.from_numpy(labels), torch.zeros(())
    for number in range(1, path.steps + 1):
        point = path.image(images, number)
        levels = torch.from_numpy(point).to(torch.float32).requires_grad_()
        spikes, outputs = network.layer_outputs(differentiable_inputs(network, point, levels, key))
        right = torch.softmax(network.scores(outputs), 1).gather(1, rows[:, None]).sum()
        (slopes,) = torch.autograd.grad(right, spikes[layer], retain_graph=True)
        total = total + slopes.sum(0) * _changes(spikes[layer].mean(0), levels, way)
    return np.asarray((total / path.steps).double().numpy())


def _changes(rates: Tensor, levels: Tensor, way: Tensor) -> Tensor:
    """Change (n, units) of each unit's rate along the way (n, c, h, w), by its own gradient in the image."""
    gradients = [
        torch.autograd.grad(rates[:, unit].sum(), levels, retain_graph=True)[0]
        for unit in range(rates.shape[1])
    ]
    return torch.stack([(gradient * way).flatten(1).sum(1) for gradient in gradients], dim=1)
