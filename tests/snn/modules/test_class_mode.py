from __future__ import annotations

import numpy as np

from spikeatlas.snn.modules.class_mode import class_layer, class_responses


def test_probabilities_are_exactly_one_from_a_margin_on() -> None:
    scores = np.array([[0.0, 20.0], [3.0, 1.0]])
    probabilities = class_responses(scores, "probability")
    assert probabilities.dtype == np.float64
    assert probabilities.astype(np.float32)[0, 1] == 1.0
    assert probabilities[0, 1] < 1.0
    assert np.allclose(probabilities.sum(1), 1)


def test_units_of_both_modes() -> None:
    probability, logit = class_layer(10, "probability"), class_layer(10, "logit")
    assert (probability.neurons, probability.map) == (10, ())
    assert (probability.unit.bottom, probability.unit.top) == (0.0, 1.0)
    assert (logit.unit.bottom, logit.unit.top) == (None, None)
    scores = np.array([[-1.0, 2.0]])
    assert np.array_equal(class_responses(scores, "logit"), scores)
