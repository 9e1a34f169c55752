"""What a layer's own terms are of: its input, averaged over time, however the network is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.training.backends.neuron_loops import layered
from spikeatlas.snn.training.layer_terms import LayerTerms
from spikeatlas.snn.training.objectives import Hebbian
from tests.snn.nets import network, noise_images

KEY = CodingKey(0, "", "train")
NETWORKS: dict[str, dict[str, Any]] = {
    "leaky": {},
    "poisson": {"coding": "poisson", "norm": "batch"},
    "pulse": {"coding": "first-step"},
    "backei": {"neuron": "backei"},
    "dsr-if": {"neuron": "dsr-if", "decoding": "membrane", "pool": "average"},
    "dsr-lif": {
        "neuron": "dsr-lif", "decoding": {"kind": "membrane", "leak": 0.951}, "pool": "average", "coding": "poisson",
    },
}  # fmt: skip


WAYS = [
    (kind, way)
    for kind in NETWORKS
    # a step of the others has no such gradient
    for way in ("fused", "layered", *(["eager"] if not kind.startswith("dsr") else []))
]


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_inputs_are_averaged_over_time(kind: str, way: str) -> None:
    made = network(**NETWORKS[kind]).eval()
    inputs = encode(made, noise_images(5), KEY)
    terms = LayerTerms(made, [Hebbian(layers=("conv1", "conv2", "fc1"))])
    runs: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "fused": made,
        "layered": layered(made),
        "eager": made.unroll,
    }

    terms.recording(runs[way], stepwise=way == "eager")(inputs)

    with torch.no_grad():
        spikes = dict(made.capture(inputs, 2))
    expected = {
        "conv1": inputs.mean(0),
        "conv2": spikes["conv1"].mean(0),
        "fc1": spikes["conv2"].mean(0).flatten(1),
    }
    for name, mean in expected.items():
        torch.testing.assert_close(terms._inputs[name], mean)


def test_they_are_single_precision_whatever_the_run_s() -> None:
    made = network()
    terms = LayerTerms(made, [Hebbian()])

    def run(inputs: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return made.unroll(inputs)

    terms.recording(run, stepwise=True)(encode(made, noise_images(3)))

    losses = terms.losses()
    assert [loss.dtype for loss in losses] == [torch.float32] * 3
    torch.stack(losses).sum().backward()
