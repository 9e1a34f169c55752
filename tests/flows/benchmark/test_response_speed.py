"""The benchmark measures what it says, and its network fires as it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from spikeatlas.flows.benchmark.reference_loop import noise_images, reference_network, smooth_images
from spikeatlas.flows.benchmark.response_speed import (
    VARIANTS,
    Target,
    benchmark,
    dense_flops,
    layer_targets,
    table,
    targets,
)
from spikeatlas.snn.responder.responder import Responder
from tests.snn.responder.small import difference, network, pictures


def test_rows() -> None:
    made = network((1, 8, 8), channels=(6, 8), hidden=(7,))
    shown = {kind: pictures(kind, (1, 8, 8), 6) for kind in ("natural", "noise")}
    rows = benchmark(made, shown, targets(made), rounds=2, slow_images=3)
    assert len(rows) == 2 * 4 * len(VARIANTS)
    assert {row.variant for row in rows} == set(VARIANTS)
    for row in rows:
        assert row.differing == 0
        assert row.rate > 0
        assert row.gemm > 0
        assert row.images == (6 if row.variant == "auto" else 3)
        assert row.variant != "plain" or row.ratio == 1
    assert table(rows).count("\n") == len(rows) + 1


def test_only_the_variants_wanted() -> None:
    made = network((1, 8, 8), channels=(6,), hidden=())
    rows = benchmark(
        made,
        {"noise": pictures("noise", (1, 8, 8), 3)},
        layer_targets(made),
        rounds=1,
        variants=["auto"],
    )
    assert [row.target for row in rows] == ["all layers", "conv1 alone", "out alone"]


def test_dense_operations() -> None:
    made = network((1, 8, 8), channels=(6,), hidden=(), classes=5, time_steps=10)
    first, second = 2 * 9 * 6 * 64, 2 * 6 * 16 * 5
    assert dense_flops(made, Target("a", ("conv1",), {})) == first
    assert dense_flops(made, Target("a", ("out",), {})) == first + 10 * second
    assert dense_flops(made, Target("a", ("out",), {"out": [2]})) == first + 10 * second / 5


def test_the_reference_network_fires_like_a_trained_one() -> None:
    natural = smooth_images(32)
    assert natural.dtype == np.uint8
    assert natural.shape == (32, 3, 32, 32)
    made = reference_network(natural, 25)
    respond = Responder(made, made.layers, batch_size=32)
    rates = {name: float(found.mean()) for name, found in respond(natural).items()}
    assert 0.12 < rates["conv1"] < 0.18
    assert all(0.03 < rate < 0.4 for rate in rates.values())
    stage = next(iter(made))
    with torch.no_grad():
        currents = stage.currents(made.normalise(torch.from_numpy(natural)))
    assert 0.55 < float((currents < 0.1).float().mean()) < 0.7
    assert respond(noise_images(8))["conv1"].mean() > 0.3


@pytest.mark.parametrize("time_steps", [25, 128])
def test_the_reference_network_is_computed_exactly(time_steps: int) -> None:
    made = reference_network(smooth_images(32), time_steps)
    for images in (smooth_images(2, seed=1), noise_images(2, seed=1)):
        plain = Responder(made, made.layers, batch_size=2, kind="plain")(images)
        found = Responder(made, made.layers, batch_size=2)(images)
        # sums in another order: a spike in a million may fall a step earlier or later
        assert difference(made, found, plain).share <= 1e-5


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peak memory is Linux's")
def test_a_large_batch_stays_below_the_cap() -> None:
    made = reference_network(smooth_images(32), 128)
    images = noise_images(1000)
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak()
    Responder(made, made.layers, batch_size=1000)(images)
    assert _peak() - before < 2**30


def _peak() -> int:
    """Peak bytes of this process since the last reset."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
