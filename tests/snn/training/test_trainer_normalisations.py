"""Networks that are normalised, or have a cost of their layers' own: killed and resumed, and what they learn of digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.data import DataSet, Digits, load_data
from spikeatlas.snn.networks import NetworkSpec, TrainableNetwork
from spikeatlas.snn.selectivity import hoyer
from spikeatlas.snn.training import (
    BACKENDS,
    OBJECTIVES,
    TrainingSpec,
    epoch_path,
    list_epochs,
    load_network,
    read_header,
    train_network,
)
from tests.snn.nets import toy_data

SMALL: dict[str, Any] = {"channels": (3, 4), "hidden": (6,), "time_steps": 5, "bias": False}
STEPPED = {"kind": "batch", "statistics": "step"}
ROW = {"kind": "sequence", "parts": ["batch", "sparsify"]}


def chain(**fields: Any) -> NetworkSpec:
    return NetworkSpec(**fields)


def interrupted_after(steps: int) -> Callable[[], bool]:
    remaining: Iterator[int] = iter(range(steps))
    return lambda: next(remaining, None) is None


def trained_bytes(
    folder: Path, spec: NetworkSpec, training: TrainingSpec, **further: Any
) -> dict[str, bytes]:
    train_network(spec, training, toy_data(), folder=folder, seed=0, study="s", **further)
    return {path.name: path.read_bytes() for path in list_epochs(folder).values()}


@pytest.mark.parametrize(
    ("norm", "objectives"),
    [
        ("batch", ()),
        (STEPPED, ()),
        ("bntt", ()),
        ("hah", ("hebbian",)),
        (ROW, ()),
        ("none", ("hebbian",)),
    ],
    ids=["batch", "stepped", "bntt", "hah", "sequence", "hebbian"],
)
@pytest.mark.parametrize("backend", ["fused", "eager"])
def test_stopped_at_any_step_it_ends_the_same(
    tmp_path: Path, norm: Any, objectives: tuple[str, ...], backend: Any
) -> None:
    spec = chain(**SMALL, norm=norm, coding="signed-poisson")
    terms = tuple(map(OBJECTIVES.read, ("cross-entropy", *objectives)))
    training = TrainingSpec(
        epochs=1, batch_size=10, objectives=terms, backend=BACKENDS.read(backend)
    )
    if training.backend_problems(spec):
        with pytest.raises(ValueError, match="statistics of all time steps together"):
            trained_bytes(tmp_path, spec, training)
        return
    whole = trained_bytes(tmp_path / "whole", spec, training)
    for steps in (1, 3):
        folder = tmp_path / str(steps)
        with pytest.raises(InterruptedError):
            trained_bytes(folder, spec, training, should_stop=interrupted_after(steps))
        assert trained_bytes(folder, spec, training) == whole


def test_a_layers_cost_changes_what_is_learnt(tmp_path: Path) -> None:
    spec, plain = chain(**SMALL), TrainingSpec(epochs=1, batch_size=10)
    costly = replace(plain, objectives=(*plain.objectives, OBJECTIVES.read("hebbian")))

    assert trained_bytes(tmp_path / "a", spec, plain) != trained_bytes(tmp_path / "b", spec, costly)


def last(
    folder: Path, data: DataSet, spec: NetworkSpec, training: TrainingSpec, seed: int = 0
) -> Path:
    """Train on digits and return the last checkpoint."""
    train_network(spec, training, data, folder=folder, seed=seed, study="s")
    return epoch_path(folder, training.epochs)


def test_bntt_learns_digits_better_than_one_norm_called_at_each_step(tmp_path: Path) -> None:
    """Running statistics that all steps share are those of none. Taken over whole sequences they do as well as bntt."""
    data, training = load_data(Digits()), TrainingSpec(epochs=12, batch_size=64, lr=2e-3)
    norms = {"bntt": "bntt", "shared": {"kind": "batch", "statistics": "step"}}
    accuracies: dict[str, list[float]] = {name: [] for name in norms}
    for name, row in accuracies.items():
        spec = chain(
            channels=(), hidden=(128,), time_steps=10, bias=False, beta=0.95,
            coding="signed-poisson", decoding="membrane", norm=norms[name],
        )  # fmt: skip
        for seed in range(3):
            path = last(tmp_path / f"{name}-{seed}", data, spec, training, seed)
            row.append(read_header(path).accuracy)

    means = {name: float(np.mean(row)) for name, row in accuracies.items()}
    assert means["bntt"] >= 0.85
    assert means["bntt"] > means["shared"]


@torch.no_grad()
def accuracy_and_sparseness(
    network: TrainableNetwork, data: DataSet, noise: float
) -> tuple[float, float]:
    """Accuracy under Gaussian noise on pixels of 0 to 1, mean of three draws, and the second layer's sparseness."""
    pixels = torch.from_numpy(data.test.images) / 255
    labels = torch.from_numpy(data.test.labels)
    generator = torch.Generator().manual_seed(0)
    shares = []
    for _ in range(3):
        noisy = pixels + noise * torch.randn(pixels.shape, generator=generator)
        inputs = (noisy - network.mean[:, None, None]) / network.std[:, None, None]
        shares.append(
            float((network.scores(network(inputs[None])).argmax(1) == labels).double().mean())
        )
    signal = network.normalise(torch.from_numpy(data.test.images))[None]
    for layer in list(network)[:2]:  # type: ignore[call-overload]
        signal = layer(signal, 1)
    activities = signal[0].flatten(1).abs().numpy()
    return float(np.mean(shares)), float(hoyer(activities, axis=1).mean())


def test_hah_is_sparser_and_less_moved_by_noise_than_a_plain_network(tmp_path: Path) -> None:
    """The plain network is the paper's: convolution, rectifier, batch norm."""
    data, training = load_data(Digits()), TrainingSpec(epochs=10, batch_size=32, lr=1e-3)
    plain = chain(
        channels=(32, 32, 64), hidden=(), pool=("none", "max", "none"), time_steps=1, bias=False,
        decoding="membrane", norm="tests.snn.own_layers:Rectified",
        neuron="tests.snn.own_layers:Through",
    )  # fmt: skip
    block = replace(plain, norm="hah", neuron="relu")  # type: ignore[arg-type]
    cost = OBJECTIVES.read({"kind": "hebbian", "alpha": 0.02})
    costly = replace(training, objectives=(*training.objectives, cost))
    values = []
    for name, spec, how in (("plain", plain, training), ("hah", block, costly)):
        path = last(tmp_path / name, data, spec, how)
        network = load_network(path, spec, data.shape, len(data.classes))
        noisy, sparseness = accuracy_and_sparseness(network, data, 0.5)
        values.append((read_header(path).accuracy, noisy, sparseness))
    (clean, noisy, sparseness), (hah_clean, hah_noisy, hah_sparseness) = values

    assert hah_sparseness >= sparseness + 0.2
    assert hah_noisy >= noisy + 0.08
    assert hah_clean >= clean - 0.03
