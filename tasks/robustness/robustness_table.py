"""Tables and sentences of what was measured at one epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import scipy
from rich.table import Table

from spikeatlas.snn.robustness import MASKED_GRADIENTS, Scale
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.robustness.robustness_measures import right_of
from spikeatlas.tasks.robustness.robustness_plan import spelled
from spikeatlas.tasks.robustness.robustness_record import Entry

TITLES: dict[Scale, str] = {
    "deviation": "noise, by its standard deviation",
    "linf": "attack in the linf ball, by its radius",
    "l2": "attack in the l2 ball, by its radius",
}
CONTROLS = ("noise", "random")
"""Kinds that know nothing of the network."""
CLIMBERS = ("fgsm", "pgd", "momentum", "naa")
"""Kinds that follow its gradient."""
SIGNIFICANCE = 0.05
"""Chance at which two attacks that turn images equally often are taken for unlike."""


def describe_epoch(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield what was measured at one epoch: tables, what they show of masked gradients, and the warning."""
    accuracies = [entry for entry in entries if entry["what"] == "accuracy"]
    for entry in accuracies:
        if entry["attack"] is None:
            yield _clean_line(entry)
    scales = dict.fromkeys(entry["scale"] for entry in accuracies if entry["scale"] is not None)
    for scale in scales:
        yield as_text(_attack_table(scale, [row for row in accuracies if row["scale"] == scale]))
    if any(_kind(entry) not in (None, *CONTROLS) for entry in accuracies):
        yield "\n".join([*signs_of_masking(accuracies), MASKED_GRADIENTS])
    layers = [entry for entry in entries if entry["what"] == "layers"]
    if layers:
        yield as_text(_layer_table(layers))
        yield f"of {layers[0]['units']}; in brackets the images of a mean, where it is not all {layers[0]['images']}"


def _clean_line(entry: Entry) -> str:
    return (
        f"epoch {entry['epoch']:g}: {cell(entry)} of {entry['images']} clean test images are read right, "
        f"cross-entropy {entry['loss']:.3f}"
    )


def cell(entry: Entry) -> str:
    """Return an accuracy with its 95 % interval."""
    return f"{entry['accuracy']:.3f} ({entry['low']:.2f} to {entry['high']:.2f})"


def _attack_table(scale: Scale, entries: Sequence[Entry]) -> Table:
    """Accuracy of each attack at each strength, and of the images that no attack turns."""
    strengths = sorted({entry["strength"] for entry in entries})
    table = Table(TITLES[scale], *map(spelled, strengths))
    for name in dict.fromkeys(map(row_name, entries)):
        row = {entry["strength"]: cell(entry) for entry in entries if row_name(entry) == name}
        table.add_row(name, *(row.get(strength, "") for strength in strengths))
    attacks = [entry for entry in entries if _kind(entry) not in CONTROLS]
    if len(dict.fromkeys(map(row_name, attacks))) > 1:
        table.add_row(
            "all of these attacks", *(_under_all(attacks, strength) for strength in strengths)
        )
    return table


def row_name(entry: Entry) -> str:
    """Return an attack's name, with the network whose gradients it follows if that is another."""
    label = str(entry["label"])
    return label if entry["source"] is None else f"{label} from {entry['source']}"


def _under_all(attacks: Sequence[Entry], strength: float) -> str:
    rows = [right_of(entry).all(axis=0) for entry in attacks if entry["strength"] == strength]
    if not rows:
        return ""
    right = rows[0]
    for row in rows[1:]:
        right = right & row
    return f"{right.mean():.3f}"


def _kind(entry: Entry) -> str | None:
    attack: dict[str, Any] | None = entry["attack"]
    return None if attack is None else str(attack["kind"])


def signs_of_masking(entries: Sequence[Entry]) -> list[str]:
    """Say in sentences where the numbers themselves show that gradients are masked."""
    lines = [
        f"masked: {entry['flat']} of {entry['images']} clean images have no gradient in any pixel"
        for entry in entries
        if entry.get("flat")
    ]
    places = dict.fromkeys(
        (row["scale"], row["strength"]) for row in entries if row["scale"] in ("linf", "l2")
    )
    for scale, strength in places:
        there = [row for row in entries if (row["scale"], row["strength"]) == (scale, strength)]
        lines += _signs_at(there, spelled(strength))
    return lines or [
        "no sign of masked gradients in these numbers, which is no proof that there are none"
    ]


def _signs_at(entries: Sequence[Entry], strength: str) -> Iterator[str]:
    climbers = [entry for entry in entries if _kind(entry) in CLIMBERS]
    others = [entry for entry in entries if _kind(entry) not in (*CLIMBERS, *CONTROLS)]
    if not climbers:
        return
    best = min(climbers, key=lambda entry: entry["accuracy"])
    for other in others:
        if _does_more(other, best):
            yield (
                f"masked at {strength}: {row_name(other)}, which needs no gradient of this network, leaves "
                f"{other['accuracy']:.3f}, {best['label']} {best['accuracy']:.3f}"
            )
    # of several of one kind, the one that leaves least
    kinds = {
        _kind(entry): entry for entry in sorted(climbers, key=lambda row: -float(row["accuracy"]))
    }
    first, second = kinds.get("fgsm"), kinds.get("pgd")
    if first and second and _does_more(first, second):
        yield (
            f"masked at {strength}: one step (fgsm) leaves {first['accuracy']:.3f}, many "
            f"({second['label']}) {second['accuracy']:.3f}"
        )


def _does_more(first: Entry, second: Entry) -> bool:
    """Tell whether one attack turns images that another does not, beyond chance: a one-sided sign test, p < 0.05."""
    one, two = right_of(first).all(axis=0), right_of(second).all(axis=0)
    alone, beside = int((two & ~one).sum()), int((one & ~two).sum())
    if not alone:
        return False
    test = scipy.stats.binomtest(alone, alone + beside, alternative="greater")
    return bool(test.pvalue < SIGNIFICANCE)


def _layer_table(entries: Sequence[Entry]) -> Table:
    """Hoyer sparseness of each layer, and its signal-to-noise ratio at each level of noise."""
    levels = sorted(entries, key=lambda entry: entry["noise"])
    snrs = [f"SNR at noise {entry['noise']:g}, dB" for entry in levels]
    table = Table("layer", "Hoyer, clean images", *snrs)
    for name, row in levels[0]["layers"].items():
        signals = [entry["layers"][name] for entry in levels]
        sparseness = _mean(row["hoyer"], "{:.3f}", row["hoyer_images"], row["silent"])
        ratios = [
            _mean(signal["snr"], "{:.1f}", signal["snr_images"], signal["unchanged"])
            for signal in signals
        ]
        table.add_row(name, sparseness, *ratios)
    return table


def _mean(value: float | None, form: str, images: int, others: int) -> str:
    """Return a mean over images, with how many these are where some are left out; why there is none."""
    if value is None:
        return "silent" if images else "undefined (0)"
    return form.format(value) + (f" ({images})" if others else "")
