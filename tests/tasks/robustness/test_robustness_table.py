from __future__ import annotations

from typing import Any

import numpy as np

from spikeatlas.snn.robustness import MASKED_GRADIENTS
from spikeatlas.tasks.robustness.robustness_table import describe_epoch, signs_of_masking

IMAGES = 40


def entry(kind: str | None, right: int, strength: float = 0.1, **fields: Any) -> dict[str, Any]:
    """A measurement in which the first ``right`` of the images are read right."""
    row = np.arange(IMAGES) < right
    return {
        "what": "accuracy",
        "epoch": 2.0,
        "images": IMAGES,
        "attack": None if kind is None else {"kind": kind},
        "label": kind or "clean",
        "scale": None if kind is None else "deviation" if kind == "noise" else "linf",
        "strength": strength,
        "source": "epoch 1" if kind == "transfer" else None,
        "accuracy": right / IMAGES,
        "low": 0.0,
        "high": 1.0,
        "loss": 1.0,
        "right": [np.packbits(row).tobytes().hex()],
        **fields,
    }


def test_a_black_box_that_does_more_is_a_sign() -> None:
    calm = [entry("fgsm", 30), entry("pgd", 20), entry("square", 19), entry("transfer", 25)]
    assert signs_of_masking(calm) == [
        "no sign of masked gradients in these numbers, which is no proof that there are none"
    ]

    (sign,) = signs_of_masking([entry("fgsm", 30), entry("pgd", 20), entry("square", 5)])
    assert sign == (
        "masked at 0.1: square, which needs no gradient of this network, leaves 0.125, pgd 0.500"
    )
    (sign,) = signs_of_masking([entry("fgsm", 30), entry("pgd", 20), entry("transfer", 5)])
    assert sign.startswith("masked at 0.1: transfer from epoch 1")


def test_one_step_that_does_more_than_many_and_flat_images_are_signs() -> None:
    signs = signs_of_masking([entry(None, 40, flat=3), entry("fgsm", 10), entry("pgd", 30)])
    assert signs == [
        "masked: 3 of 40 clean images have no gradient in any pixel",
        "masked at 0.1: one step (fgsm) leaves 0.250, many (pgd) 0.750",
    ]


def test_of_several_attacks_of_one_kind_the_strongest_counts() -> None:
    (sign,) = signs_of_masking([entry("fgsm", 15), entry("pgd", 10), entry("pgd", 40)])
    assert sign.startswith("no sign")


def test_other_strengths_and_controls_are_no_signs() -> None:
    others = [
        entry("pgd", 30),
        entry("square", 5, strength=0.2),
        entry("random", 2),
        entry("noise", 1),
    ]
    assert len(signs_of_masking(others)) == 1
    assert signs_of_masking(others)[0].startswith("no sign")


def test_the_warning_stands_with_attacks_and_only_with_them() -> None:
    attacked = "\n".join(describe_epoch([entry(None, 40), entry("fgsm", 10), entry("square", 20)]))
    assert attacked.startswith("epoch 2: 1.000 (0.00 to 1.00) of 40 clean test images")
    assert "all of these attacks" in attacked
    assert "│ 0.250" in attacked
    assert MASKED_GRADIENTS in attacked
    assert MASKED_GRADIENTS not in "\n".join(describe_epoch([entry(None, 40), entry("noise", 10)]))


def test_what_is_undefined_is_said() -> None:
    signal = {
        "snr": None,
        "snr_images": 0,
        "unchanged": 9,
        "hoyer": None,
        "hoyer_images": 0,
        "silent": 9,
    }
    part = {
        "snr": 3.0,
        "snr_images": 7,
        "unchanged": 2,
        "hoyer": 0.5,
        "hoyer_images": 9,
        "silent": 0,
    }
    quiet = {**part, "snr": None, "unchanged": 0}
    layers = {"a": signal, "b": part, "c": quiet}
    told = "\n".join(
        describe_epoch(
            [{"what": "layers", "noise": 0.1, "layers": layers, "units": "rates", "images": 9}]
        )
    )
    rows = {line.split("│")[1].strip(): line for line in told.splitlines() if "│" in line}
    assert rows["a"].count("undefined") == 2
    assert "3.0 (7)" in rows["b"]
    assert "silent" in rows["c"]
