from __future__ import annotations

import numpy as np

from spikeatlas.snn.modules.natural_reference import natural_reference


def test_one_is_what_one_image_in_a_hundred_reaches() -> None:
    means = np.stack([np.linspace(0, 10, 101), np.zeros(101), -np.ones(101)], axis=1)
    reference = natural_reference(means, 0.99)
    assert reference.values.tolist() == [np.float32(9.9), 1, 1]
    assert reference.inactive.tolist() == [False, True, True]
    responses = reference.responses(means[:, [2, 0]], np.array([2, 0]))
    assert np.allclose(responses[:, 1], means[:, 0] / 9.9)
    assert np.array_equal(responses[:, 0], means[:, 2])
    assert responses[-1, 1] > 1


def test_halves_of_the_images_have_nearly_the_same_reference() -> None:
    means = np.random.default_rng(0).gamma(40, size=(10_000, 8))
    first, second = (natural_reference(half, 0.99).values for half in np.split(means, 2))
    assert (abs(first / second - 1) < 0.03).all()
