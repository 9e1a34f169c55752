"""A small network, what it answers to drawn images, and a generator of such images."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spikeatlas.snn.generators import Generator
from spikeatlas.snn.generators.adapter import AdaptedGenerator, Adapter
from spikeatlas.snn.generators.latent import GaussianLatent
from spikeatlas.snn.networks import NetworkSite, NetworkSpec
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.students import MapRecorder, Recording
from spikeatlas.snn.subjects import ChainSubject

SHAPE = (1, 8, 8)
SITE = NetworkSite(SHAPE, 3, mean=(0.5,), std=(0.25,), seed=2)
DIM = 12


def subject(**fields: object) -> ChainSubject:
    spec = NetworkSpec(**{"channels": (4, 6), "hidden": (8,), "time_steps": 10, **fields})  # type: ignore[arg-type]
    network = spec.build(SITE).eval().requires_grad_(requires_grad=False)
    with torch.no_grad():
        # drawn weights hardly make a neuron fire: these do
        for layer in network:
            layer.operator.weight *= 3
    return ChainSubject(network)


def decode(points: Tensor) -> Tensor:
    """Smooth images (n, 1, 8, 8) of latents (n, 12), 0 to 1."""
    weight = torch.randn((DIM, 1, 4, 4), generator=torch.Generator().manual_seed(7))
    coarse = torch.einsum("nd,dchw->nchw", points, weight)
    fine = torch.nn.functional.interpolate(coarse, size=(8, 8), mode="bilinear")
    return torch.sigmoid(fine)


def generator() -> Generator:
    return AdaptedGenerator(Adapter(decode, GaussianLatent(DIM), SHAPE)).eval()


def images(count: int, seed: int = 0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return generator().decode(rng.standard_normal((count, DIM)).astype(np.float32))


def responses(of: ChainSubject, stimuli: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    neurons = {name: range(info.neurons) for name, info in of.layers.items()}
    return of.responses(stimuli, neurons, Showing())


def recording(
    of: ChainSubject, layer: str, count: int = 400, *, maps: bool = True, numbers: bool = True
) -> Recording:
    """What is told of drawn images: of all layers to the one that is searched."""
    stimuli = images(count)
    told = responses(of, stimuli)
    names = list(of.layers)[: list(of.layers).index(layer) + 1]
    recorder = MapRecorder(of.network, names)
    return Recording(
        torch.from_numpy(stimuli),
        torch.from_numpy(told[layer]),
        {name: torch.from_numpy(told[name]) for name in names} if numbers else {},
        {name: torch.from_numpy(rows) for name, rows in recorder(stimuli[:64]).items()}
        if maps
        else {},
    )


def correlations(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float64]:
    """Correlation of each neuron that answers differently to images, between answers (n, neurons)."""
    live = np.flatnonzero(second.std(axis=0) > 1e-3)
    pairs = [np.corrcoef(first[:, neuron], second[:, neuron])[0, 1] for neuron in live]
    return np.array(pairs)
