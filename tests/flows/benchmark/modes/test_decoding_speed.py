"""The plain way to decode, which ours must equal."""

from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.flows.benchmark.modes.decoding_speed import decode_plainly, time_decode
from tests.snn.generators.vqvae.test_vqvae import make_points, make_vqvae


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 16, 16)])
def test_ours_is_the_plain_way_s_equal(shape: tuple[int, int, int]) -> None:
    network = make_vqvae(shape, 16)
    points = make_points(network, 70)
    plain, ours = decode_plainly(network, points), network.decode(points)
    apart = np.abs(plain.astype(int) - ours)
    # one convolves one image, the other many: sums differ in their last bit, and a grey level may
    assert apart.max() <= 1
    assert (apart > 0).mean() < 0.01


def test_rates_and_their_ratio() -> None:
    speed = time_decode(make_vqvae((1, 8, 8), 4), images=5, rounds=3, seed=0)
    assert speed.images == 5
    assert min(speed.plain, speed.batched, speed.ratio) > 0
