"""The timing of responses measures what it says."""

from __future__ import annotations

from spikeatlas.flows.benchmark.response_timing import (
    VARIANTS,
    Target,
    dense_flops,
    layer_targets,
    network_targets,
    table,
    time_responses,
)
from tests.snn.responder.small import network, pictures


def test_rows() -> None:
    small = network((1, 8, 8), channels=(6, 8), hidden=(7,))
    images = {kind: pictures(kind, (1, 8, 8), 6) for kind in ("natural", "noise")}
    rows = time_responses(small, images, network_targets(small), rounds=2, slow_images=3)
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
    small = network((1, 8, 8), channels=(6,), hidden=())
    rows = time_responses(
        small,
        {"noise": pictures("noise", (1, 8, 8), 3)},
        layer_targets(small),
        rounds=1,
        variants=["auto"],
    )
    assert [row.target for row in rows] == ["all layers", "conv1 alone", "out alone"]


def test_dense_operations() -> None:
    small = network((1, 8, 8), channels=(6,), hidden=(), classes=5, time_steps=10)
    first, second = 2 * 9 * 6 * 64, 2 * 6 * 16 * 5
    assert dense_flops(small, Target("a", ("conv1",), {})) == first
    assert dense_flops(small, Target("a", ("out",), {})) == first + 10 * second
    assert dense_flops(small, Target("a", ("out",), {"out": [2]})) == first + 10 * second / 5
