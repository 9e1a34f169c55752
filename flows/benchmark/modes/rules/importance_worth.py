"""The worth of measures of importance: accuracy that is left when the neurons they name are silenced."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import scipy
import torch
from numpy.typing import NDArray

from spikeatlas.flows.benchmark.modes.rules.exact_attribution import exact_attributions
from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.data import DataSet, Digits, Split, load_data
from spikeatlas.snn.importance import (
    ImportanceSite,
    ImportanceSpec,
    MagnitudeSpec,
    NaaSpec,
    RateSpec,
)
from spikeatlas.snn.importance.ablation import ablate
from spikeatlas.snn.importance.attribution import ImagePath, attributions
from spikeatlas.snn.networks import NetworkSpec, SpikingNetwork
from spikeatlas.snn.robustness import (
    CLEAN,
    AttackTarget,
    Condition,
    NaaTransfer,
    RandomPoint,
    Transfer,
    measure_under,
    network_target,
)
from spikeatlas.snn.subjects import ChainSubject
from spikeatlas.snn.training import TrainingSpec, epoch_path, load_network, train_network
from spikeatlas.tasks.workers.process import one_thread

KEY = CodingKey(0, "benchmark", "importance")
LAYER, UNITS = "fc1", 128
QUARTER = UNITS // 4
SEEDS = (0, 1, 2)
"""Training seeds, over which each number is averaged."""
RANDOM_QUARTERS = 10
BAR = 0.2
"""Accuracy that the most important quarter has to cost beyond a random one."""
TRAINING = TrainingSpec(epochs=5, lr=0.005, batch_size=32)
STRENGTHS = (0.1, 0.2)
BEST = "naa, mean, silence"
COSTED = 64
"""Images of the comparison of costs."""
COSTED_STEPS = 10

NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "leaky": {"hidden": (UNITS,), "time_steps": 10},
    "leaky, Poisson": {"hidden": (UNITS,), "time_steps": 10, "coding": "poisson"},
    "leaky, membranes": {"hidden": (UNITS,), "time_steps": 10, "decoding": "membrane"},
    "ReLU": {"hidden": (UNITS,), "neuron": "relu", "time_steps": 1, "decoding": "membrane"},
}
"""Networks of 64 pixels, 128 units and 10 classes, a row each."""
OTHERS: Mapping[str, Mapping[str, Any]] = {
    "leaky 64": {"hidden": (64,), "time_steps": 10},
    "leaky 8-12-32, convolutions": {"channels": (8, 12), "hidden": (32,), "time_steps": 10},
}
"""Architectures that attacks are carried over to, and from."""
MEASURES: Mapping[str, ImportanceSpec] = {
    "naa": NaaSpec(),
    "naa, silence": NaaSpec(reference="silence"),
    "naa, mean": NaaSpec(baseline="mean"),
    BEST: NaaSpec(baseline="mean", reference="silence"),
    "magnitude": MagnitudeSpec(),
    "rate": RateSpec(),
}


class Worth(NamedTuple):
    """One network's accuracy when quarters of its units are silent."""

    intact: float
    random: float
    """Mean over random quarters."""
    first: dict[str, float]
    """Without the most important quarter, by each measure."""
    last: dict[str, float]
    """Without the least important quarter."""
    rho: dict[str, float]
    """Spearman's correlation of each measure with the ablation's rise of the loss."""


def weigh_importance() -> Iterator[str]:
    """Yield what measures of importance are worth on digits, what attribution costs, and what its attack carries over."""
    one_thread()
    yield (
        f"digits, 64-{UNITS}-10, {TRAINING.epochs} epochs, means of seeds {', '.join(map(str, SEEDS))}: test accuracy while "
        f"{QUARTER} of {UNITS} units are silent\n"
    )
    yield from _worth_tables()
    yield from _cost_lines()
    yield from _transfer_lines()


def worth_of(network: SpikingNetwork, test: Split) -> Worth:
    """Measure what each measure's quarters are worth to a network."""
    values = importances(network, test)
    draws = [np.random.default_rng(seed).permutation(UNITS) for seed in range(RANDOM_QUARTERS)]
    orders = {name: np.argsort(-value, kind="stable") for name, value in values.items()}
    return Worth(
        intact=accuracy_without(network, test, np.empty(0, np.int64)),
        random=float(np.mean([accuracy_without(network, test, draw[:QUARTER]) for draw in draws])),
        first={name: accuracy_without(network, test, o[:QUARTER]) for name, o in orders.items()},
        last={name: accuracy_without(network, test, o[-QUARTER:]) for name, o in orders.items()},
        rho={
            name: float(scipy.stats.spearmanr(value, values["ablation"]).statistic)
            for name, value in values.items()
        },
    )


def importances(network: SpikingNetwork, test: Split) -> dict[str, NDArray[np.float64]]:
    """Importance (units,) of the hidden layer by each measure, and by ablation: the rise of the loss."""
    neurons = {LAYER: range(UNITS)}
    site = ImportanceSite(ChainSubject(network), test.images, test.labels, neurons, KEY)
    values = {name: spec.measure(site)[LAYER] for name, spec in MEASURES.items()}
    ablation = ablate(site)
    return {**values, "ablation": ablation.silenced[LAYER].loss - ablation.intact.loss}


