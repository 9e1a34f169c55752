from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from pydantic import ValidationError
from scipy.special import log_softmax

from spikeatlas.snn.classifier import (
    Classifier,
    ClassifierRecord,
    ClassifierSpec,
    calibration_error,
    classifier_training,
    fit_temperature,
    load_classifier,
    train_classifier,
)
from spikeatlas.snn.files import load_checkpoint, read_metadata, save_checkpoint, save_state

SPEC = ClassifierSpec(width=2, epochs=3, batch_size=20)
STEPS_AN_EPOCH = 2
CLASSES = ("dark above", "dark below")

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


def make_data(count: int = 40, size: int = 8, channels: int = 1) -> tuple[Images, Labels]:
    """Noise whose upper or lower half is darker."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    images = rng.integers(100, 256, size=(count, channels, size, size))
    half = size // 2
    images[labels == 0, :, :half] -= 100
    images[labels == 1, :, half:] -= 100
    return images.astype(np.uint8), labels


IMAGES, LABELS = make_data()


def train(path: Path, spec: ClassifierSpec = SPEC, **options: Any) -> bytes:
    fields = {"images": IMAGES, "labels": LABELS, "classes": CLASSES, "seed": 3, "study": "digest"}
    train_classifier(spec, path=path, **{**fields, **options})
    return path.read_bytes()


def stop_after(steps: int) -> Callable[[], bool]:
    answers = iter([False] * steps)
    return lambda: next(answers, True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of an uninterrupted training."""
    return train(tmp_path_factory.mktemp("whole") / "judge.safetensors")


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """A classifier that has learnt the two classes."""
    path = tmp_path_factory.mktemp("judge") / "judge.safetensors"
    images, labels = make_data(200)
    train(path, ClassifierSpec(width=4, epochs=8, batch_size=20), images=images, labels=labels)
    return load_classifier(path)


@pytest.mark.parametrize(("size", "channels"), [(8, 1), (9, 3), (16, 1), (28, 1), (32, 3), (64, 1)])
def test_two_separable_classes_are_learnt(tmp_path: Path, size: int, channels: int) -> None:
    images, labels = make_data(120, size, channels)
    path = tmp_path / "judge.safetensors"
    spec = ClassifierSpec(width=2, epochs=10, batch_size=16)
    train(path, spec, images=images[:80], labels=labels[:80])
    judge = load_classifier(path)
    assert judge.image_shape == (channels, size, size)
    assert judge.classes == CLASSES
    probabilities = judge.probabilities(images[80:])
    assert (probabilities.argmax(axis=1) == labels[80:]).mean() > 0.9
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    features = judge.features(images[80:])
    assert features.shape == (40, 16)
    assert features.dtype == np.float32
    assert features.min() >= 0
    assert features.std(axis=0).max() > 0


@pytest.mark.parametrize("steps", range(STEPS_AN_EPOCH * SPEC.epochs))
def test_stopped_anywhere_and_resumed_is_the_same_file(
    tmp_path: Path, whole: bytes, steps: int
) -> None:
    path = tmp_path / "judge.safetensors"
    done = steps // STEPS_AN_EPOCH
    with pytest.raises(InterruptedError, match=f"stopped in epoch {done + 1}"):
        train(path, should_stop=stop_after(steps))
    assert not path.exists()
    epochs: list[int] = []
    assert train(path, on_epoch=lambda record: epochs.append(record.epoch)) == whole
    assert epochs == list(range(done + 1, 4))
    assert [entry.name for entry in tmp_path.iterdir()] == ["judge.safetensors"]


def test_global_random_generators_neither_matter_nor_move(tmp_path: Path, whole: bytes) -> None:
    torch.manual_seed(99)
    before = torch.get_rng_state()
    assert train(tmp_path / "judge.safetensors") == whole
    assert torch.equal(torch.get_rng_state(), before)


