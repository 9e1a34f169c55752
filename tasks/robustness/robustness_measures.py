"""The measurements of one epoch's network: accuracy under each condition, and what noise does to its layers."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.data import choose_images
from spikeatlas.snn.robustness import (
    Condition,
    GaussianNoise,
    LayerSignal,
    Measurement,
    flat_images,
    layer_signals,
    measure_under,
    noisy,
)
from spikeatlas.tasks.analysis.intervals import share
from spikeatlas.tasks.robustness.examined_network import ExaminedNetwork
from spikeatlas.tasks.robustness.robustness_plan import RobustnessPlan, spelled, unaccompanied
from spikeatlas.tasks.robustness.robustness_record import Entry, RobustnessRecord
from spikeatlas.tasks.study.digests import digest, json_values
from spikeatlas.tasks.study.study import Study
from spikeatlas.tasks.workers import models

log = logging.getLogger("spikeatlas")

RULES = 1
"""Number of the rules by which is measured: another one means that all is measured anew."""


@dataclass(frozen=True)
class ShownImages:
    """The test images that are shown."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of images and labels."""
        return hashlib.sha256(self.images.tobytes() + self.labels.tobytes()).hexdigest()


def shown_images(study: Study, count: int) -> ShownImages:
    """Return ``count`` test images of a study, as evenly over the classes as there are."""
    test = models.dataset(study.data).test
    rows, _ = choose_images(test.labels, count)
    return ShownImages(test.images[rows], test.labels[rows])


def lacks(network: ExaminedNetwork, plan: RobustnessPlan) -> list[str]:
    """Say in sentences what of the plan cannot be measured on this network, and why."""
    if network.classes is None:
        return ["accuracy is not measured: the network has no read-out"]
    sentences = {attack.label: attack.lack(network.target) for attack in plan.attacks}
    possible = [attack for attack in plan.attacks if sentences[attack.label] is None]
    return [
        *(
            f"{label} is not measured: {reason}"
            for label, reason in sentences.items()
            if reason is not None
        ),
        *(
            f"{', '.join(labels)} ({scale}) stand alone: nothing is measured that would tell whether gradients are masked"
            for scale, labels in unaccompanied(possible).items()
        ),
    ]


def misfits(network: ExaminedNetwork, plan: RobustnessPlan) -> list[str]:
    """Say in sentences what of the plan names what this network does not have."""
    sentences = {attack.label: attack.misfit(network.target) for attack in plan.attacks}
    return [
        f"--attack {label}: {reason}" for label, reason in sentences.items() if reason is not None
    ]


def measure_epoch(
    network: ExaminedNetwork, plan: RobustnessPlan, record: RobustnessRecord
) -> list[Entry]:
    """Make the measurements of one epoch that the record does not have, and return all of them."""
    sample = shown_images(network.study, plan.images)
    entries = [
        _accuracy(network, sample, condition, record) for condition in _possible(network, plan)
    ]
    for level in plan.strengths["deviation"]:
        entries += _layers(network, sample, level, record)
    return entries


def _possible(network: ExaminedNetwork, plan: RobustnessPlan) -> Iterator[Condition]:
    if network.classes is None:
        return
    for condition in plan.conditions():
        if condition.attack is None or condition.attack.lack(network.target) is None:
            yield condition


def _accuracy(
    network: ExaminedNetwork, sample: ShownImages, condition: Condition, record: RobustnessRecord
) -> Entry:
    attack, strength = condition.attack, condition.strength
    source = network.source if attack is not None and attack.needs == "source" else None
    question = {
        "attack": None if attack is None else json_values(attack),
        "strength": strength,
        "source_digest": None if source is None else source.identity,
    }
    key = _key(network, sample, question)
    label = "clean" if attack is None else attack.label
    if key in record.entries:
        # an earlier version may have called it otherwise, and like another one
        return {**record.entries[key], "label": label}
    result = measure_under(
        network.target, sample.images, sample.labels, condition, network.study.seed
    )
    name = label if attack is None else f"{label}, {spelled(strength)}"
    log.info(f"epoch {network.epoch:g}, {name}: accuracy {result.accuracy:.3f}")
    entry = {
        "what": "accuracy",
        **_place(network, sample),
        **question,
        "label": label,
        "scale": None if attack is None else attack.scale,
        "source": None if source is None else source.name,
        **_result(result),
    }
    if attack is None:
        entry["flat"] = _flat(network, sample)
    return record.keep(key, entry)


def _result(result: Measurement) -> dict[str, Any]:
    """Return accuracy with its interval, which is of the images: draws of noise are averaged, not counted."""
    images = result.right.shape[1]
    bounds = share(round(result.accuracy * images), images)
    return {
        "accuracy": result.accuracy,
        "low": bounds.low,
        "high": bounds.high,
        "loss": result.loss,
        "farthest": dict(result.distances),
        "right": [np.packbits(row).tobytes().hex() for row in result.right],
    }


def _flat(network: ExaminedNetwork, sample: ShownImages) -> int | None:
    """Count images whose gradient is 0 in every pixel; None for a network without gradients."""
    if network.target.network is None:
        return None
    return int(flat_images(network.target, sample.images, sample.labels).sum())


def right_of(entry: Entry) -> NDArray[np.bool_]:
    """Return (draws, n) which images were read right in a measurement of accuracy."""
    rows = [np.frombuffer(bytes.fromhex(row), np.uint8) for row in entry["right"]]
    return np.unpackbits(np.stack(rows), axis=1, count=entry["images"]).astype(np.bool_)


def _layers(
    network: ExaminedNetwork, sample: ShownImages, level: float, record: RobustnessRecord
) -> list[Entry]:
    """Compare the layers under noise of a level with those under clean images: one draw."""
    question = {"layers": network.rates, "noise": level}
    key = _key(network, sample, question)
    if key not in record.entries:
        noise = CodingKey(network.study.seed, "", f"attack {GaussianNoise().kind}")
        signals = layer_signals(network.activity, sample.images, noisy(sample.images, level, noise))
        record.keep(key, _layer_entry(network, sample, question, signals))
    return [record.entries[key]]


def _layer_entry(
    network: ExaminedNetwork,
    sample: ShownImages,
    question: dict[str, Any],
    signals: dict[str, LayerSignal],
) -> dict[str, Any]:
    rows = {layer: asdict(signal) for layer, signal in signals.items()}
    place = _place(network, sample)
    return {
        "what": "layers",
        **place,
        "noise": question["noise"],
        "units": network.rates,
        "layers": rows,
    }


def _place(network: ExaminedNetwork, sample: ShownImages) -> dict[str, Any]:
    return {
        "epoch": network.epoch,
        "checkpoint": network.checkpoint,
        "images": len(sample.images),
        "seed": network.study.seed,
    }


def _key(network: ExaminedNetwork, sample: ShownImages, question: dict[str, Any]) -> str:
    return digest(
        {"rules": RULES, "network": network.identity, "images": sample.digest, "asked": question}
    )
