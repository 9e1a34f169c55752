"""A cut network as a subject: its units keep their numbers, and those that are gone answer 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import ChainSpec, ChainSubject
from spikeatlas.snn.subjects.cut_subject import CutSubject
from spikeatlas.snn.surgery import keep_units
from tests.snn.nets import network, noise_images

FIELDS: dict[str, Any] = {"channels": (4, 6), "hidden": (8,), "time_steps": 8, "threshold": 0.2}
GONE = {"conv1": (1,), "fc1": (0, 2, 7)}
IMAGES = noise_images(20)


@pytest.fixture
def plain() -> ChainSubject:
    """The cut network itself."""
    built = network(**FIELDS)
    rest = {name: [n for n in range(built.sizes[name]) if n not in GONE[name]] for name in GONE}
    keep_units(built, rest)
    return ChainSubject(built.eval())


@pytest.fixture
def subject(plain: ChainSubject) -> CutSubject:
    made = ChainSpec(**FIELDS).subject(plain.network)
    assert isinstance(made, CutSubject)
    return made


def test_it_has_all_units_and_says_which_are_gone(subject: CutSubject) -> None:
    assert {name: info.neurons for name, info in subject.layers.items()} == {
        "conv1": 4, "conv2": 6, "fc1": 8, "out": 10,
    }  # fmt: skip
    assert subject.cut == GONE
    assert subject.layers["conv1"].map == (4, 4)


def test_units_answer_in_the_order_asked_for(subject: CutSubject, plain: ChainSubject) -> None:
    answers = subject.responses(IMAGES, {"fc1": [7, 6, 0, 3, 1], "conv2": [5, 2], "conv1": [1]})
    whole = plain.responses(IMAGES, {"fc1": range(5), "conv2": range(6)})

    assert not answers["fc1"][:, [0, 2]].any()
    assert np.array_equal(answers["fc1"][:, [1, 3, 4]], whole["fc1"][:, [4, 1, 0]])
    assert np.array_equal(answers["conv2"], whole["conv2"][:, [5, 2]])
    assert answers["conv1"].shape == (20, 1)
    assert not answers["conv1"].any()
    assert answers["fc1"].any()
    assert subject.responder({"fc1": [0]}, Showing()).describe()


def test_its_scores_are_the_network_s(subject: CutSubject, plain: ChainSubject) -> None:
    scores = subject.scores(IMAGES, Showing())
    assert np.array_equal(scores, plain.scores(IMAGES, Showing()))
    assert scores.any()
    assert subject.silenced("fc1", 0) is subject
    silent = subject.silenced("fc1", 3)
    assert np.array_equal(
        silent.scores(IMAGES, Showing()), plain.silenced("fc1", 1).scores(IMAGES, Showing())
    )
    assert not silent.responses(IMAGES, {"fc1": [3]})["fc1"].any()


def test_scores_without_each(subject: CutSubject, plain: ChainSubject) -> None:
    rows = subject.scores_without(IMAGES, {"fc1": [0, 1, 6], "conv1": [1]}, Showing())
    others = plain.scores_without(IMAGES, {"fc1": [0, 4]}, Showing())["fc1"]
    whole = subject.scores(IMAGES, Showing())

    assert np.allclose(rows["fc1"], np.stack([whole, *others]), atol=1e-6)
    assert np.allclose(rows["conv1"], whole[None], atol=1e-6)


@pytest.mark.parametrize("units", [(), (8,), (-1,)])
def test_units_that_there_are_not(subject: CutSubject, units: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="neurons of layer 'fc1' are"):
        subject.responder({"fc1": units}, Showing())


def test_a_whole_network_is_a_plain_subject() -> None:
    assert isinstance(ChainSpec(**FIELDS).subject(network(**FIELDS).eval()), ChainSubject)