def test_a_finished_file_is_left_alone(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "judge.safetensors"
    train(path)
    stamp = path.stat().st_mtime_ns
    (tmp_path / "judge.safetensors.training-state.pt").write_bytes(b"left by a kill")
    assert train(path, should_stop=lambda: True) == whole
    assert path.stat().st_mtime_ns == stamp
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 4},
        {"study": "other"},
        {"images": IMAGES[::-1]},
        {"labels": 1 - LABELS},
        {"classes": ("a", "b")},
        {"spec": ClassifierSpec(width=2, epochs=3, batch_size=20, flip=True)},
        {"spec": ClassifierSpec(width=2, epochs=3, batch_size=20, precision="float32")},
    ],
)
def test_a_file_of_other_arguments_is_replaced(
    tmp_path: Path, whole: bytes, other: dict[str, Any]
) -> None:
    path = tmp_path / "judge.safetensors"
    assert train(path, **other) != whole
    assert train(path) == whole


@pytest.mark.parametrize("content", [b"", b"rubbish", None])
def test_a_useless_training_state_is_ignored(
    tmp_path: Path, whole: bytes, content: bytes | None
) -> None:
    state = tmp_path / "judge.safetensors.training-state.pt"
    if content is None:
        save_state(state, {"of": "another program"})
    else:
        state.write_bytes(content)
    assert train(tmp_path / "judge.safetensors") == whole


def test_metadata_tell_how_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "judge.safetensors"
    train(path)
    metadata = read_metadata(path)
    history = [ClassifierRecord(**record) for record in json.loads(metadata["history"])]
    assert [record.epoch for record in history] == [1, 2, 3]
    assert str(ClassifierRecord(1, 0.25, 0.5)) == "loss 0.250, 50.0% recognised"
    held_out = json.loads(metadata["held_out"])
    assert held_out["images"] == 4
    assert 0 <= held_out["accuracy"] <= 1
    assert load_classifier(path).temperature == float(metadata["temperature"])
    assert set(json.loads(metadata["versions"])) == {"numpy", "scipy", "torch"}


def test_a_twelfth_of_each_class_is_kept_from_training() -> None:
    labels = np.repeat([0, 1, 2], [24, 13, 1])
    kept, held_out = classifier_training._split(labels, seed=0)
    assert np.bincount(labels[held_out]).tolist() == [2, 2]
    assert sorted([*kept, *held_out]) == list(range(38))
    assert (held_out != classifier_training._split(labels, seed=1)[1]).any()


def test_a_row_does_not_depend_on_its_companions(judge: Classifier) -> None:
    images, _ = make_data(75)
    features, probabilities = judge.features(images), judge.probabilities(images)
    for rows in (np.arange(75)[::-1], np.array([7]), np.arange(3, 70, 5)):
        assert (judge.features(images[rows]) == features[rows]).all()
        assert (judge.probabilities(images[rows]) == probabilities[rows]).all()
    assert judge.features(images[:0]).shape == (0, 32)
    np.testing.assert_allclose(judge.features(images, batch_size=7), features, rtol=1e-4, atol=1e-5)


def test_the_temperature_makes_the_held_out_images_likelier() -> None:
    rng = np.random.default_rng(0)
    scores, labels = rng.standard_normal((2000, 4)), np.empty(2000, np.int64)
    chances = np.exp(log_softmax(scores, axis=1))
    for row, chance in enumerate(chances):
        labels[row] = rng.choice(4, p=chance)
    assert fit_temperature(3 * scores, labels) == pytest.approx(3, rel=0.1)
    fitted = fit_temperature(scores / 2, labels)
    assert fitted == pytest.approx(0.5, rel=0.1)
    assert cross_entropy(scores / 2 / fitted, labels) < cross_entropy(scores / 2, labels)


def test_the_temperature_of_a_faultless_classifier_claims_no_certainty() -> None:
    labels = np.arange(30) % 3
    scores = 5.0 * np.eye(3)[labels]
    fitted = fit_temperature(scores, labels)
    wrong = 1 - np.exp(log_softmax(scores / fitted, axis=1)).max(axis=1).mean()
    assert wrong == pytest.approx(1 / 32, rel=1e-3)


def cross_entropy(scores: npt.NDArray[np.float64], labels: Labels) -> float:
    return -float(log_softmax(scores, axis=1)[np.arange(len(labels)), labels].mean())


