"""The trial of a user's function: what cannot be replayed, or is no answer to one image, is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import pytest

from spikeatlas.snn.layer_info import LayerInfo, Unit
from spikeatlas.snn.subjects.functions import FunctionSite, trial_problem
from tests.snn.nets import noise_images

IMAGES = noise_images(8)
Answer = Callable[[Any], Any]


def problem(answer: Answer, *, stochastic: bool = False) -> str | None:
    layers = {"v1": LayerInfo(3, (), Unit("1", None, None, None))}
    site = FunctionSite("lab:cell", (1, 8, 8), layers, stochastic=stochastic, threads=False)

    def function(images: Any) -> Any:
        return {"v1": answer(images)}

    return trial_problem(function, site, IMAGES)


def plain(images: Any) -> Any:
    return images.reshape(len(images), -1)[:, 26:29] / 255


def noisy() -> Answer:
    generator = np.random.default_rng(0)
    return lambda images: plain(images) + generator.normal(size=(len(images), 3))


def counting() -> Answer:
    calls = count()
    return lambda images: plain(images) * next(calls)


def centred(images: Any) -> Any:
    return plain(images) - plain(images).mean(0)


def carrying(images: Any) -> Any:
    return np.cumsum(plain(images), axis=0)


def rounded(images: Any) -> Any:
    return plain(images) + 1e-6 * len(images)


def test_a_function_of_each_image_is_taken() -> None:
    assert problem(plain) is None


@pytest.mark.parametrize("make", [noisy, counting])
def test_another_answer_to_the_same_images_is_refused(make: Callable[[], Answer]) -> None:
    sentence = problem(make())

    assert sentence is not None
    assert sentence.startswith("network.stochastic: the function of lab:cell answers the same")
    assert "write stochastic: true" in sentence


def test_a_function_that_is_stochastic_by_the_study_may_answer_otherwise() -> None:
    assert problem(noisy(), stochastic=True) is None


@pytest.mark.parametrize("answer", [centred, carrying])
def test_an_answer_that_depends_on_the_batch_is_refused(answer: Answer) -> None:
    sentence = problem(answer)

    assert sentence is not None
    assert "answers an image otherwise alone than among 8 images (layer 'v1')" in sentence


def test_sums_in_another_order_are_no_dependence() -> None:
    assert problem(rounded) is None


def test_exit_is_a_sentence_and_an_interrupt_stays_one() -> None:
    def stopping(images: Any) -> Any:
        raise KeyboardInterrupt(len(images))

    with pytest.raises(ValueError, match=r"failed on 8 images: exit\(3\), which would end the"):
        problem(lambda _images: sys.exit(3))
    with pytest.raises(KeyboardInterrupt):
        problem(stopping)
