"""Terms of the loss that are layers' own, from inputs that are recorded as the network runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from spikeatlas.snn.networks import SpikingLayer, SpikingNetwork, TrainableNetwork
from spikeatlas.snn.training.objectives import LayerObjective, TrainingObjective


class LayerTerms:
    """The layer objectives of a study, at work on one network; none of them costs nothing."""

    def __init__(self, network: TrainableNetwork, objectives: Sequence[TrainingObjective]) -> None:
        self._terms: list[tuple[LayerObjective, float, SpikingLayer]] = []
        for objective in objectives:
            if isinstance(objective, LayerObjective) and isinstance(network, SpikingNetwork):
                weights = objective.weights(network.layers)
                layers = {layer.name: layer for layer in network}
                self._terms += [
                    (objective, weight, layers[name]) for name, weight in weights.items() if weight
                ]
        self._inputs: dict[str, Tensor] = {}

    def recording(
        self, run: Callable[[Tensor], Tensor], *, stepwise: bool = False
    ) -> Callable[[Tensor], Tensor]:
        """Return ``run``, of which the layers' inputs are remembered until the next one; ``stepwise``: it unrolls time."""
        if not self._terms:
            return run

        def recorded(inputs: Tensor) -> Tensor:
            layers = {layer.name: layer for _, _, layer in self._terms}
            with _inputs_of(layers, stepwise=stepwise) as rows:
                outputs = run(inputs)
            # in single precision, whatever the run's
            means = {name: torch.cat(parts).float().mean(0) for name, parts in rows.items()}
            self._inputs = {
                name: mean.flatten(1) if layers[name].flatten else mean
                for name, mean in means.items()
            }
            return outputs

        return recorded

    def losses(self) -> list[Tensor]:
        """Return the weighted terms () of the last run, one a layer and objective."""
        return [
            weight * objective.layer_loss(layer, self._inputs[layer.name])
            for objective, weight, layer in self._terms
        ]


@contextmanager
def _inputs_of(
    layers: dict[str, SpikingLayer], *, stepwise: bool
) -> Iterator[dict[str, list[Tensor]]]:
    """Collect what the layers get while this lasts, (T or 1, n, ...) without gradients: all steps at once, or one by one.

    A layer is called with all steps; where time is unrolled, its operator is, with one.
    """
    rows: dict[str, list[Tensor]] = {name: [] for name in layers}

    def keep(name: str) -> Callable[[nn.Module, Any], None]:
        def hook(_module: nn.Module, arguments: Any) -> None:
            signals = arguments[0].detach()
            rows[name].append(signals[None] if stepwise else signals)

        return hook

    handles = [
        (layer.operator if stepwise else layer).register_forward_pre_hook(keep(name))
        for name, layer in layers.items()
    ]
    try:
        yield rows
    finally:
        for handle in handles:
            handle.remove()