def test_probabilities_are_those_of_scores_over_the_temperature(judge: Classifier) -> None:
    wanted = np.exp(log_softmax(judge.scores(IMAGES) / judge.temperature, axis=1))
    np.testing.assert_allclose(judge.probabilities(IMAGES), wanted, rtol=1e-4)


def test_calibration_error_in_closed_form() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    labels = np.array([0, 1, 1, 0])
    # one bin a confidence: |1.8 - 1|, |0.8 - 1|, |0.6 - 1|
    assert calibration_error(probabilities, labels, bins=10) == pytest.approx(1.4 / 4)
    assert calibration_error(probabilities, labels, bins=1) == pytest.approx(0.2 / 4)
    assert calibration_error(np.eye(2), np.arange(2)) == 0
    assert calibration_error(np.eye(2), 1 - np.arange(2)) == 1


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (
            {"images": IMAGES.astype(np.float32)},
            r"images are float32 \(40, 1, 8, 8\): a classifier",
        ),
        ({"images": IMAGES[..., 1:]}, r"images are uint8 \(40, 1, 8, 7\)"),
        ({"images": IMAGES[..., 1:, 1:]}, "with a size of at least 8"),
        ({"labels": LABELS[1:]}, r"labels are int64 \(39,\) for 40 images"),
        ({"labels": LABELS / 2}, "labels are float64 .*: give one whole number"),
        ({"labels": LABELS + 1}, "labels run from 1 to 2: with 2 classes"),
        ({"classes": ("all",), "labels": 0 * LABELS}, "classes are 1: name at least two"),
        (
            {"images": IMAGES[:2], "labels": LABELS[:2]},
            "labels name no class three times in 2 images",
        ),
        (
            {"images": IMAGES[:0], "labels": LABELS[:0]},
            "labels name no class three times in 0 images",
        ),
    ],
)
def test_data_that_do_not_fit_are_named(
    tmp_path: Path, other: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        train(tmp_path / "judge.safetensors", **other)


def test_a_training_that_diverges_says_so(tmp_path: Path) -> None:
    with pytest.raises(FloatingPointError, match=r"diverged in epoch 1 with lr = 1e\+30"):
        train(
            tmp_path / "judge.safetensors", ClassifierSpec(width=2, epochs=1, batch_size=5, lr=1e30)
        )


def test_images_that_do_not_fit_are_named(judge: Classifier) -> None:
    wrongs: list[Any] = [IMAGES[..., 1:], IMAGES[0], IMAGES.astype(np.int64)]
    for wrong in wrongs:
        for measure in (judge.features, judge.probabilities):
            with pytest.raises(ValueError, match=r"takes uint8 images of shape \(n, 1, 8, 8\)"):
                measure(wrong)


def test_calibration_of_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match=r"probabilities \(2, 2\) and labels \(3,\) do not fit"):
        calibration_error(np.eye(2), np.arange(3))
    with pytest.raises(ValueError, match="bins is 0"):
        calibration_error(np.eye(2), np.arange(2), bins=0)


def test_a_file_of_another_kind_is_named(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "judge.safetensors"
    save_checkpoint(path, {"weight": torch.ones(2)}, {})
    with pytest.raises(
        ValueError, match=r"judge\.safetensors holds no classifier \('image_shape'\)"
    ):
        load_classifier(path)
    path.write_bytes(whole)
    tensors, metadata = load_checkpoint(path)
    save_checkpoint(path, {"weight": torch.ones(2)}, metadata)
    with pytest.raises(ValueError, match="holds no classifier"):
        load_classifier(path)
    save_checkpoint(path, tensors, {**metadata, "temperature": "hot"})
    with pytest.raises(ValueError, match="holds no classifier"):
        load_classifier(path)


@pytest.mark.parametrize(
    "field", [{"width": 0}, {"epochs": 0}, {"batch_size": 1}, {"lr": 0}, {"depth": 3}]
)
def test_a_specification_out_of_range_is_refused(field: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(field))):
        ClassifierSpec(**field)
