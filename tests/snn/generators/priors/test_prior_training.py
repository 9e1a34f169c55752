"""Learning a prior: known dependences, one file however often it is stopped, bad input."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from spikeatlas.snn.files import load_checkpoint, read_metadata, save_state
from spikeatlas.snn.generators.priors import (
    PriorRecord,
    first_guess,
    load_prior,
    prior_training,
    train_prior,
)

Array = npt.NDArray[Any]
CODEBOOK = np.random.default_rng(8).standard_normal((5, 3)).astype(np.float32)
POINTS = np.random.default_rng(9).integers(5, size=(60, 4))
_STEPS, _EPOCHS = 3, 3


def train(path: Path, points: Array = POINTS, codes: int = 5, **options: Any) -> bytes:
    fields = {"codebook": CODEBOOK, "seed": 3, "study": "digest", **options}
    train_prior(points, codes, fields.pop("codebook"), path=path, **fields)
    return path.read_bytes()


def stop_after(steps: int) -> Callable[[], bool]:
    answers = iter([False] * steps)
    return lambda: next(answers, True)


def held_out_nats(path: Path) -> tuple[float, float]:
    nats = json.loads(read_metadata(path)["held_out_nats"])
    return nats["factorised"], nats["autoregressive"]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few steps an epoch, which all are run."""
    monkeypatch.setattr(prior_training, "_STEPS", _STEPS)
    monkeypatch.setattr(prior_training, "_STEP_CODES", 64)
    monkeypatch.setattr(prior_training, "_EPOCHS", _EPOCHS)
    monkeypatch.setattr(prior_training, "_PATIENCE", _EPOCHS)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough steps for what is easy."""
    monkeypatch.setattr(prior_training, "_STEPS", 60)
    monkeypatch.setattr(prior_training, "_EPOCHS", 5)
    monkeypatch.setattr(prior_training, "_STEP_CODES", 512)


# what is learnt


@pytest.mark.usefixtures("quick")
def test_positions_that_are_all_alike(tmp_path: Path) -> None:
    """The first code is a coin, the three others equal it: log 2 a code, or log 2 a row."""
    path = tmp_path / "prior.safetensors"
    points = np.repeat(np.random.default_rng(0).integers(2, size=(2000, 1)), 4, axis=1)
    train(path, points, 2, codebook=None)
    factorised, autoregressive = held_out_nats(path)
    assert math.isclose(factorised, math.log(2), rel_tol=0, abs_tol=0.01)
    # neighbours hidden in training make it a little less sure
    assert math.log(2) / 4 <= autoregressive + 0.005 < math.log(2) / 4 + 0.04
    known = load_prior(path, "autoregressive")
    drawn = known.sample(np.random.default_rng(1), 500)
    assert (drawn == drawn[:, :1]).all(axis=1).mean() > 0.95
    assert abs(drawn[:, 0].mean() - 0.5) < 0.1
    assert math.isclose(known.nats_per_code(points), autoregressive, abs_tol=0.01)


@pytest.mark.usefixtures("quick")
def test_independent_codes_leave_nothing_to_learn(tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    rng = np.random.default_rng(1)
    train(path, rng.choice(5, size=(1000, 4), p=[0.6, 0.1, 0.1, 0.1, 0.1]))
    factorised, autoregressive = held_out_nats(path)
    assert factorised - 0.01 < autoregressive <= factorised
    entropy = -0.6 * math.log(0.6) - 0.4 * math.log(0.1)
    assert abs(factorised - entropy) < 0.1
    shares = np.exp(load_prior(path, "factorised").log_marginals)
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-6)
    assert np.allclose(shares, [0.6, 0.1, 0.1, 0.1, 0.1], atol=0.06)


@pytest.mark.usefixtures("short")
def test_codes_never_seen_are_unlikely_not_impossible(tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    train(path, np.zeros((20, 4), np.int64))
    for kind in ("factorised", "autoregressive"):
        logs = load_prior(path, kind).log_likelihood(np.array([[0] * 4, [4] * 4]))
        assert np.isfinite(logs).all()
        assert logs[1] < logs[0] <= 0
    assert all(map(math.isfinite, held_out_nats(path)))


@pytest.mark.usefixtures("short")
def test_the_header_says_what_the_priors_measure(tmp_path: Path) -> None:
    """Numpy's likelihoods in float64 against torch's in float32, on the rows held out."""
    path, records = tmp_path / "prior.safetensors", list[PriorRecord]()
    train(path, POINTS % 3, on_epoch=records.append)
    metadata = read_metadata(path)
    held_out, _ = first_guess.split_rows(POINTS % 3, np.random.default_rng(3))
    assert len(held_out) == 6
    for kind, nats in zip(("factorised", "autoregressive"), held_out_nats(path), strict=True):
        measured = load_prior(path, kind).nats_per_code(held_out)  # type: ignore[arg-type]
        assert math.isclose(measured, nats, rel_tol=1e-5)
    assert json.loads(metadata["history"]) == [vars(record) for record in records]
    assert len(records) == _EPOCHS
    assert f"{records[0]}" == f"epoch 1: {records[0].held_out:.4f} nats a code held out"
    assert (metadata["positions"], metadata["codes"], metadata["seed"]) == ("4", "5", "3")
    assert metadata["study"] == "digest"
    assert set(json.loads(metadata["versions"])) == {"numpy", "torch"}
    assert json.loads(metadata["smoothing"]) in first_guess.SMOOTHINGS


@pytest.mark.usefixtures("short")
def test_the_start_is_the_factorised_prior(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(prior_training, "_EPOCHS", 0)
    path = tmp_path / "prior.safetensors"
    train(path)
    one, two = (load_prior(path, kind) for kind in ("factorised", "autoregressive"))
    assert np.array_equal(one.log_likelihood(POINTS), two.log_likelihood(POINTS))
    assert len(set(held_out_nats(path))) == 1


def test_it_stops_when_nothing_more_is_learnt(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(prior_training, "_STEP_CODES", 64)
    path, records = tmp_path / "prior.safetensors", list[PriorRecord]()
    train(path, on_epoch=records.append)  # of 54 rows of noise
    held_out = [record.held_out for record in records]
    assert len(records) < prior_training._EPOCHS
    factorised, autoregressive = held_out_nats(path)
    assert autoregressive == min(factorised, *held_out)
    assert [factorised, *held_out].index(autoregressive) == len(records) - prior_training._PATIENCE


# one file


@pytest.mark.usefixtures("short")
def test_stopped_anywhere_and_resumed_is_the_same_file(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole.safetensors")
    path = tmp_path / "stopped" / "prior.safetensors"
    for steps in range(_STEPS * _EPOCHS):
        with pytest.raises(InterruptedError, match=f"stopped in epoch {steps // _STEPS + 1}"):
            train(path, should_stop=stop_after(steps))
        assert not path.exists()
        epochs: list[int] = []
        assert train(path, on_epoch=lambda record, to=epochs: to.append(record.epoch)) == whole
        assert epochs == list(range(steps // _STEPS + 1, _EPOCHS + 1))
        assert [entry.name for entry in path.parent.iterdir()] == ["prior.safetensors"]
        path.unlink()


@pytest.mark.usefixtures("short")
def test_global_random_generators_neither_matter_nor_move(tmp_path: Path) -> None:
    whole = train(tmp_path / "one.safetensors")
    torch.manual_seed(99)
    before = torch.get_rng_state()
    assert train(tmp_path / "two.safetensors") == whole
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.usefixtures("short")
def test_a_finished_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    whole, stamp = train(path), path.stat().st_mtime_ns
    path.with_name(path.name + ".training-state.pt").write_bytes(b"left by a kill")
    assert train(path, should_stop=lambda: True) == whole
    assert path.stat().st_mtime_ns == stamp
    assert len(list(tmp_path.iterdir())) == 1


OTHERS = [
    {"seed": 4},
    {"study": "other"},
    {"points": POINTS[:50]},
    {"codebook": None},
    {"codebook": CODEBOOK + CODEBOOK**2},
]


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("other", OTHERS, ids=lambda other: next(iter(other)))
def test_a_file_of_other_arguments_is_replaced(tmp_path: Path, other: dict[str, Any]) -> None:
    path = tmp_path / "prior.safetensors"
    whole = train(path)
    assert train(path, **other) != whole
    assert train(path) == whole


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("content", [b"", b"rubbish", None])
def test_a_damaged_file_or_state_is_made_again(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "prior.safetensors"
    whole = train(path)
    path.write_bytes(whole[:-1] + b"\x07" if content is None else content)
    state = path.with_name(path.name + ".training-state.pt")
    if content is None:
        save_state(state, {"identity": {"seed": "of others"}})
    else:
        state.write_bytes(content)
    assert train(path) == whole


@pytest.mark.usefixtures("short")
def test_the_number_type_of_points_does_not_matter(tmp_path: Path) -> None:
    whole = train(tmp_path / "one.safetensors")
    assert train(tmp_path / "two.safetensors", POINTS.astype(np.uint8)) == whole


@pytest.mark.usefixtures("short")
def test_arguments_are_left_alone(tmp_path: Path) -> None:
    points, codebook = POINTS.copy(), CODEBOOK.copy()
    train(tmp_path / "prior.safetensors", points, codebook=codebook)
    assert np.array_equal(points, POINTS)
    assert np.array_equal(codebook, CODEBOOK)


def test_the_file_holds_both_priors(tmp_path: Path, short: None) -> None:
    path = tmp_path / "prior.safetensors"
    train(path)
    tensors, metadata = load_checkpoint(path)
    assert tensors["log_marginals"].shape == (4, 5)
    assert set(tensors) == {
        "log_marginals", "features", "window", "place", "mix", "bias", "output",
    }  # fmt: skip
    assert len(metadata["points_sha256"]) == len(metadata["codebook_sha256"]) == 64


# bad input


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"points": POINTS[0]}, r"points are int64 \(4,\): .* shape \(n, positions\)"),
        ({"points": POINTS[:1]}, "at least 2 rows"),
        ({"points": POINTS / 2}, "points are float64"),
        ({"points": POINTS[:, :0]}, r"points are int64 \(60, 0\)"),
        ({"points": POINTS[:, :3]}, "positions are 3: they must form a square grid"),
        ({"points": POINTS + 1}, r"codes from 1 to 5: this prior has codes 0\.\.4"),
        ({"points": POINTS - 1}, "codes from -1 to 3"),
        ({"codes": 1}, "codes is 1: a prior needs at least 2"),
        ({"codebook": CODEBOOK[:4]}, r"shape \(4, 3\): .* each of the 5 codes"),
        ({"codebook": CODEBOOK[:, 0]}, r"shape \(5,\): it must be \(codes, embedding\)"),
    ],
)
def test_what_cannot_be_learnt_from(tmp_path: Path, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        train(tmp_path / "prior.safetensors", **fields)
    assert not list(tmp_path.iterdir())
