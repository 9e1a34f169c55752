from __future__ import annotations

import numpy as np
import pytest

from spikeatlas.snn.coding import CodingKey, encode
from spikeatlas.snn.networks import UNITS
from spikeatlas.snn.readings import LatencyReading
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import LayerFeatures, ThresholdHeadSubject
from tests.snn.nets import noise_images
from tests.snn.networks.heads.heads import CHAIN, head, head_spec

IMAGES = noise_images(7)


def subject_of(**fields: object) -> ThresholdHeadSubject:
    spec = head_spec(**fields)
    return ThresholdHeadSubject(head(spec=spec), spec)


def test_margins_depend_on_nothing_but_the_stimulus() -> None:
    subject = subject_of()
    whole = subject.responses(IMAGES, {UNITS: range(12)}, Showing(64))[UNITS]
    np.testing.assert_allclose(
        whole, subject.network.margins(encode(subject.network, IMAGES)).numpy(), rtol=1e-6
    )
    some = subject.responses(IMAGES[3:4], {UNITS: [5, 1]}, Showing(64))[UNITS]
    assert np.array_equal(some, whole[3:4, [5, 1]])
    assert whole.dtype == np.float32
    assert subject.responses(IMAGES[:0], {UNITS: [5, 1]})[UNITS].shape == (0, 2)


def test_a_unit_without_weights_is_silent() -> None:
    responses = subject_of().responses(IMAGES, {UNITS: range(12)})[UNITS]
    assert not responses[:, ::2].any()
    assert responses[:, 1::2].all()


def test_noisy_responses_are_shares_of_copies() -> None:
    subject = subject_of(response="noisy", noise=0.3, copies=8)
    responses = subject.responses(IMAGES, {UNITS: range(12)}, Showing(4))[UNITS]

    assert np.array_equal(responses * 8, np.rint(responses * 8))
    assert ((responses > 0) & (responses < 1)).any()
    assert not responses[:, ::2].any()
    # the same noise at every showing, whatever stands beside it
    assert np.array_equal(subject.responses(IMAGES[2:3], {UNITS: [3]}, Showing(4))[UNITS], responses[2:3, 3:4])  # fmt: skip
    # with hardly any noise a unit is on or off
    clear = subject_of(response="noisy", noise=1e-6).responses(IMAGES, {UNITS: range(12)})[UNITS]
    margins = subject_of().responses(IMAGES, {UNITS: range(12)})[UNITS]
    assert np.array_equal(clear[:, 1::2], (margins >= 0)[:, 1::2])


def test_scores_without_a_unit_are_those_of_a_silenced_one() -> None:
    subject = subject_of()
    margins = subject.responses(IMAGES, {UNITS: range(12)})[UNITS]
    busy = [unit for unit in (1, 3, 5, 7, 9, 11) if (margins[:, unit] >= 0).any()]
    assert len(busy) > 1
    units = [*busy, 2]
    scores = subject.scores_without(IMAGES, {UNITS: units}, Showing(4))[UNITS]
    intact = subject.scores(IMAGES, Showing(4))
    for row, unit in zip(scores, units, strict=True):
        other = subject.silenced(UNITS, unit)
        np.testing.assert_allclose(row, other.scores(IMAGES, Showing(4)), atol=1e-12)
        assert np.allclose(row, intact) == (unit == 2)
        assert not other.responses(IMAGES, {UNITS: [unit]})[UNITS].any()
    assert np.array_equal(subject.scores(IMAGES, Showing(4)), intact)


def test_features_of_spike_trains_are_drawn_anew_at_each_showing() -> None:
    chain = {**CHAIN, "coding": "poisson", "checkpoints": "runs"}
    subject = subject_of(features=LayerFeatures(network=chain, layer="conv1", epoch=1))  # type: ignore[arg-type]
    key = CodingKey(0, "a", "test")
    assert subject.stochastic

    both = subject.responses(IMAGES, {UNITS: [1, 3]}, Showing(key=key, presentations=2))[UNITS]
    single = [
        subject.responses(IMAGES, {UNITS: [1, 3]}, Showing(key=key.shifted(number)))[UNITS]
        for number in range(2)
    ]
    np.testing.assert_allclose(both, np.mean(single, axis=0), rtol=1e-5, atol=1e-6)
    assert not np.array_equal(*single)


def test_what_is_not_there_is_told() -> None:
    subject = subject_of()
    with pytest.raises(ValueError, match=r"layers names 'unit'.*did you mean units"):
        subject.responder({"unit": [0]}, Showing())
    with pytest.raises(ValueError, match="give at least one of 0 to 11"):
        subject.responder({UNITS: [12]}, Showing())
    with pytest.raises(ValueError, match="layers is empty"):
        subject.responder({}, Showing())
    with pytest.raises(ValueError, match="neither spikes nor maps"):
        subject.responder({UNITS: [0]}, Showing(reading=LatencyReading()))
    with pytest.raises(ValueError, match=r"takes \(n, 1, 8, 8\)"):
        subject.responses(noise_images(1, (1, 7, 7)), {UNITS: [0]})
    subject.network.weights[0, 0] = float("nan")
    with pytest.raises(ValueError, match="weights holds NaN"):
        subject.check()


def test_it_says_how_it_answers() -> None:
    assert subject_of().responder({UNITS: [0]}, Showing()).describe() == [
        "units: margins; features are pixels"
    ]
    (line,) = subject_of(response="noisy").responder({UNITS: [0]}, Showing()).describe()
    assert line.startswith("units: mean over 16 noisy copies")
