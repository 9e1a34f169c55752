"""Rules over channels: spikes and counts of the step by step reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.neurons.rules.channel_scan import Channels, scan_channels
from spikeatlas.snn.neurons.rules.rule import CHARGES, Rule
from spikeatlas.snn.neurons.rules.rule_run import rule_codes, rule_values
from spikeatlas.snn.norms import scaled

STEPS = 11


def draws(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def rule_of(charge: Any, when: Any, change: Any, channels: int) -> Rule:
    shares = torch.rand(8, channels, generator=torch.Generator().manual_seed(1))
    a, b, c, theta, rest, start, drop, synapse = shares
    values = {"a": a, "b": b + 0.5, "c": c / 9, "theta": theta + 0.2, "start": start / 9}
    extras = {"drop": drop, "synapse": synapse / 2} if when == "same" else {}
    compare: Any = ">=" if when == "same" else ">"
    return Rule(charge, compare, change, when, v_reset=rest - 0.5, **values, **extras)


@pytest.mark.parametrize("rows", [0, 1, STEPS], ids=["no norm", "all steps", "each step"])
@pytest.mark.parametrize("drive", ["constant", "changing", "first step"])
@pytest.mark.parametrize(
    ("charge", "when", "change"),
    [(charge, "same", "subtract") for charge in CHARGES]
    + [
        ("decay", when, change)
        for when in ("next", "undelayed")
        for change in ("subtract", "value")
    ],
)
def test_scan_equals_the_reference(
    charge: str, when: str, change: str, drive: str, rows: int
) -> None:
    channels, pixels, images = 7, 160, 3
    rule = rule_of(charge, when, change, channels)
    currents = draws(STEPS if drive == "changing" else 1, images, pixels, channels, seed=2)
    rest = draws(1 if drive == "first step" else 0, channels, seed=3)
    scale, shift = draws(2, rows, channels, seed=4)
    neurons = Channels(
        rule_codes(rule), rule_values(rule, (channels,)).numpy(), scale.numpy(), shift.numpy()
    )
    counts = np.zeros((images, channels), np.int64)
    bits = np.empty((2, images * pixels * channels), np.uint8)
    flat = currents.reshape(len(currents), -1).numpy()
    scan_channels(flat, rest.numpy(), neurons, STEPS, counts, bits)

    whole = currents.expand(STEPS, -1, -1, -1).clone()
    if len(rest):
        whole[1:] = rest
    if rows:
        moved = scaled(whole.movedim(3, 2), scale, shift)
        whole = moved.movedim(2, 3)
    expected = rule.run(whole, STEPS)
    spikes = np.unpackbits(bits, axis=0, bitorder="little")[:STEPS].reshape(expected.shape)
    np.testing.assert_array_equal(spikes, expected.numpy())
    np.testing.assert_array_equal(counts, expected.sum((0, 2)).numpy())
