"""All that a user's function may answer: read, or refused in a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.layer_info import LayerInfo, Unit
from spikeatlas.snn.subjects.functions import checked_answers

ROWS = np.array([[0, 1, 2], [3, 0, 1]])
LAYERS = {"v1": LayerInfo(3, (), Unit("spikes/s", None, None, 0.0))}
TENSOR = torch.tensor(ROWS, dtype=torch.float32)


def read(answer: Any) -> Any:
    return checked_answers({"v1": answer, "more": None}, LAYERS, 2, "lab:cell")["v1"]


@pytest.mark.parametrize(
    "answer",
    [
        ROWS,
        ROWS.tolist(),
        ROWS.astype(np.float16),
        ROWS.astype(np.uint8),
        np.ma.MaskedArray(ROWS),
        TENSOR,
        TENSOR.clone().requires_grad_(),
        TENSOR.bfloat16(),
        TENSOR.to_sparse(),
        list(TENSOR.clone().requires_grad_()),
    ],
    ids=["int", "list", "float16", "uint8", "mask", "tensor", "grad", "bfloat16", "sparse", "rows"],
)
def test_numbers_are_read_in_whatever_form(answer: Any) -> None:
    values = read(answer)

    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, ROWS)


def test_truth_values_are_0_and_1() -> None:
    np.testing.assert_array_equal(read(ROWS > 1), ROWS > 1)
    np.testing.assert_array_equal(read(TENSOR > 1), ROWS > 1)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "answers of layer 'v1' are None; they must be real numbers"),
        (object(), "answers of layer 'v1' are an object; they must be real"),
        ([[0, 1, 2], [3]], r"layer 'v1', a list, cannot be read as an array \(ValueError: .*\)"),
        (TENSOR.to("meta"), r"layer 'v1', a Tensor, cannot be read as an array \(.*\)"),
        (np.ma.MaskedArray(ROWS, ROWS == 0), "2 answers of layer 'v1' are masked; .* fill them"),
        (TENSOR * 1j, "have type complex64; they must be real"),
        (ROWS.astype(object), "have type object"),
        (ROWS * np.nan, "answers image 0 with nan; answers must be finite"),
        (
            np.add(ROWS, np.array([[0], [np.inf]])),
            "answers image 1 with inf; answers must be finite",
        ),
        (ROWS[:1], r"have shape \(1, 3\); for 2 images and 3 neurons it must be \(2, 3\)"),
        (ROWS[:, 0], r"have shape \(2,\)"),
        (-ROWS, "answers from -3 to 0 spikes/s, but network.unit lets it be 0.0 to no end"),
    ],
)
def test_all_else_is_refused_in_one_sentence(answer: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as error:
        read(answer)
    assert str(error.value).startswith("network.")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        (None, "the function of lab:cell returns None; it must return {layer: numbers"),
        (ROWS, "returns an ndarray; it must return"),
        ({}, "returns no v1, only nothing; name in network.layers what it returns"),
        ({"V1": ROWS}, r"returns no v1 \(did you mean V1\?\), only V1"),
    ],
)
def test_answers_without_their_layers_are_refused(answers: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as error:
        checked_answers(answers, LAYERS, 2, "lab:cell")
    assert str(error.value).startswith("network.")
