"""What an actor answers: rates of its neurons, as the plain loop has them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import encode
from spikeatlas.snn.readings import LatencyReading
from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import SUBJECTS, ActorSubject, LackError
from tests.snn.actors import RELU, actor, architecture, data, observations

NEURONS = {"out": [3, 0], "fc1": range(7)}


def subject(**fields: Any) -> ActorSubject:
    network = actor(**fields)
    return ActorSubject(network, architecture(**fields).layer_infos((1, 1, 3), 1))


@torch.no_grad()
def test_rates_are_counts_over_steps() -> None:
    answers = subject().responses(observations(300), NEURONS)
    network = actor()
    spikes = dict(network.capture(encode(network, observations(300), None), 3))
    for name, row in NEURONS.items():
        np.testing.assert_allclose(answers[name], spikes[name].mean(0).numpy()[:, list(row)])
        assert answers[name].dtype == np.float32
        assert 0 <= answers[name].min() < answers[name].max() <= 1


@pytest.mark.parametrize("fields", [{}, RELU])
def test_the_plain_loop_and_other_batches_answer_the_same(fields: dict[str, Any]) -> None:
    one = subject(**fields)
    answers = one.responses(observations(70), NEURONS)
    for showing in (Showing(kind="plain"), Showing(batch_size=7), Showing(kind="fast")):
        for name, values in one.responses(observations(70), NEURONS, showing).items():
            np.testing.assert_allclose(values, answers[name], atol=0 if not fields else 1e-6)


def test_a_latency_is_read() -> None:
    showing = Showing(reading=LatencyReading())
    plain = Showing(reading=LatencyReading(), kind="plain")
    answers = subject().responses(observations(20), NEURONS, showing)
    for name, values in subject().responses(observations(20), NEURONS, plain).items():
        np.testing.assert_array_equal(values, answers[name])


def test_threads_may_share_a_responder() -> None:
    respond = subject().responder(NEURONS, Showing())
    images = [observations(40, seed=seed) for seed in range(4)]
    alone = [respond(image) for image in images]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(respond, images))
    for one, other in zip(alone, together, strict=True):
        for name in NEURONS:
            np.testing.assert_array_equal(one[name], other[name])


def test_what_it_lacks_says_so() -> None:
    one = subject()
    assert one.classes is None
    with pytest.raises(LackError, match="no read-out"):
        one.scores(observations(2), Showing())
    with pytest.raises(LackError, match="cannot be silenced"):
        one.silenced("out", 0)


def test_bad_questions_are_refused() -> None:
    one = subject()
    with pytest.raises(ValueError, match="have shape"):
        one.responses(observations(2, numbers=4), NEURONS)
    with pytest.raises(ValueError, match="give at least one of 0 to 3"):
        one.responses(observations(2), {"out": [4]})
    with torch.no_grad():
        one.network.readout.weight.fill_(torch.nan)
    with pytest.raises(ValueError, match="NaN"):
        one.check()


def test_it_says_how_it_computes() -> None:
    assert subject().responder({"fc2": [0]}, Showing()).describe() == [
        "fc1: torch's layers, all time steps at once",
        "fc2: torch's layers, all time steps at once",
    ]
    assert subject().responder({"fc2": [0]}, Showing(kind="plain")).describe() == [
        "all layers: plain loop; kind is 'plain'"
    ]


def test_its_source_has_no_classes(tmp_path: Path) -> None:
    spec = SUBJECTS.read({"kind": "actor", "hidden": [7, 6], "population": 4})
    source = spec.source(data(), tmp_path)
    assert source.classes is None
    assert {"readout", "ablation"} <= set(source.lacks)
    assert source.example().responses(observations(3), {"out": [0]})["out"].shape == (3, 1)