@torch.no_grad()
def accuracy_without(network: SpikingNetwork, test: Split, units: NDArray[np.int64]) -> float:
    """Accuracy on images while some units of the first layer are silent."""
    first, *others = network
    spikes = first(encode(network, test.images, KEY), network.time_steps)
    spikes[:, :, torch.from_numpy(units)] = 0
    for layer in others:
        spikes = layer(spikes, network.time_steps)
    return float((network.scores(spikes).argmax(1).numpy() == test.labels).mean())


def digit_network(fields: Mapping[str, Any], seed: int) -> SpikingNetwork:
    """Train a network on digits."""
    spec, data = NetworkSpec(**{"channels": (), **fields}), _digits()
    with TemporaryDirectory() as name:
        folder = Path(name)
        train_network(spec, TRAINING, data, folder=folder, seed=seed, study="benchmark")
        path = epoch_path(folder, TRAINING.epochs)
        network = load_network(path, spec, data.shape, len(data.classes))
    assert isinstance(network, SpikingNetwork)
    return network


@lru_cache(maxsize=1)
def _digits() -> DataSet:
    return load_data(Digits())


def _worth_tables() -> Iterator[str]:
    names = [*MEASURES, "ablation"]
    yield _row("network", "intact", "random quarter", *names, f"least by {BEST}", "bar")
    yield "|" + " --- |" * (len(names) + 5)
    ranks = []
    for title, fields in NETWORKS.items():
        rows = [worth_of(digit_network(fields, seed), _digits().test) for seed in SEEDS]
        first = {name: float(np.mean([row.first[name] for row in rows])) for name in names}
        random, last = (
            float(np.mean(part))
            for part in ([r.random for r in rows], [r.last[BEST] for r in rows])
        )
        reached = [name for name in names if random - first[name] >= BAR]
        intact = float(np.mean([row.intact for row in rows]))
        numbers = [intact, random, *first.values(), last]
        yield _row(
            title, *(f"{number:.3f}" for number in numbers), "; ".join(reached) or "missed by all"
        )
        rhos = (float(np.mean([row.rho[name] for row in rows])) for name in MEASURES)
        ranks.append(_row(title, *(f"{rho:.2f}" for rho in rhos)))
    yield f"\nbar: the most important quarter costs {100 * BAR:.0f} points more than a random one\n"
    yield "rank correlation with the ablation's rise of the loss\n"
    yield "\n".join([_row("network", *MEASURES), "|" + " --- |" * (len(MEASURES) + 1), *ranks, ""])


def _cost_lines() -> Iterator[str]:
    """Time attribution against the exact integral on some images, and hold the two together."""
    network = digit_network(NETWORKS["leaky"], SEEDS[0])
    test = _digits().test
    images, labels = test.images[:COSTED], test.labels[:COSTED]
    path = ImagePath(np.zeros_like(images[0]), COSTED_STEPS)
    start = time.process_time()
    shared = attributions(network, images, labels, path, KEY)[LAYER]
    middle = time.process_time()
    exact = exact_attributions(network, images, labels, path, LAYER, KEY)
    end = time.process_time()
    rho = float(np.corrcoef(shared.ravel(), exact.ravel())[0, 1])
    yield (
        f"attribution to {UNITS} units, {COSTED} images, {COSTED_STEPS} steps: {middle - start:.2f} CPU-seconds, the exact path "
        f"integral {end - middle:.2f}, ratio {(end - middle) / (middle - start):.0f}; correlation of the two {rho:.3f}\n"
    )


def _transfer_lines() -> Iterator[str]:
    yield "accuracy under images made on another network (seed 0 of both)\n"
    attacks = (RandomPoint(), Transfer(), NaaTransfer())
    yield _row("from", "to", "radius", "clean", *(attack.label for attack in attacks))
    yield "|" + " --- |" * (len(attacks) + 4)
    main, test = digit_network(NETWORKS["leaky"], SEEDS[0]), _digits().test
    for name, fields in OTHERS.items():
        other = digit_network(fields, SEEDS[0])
        for (source, one), (goal, two) in _both_ways(("leaky 128", main), (name, other)):
            target = AttackTarget(network_target(two, KEY).read, source=network_target(one, KEY))
            clean = measure_under(target, test.images, test.labels, CLEAN, 0).accuracy
            for strength in STRENGTHS:
                rows = (
                    measure_under(target, test.images, test.labels, Condition(a, strength), 0)
                    for a in attacks
                )
                cells = (f"{row.accuracy:.3f}" for row in rows)
                yield _row(source, goal, f"{strength:g}", f"{clean:.3f}", *cells)


Named = tuple[str, SpikingNetwork]


def _both_ways(one: Named, other: Named) -> tuple[tuple[Named, Named], tuple[Named, Named]]:
    return (one, other), (other, one)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
