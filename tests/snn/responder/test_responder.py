"""The responder's promises: shapes, errors, independence, threads, memory."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.responder import fast
from spikeatlas.snn.responder.fast import distinct
from spikeatlas.snn.responder.plain import PlainResponder, Responses
from spikeatlas.snn.responder.responder import Responder
from tests.snn.responder.small import Images, compare, leaky, network, pictures


def test_shapes_and_types() -> None:
    made = network(channels=(6, 8), hidden=(7,))
    found = Responder(made, ["conv2", "out"], neurons={"conv2": [3, 1]})(
        pictures("noise", (1, 8, 8), 3)
    )
    assert list(found) == ["conv2", "out"]
    assert found["conv2"].shape == (3, 2)
    assert found["out"].shape == (3, 5)
    for rates in found.values():
        assert rates.dtype == np.float32
        assert rates.min() >= 0
        assert rates.max() <= 1


@pytest.mark.parametrize("kind", ["auto", "plain"])
def test_no_images(kind: Any) -> None:
    made = network(channels=(6, 8))
    found = Responder(made, ["conv2"], neurons={"conv2": [3]}, kind=kind)(
        np.empty((0, 1, 8, 8), np.uint8)
    )
    assert found["conv2"].shape == (0, 1)


def test_both_kinds_take_neurons() -> None:
    made = network(channels=(6, 8))
    images = pictures("noise", (1, 8, 8), 3)
    options: dict[str, Any] = {"neurons": {"conv2": [3, 0]}, "batch_size": 4}
    found = [Responder(made, ["conv2"], kind=kind, **options)(images) for kind in ("auto", "plain")]
    np.testing.assert_array_equal(found[0]["conv2"], found[1]["conv2"])


@pytest.mark.parametrize("kind", ["auto", "plain"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": ["conv9"]}, "conv9"),
        ({"layers": []}, "layers is empty"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"presentations": 0}, "presentations is 0"),
        ({"neurons": {"conv1": [0]}}, "neurons names layer 'conv1'"),
        ({"neurons": {"conv2": [8]}}, r"neurons of layer 'conv2' are \[8\]: .* 0 to 7"),
        ({"neurons": {"conv2": [-1]}}, "0 to 7"),
        ({"neurons": {"conv2": []}}, "at least one"),
    ],
)
def test_bad_arguments(options: dict[str, Any], words: str, kind: Any) -> None:
    made = network(channels=(6, 8))
    with pytest.raises(ValueError, match=words):
        Responder(made, **{"layers": ["conv2"], "kind": kind, **options})


@pytest.mark.parametrize("kind", ["auto", "plain"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(value: float, kind: Any) -> None:
    made = network()
    with torch.no_grad():
        next(iter(made)).operator.weight[0] = value
    with pytest.raises(ValueError, match=r"stages.0.operator.weight holds NaN"):
        Responder(made, ["out"], kind=kind)


@pytest.mark.parametrize("kind", ["auto", "plain"])
def test_no_time(kind: Any) -> None:
    made = network()
    made.time_steps = 0
    with pytest.raises(ValueError, match="time_steps is 0"):
        Responder(made, ["out"], kind=kind)


@pytest.mark.parametrize("kind", ["auto", "plain"])
def test_bad_images(kind: Any) -> None:
    respond = Responder(network(), ["out"], kind=kind)
    with pytest.raises(ValueError, match="float32"):
        respond(np.zeros((1, 1, 8, 8), np.float32))
    with pytest.raises(ValueError, match="shape"):
        respond(np.zeros((1, 1, 9, 8), np.uint8))


def test_silent_and_saturated_layers() -> None:
    made = network(channels=(6, 8), hidden=())
    stages = list(made)
    with torch.no_grad():
        for stage, bias in zip(stages, (-100.0, 100.0, -100.0), strict=True):
            assert stage.operator.bias is not None
            stage.operator.bias.fill_(bias)
    images = pictures("noise", (1, 8, 8), 3)
    found = Responder(made, made.layers, batch_size=4)(images)
    assert [float(found[name].mean()) for name in made.layers] == [0, 1, 0]
    assert compare(made, images).spikes == 0


def test_a_response_does_not_depend_on_its_companions() -> None:
    made = network((3, 12, 12), channels=(20, 34), hidden=(9,))
    images = pictures("noise", (3, 12, 12), 23)
    respond = Responder(made, made.layers, batch_size=8)
    together = respond(images)
    order = np.random.default_rng(0).permutation(len(images))
    shuffled = respond(images[order])
    for name in made.layers:
        np.testing.assert_array_equal(shuffled[name], together[name][order])
    for place in (0, 7, 22):
        alone = respond(images[place : place + 1])
        for name in made.layers:
            np.testing.assert_array_equal(alone[name][0], together[name][place])


def test_a_neuron_does_not_depend_on_the_others_asked_for() -> None:
    made = network((3, 12, 12), channels=(20, 34), hidden=(9,), time_steps=128)
    images = pictures("noise", (3, 12, 12), 6)
    every = Responder(made, ["conv2"], batch_size=8)(images)["conv2"]
    for neurons in ([5], [33, 0], list(range(9)), list(range(33))):
        some = Responder(made, ["conv2"], batch_size=8, neurons={"conv2": neurons})(images)
        np.testing.assert_array_equal(some["conv2"], every[:, neurons])


def test_duplicates_are_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "_DEAR", 0)
    made = network(channels=(6, 8))
    images = pictures("noise", (1, 8, 8), 9)
    repeated = images[[0, 3, 3, 1, 0, 8]]
    respond = Responder(made, made.layers, batch_size=4)
    shown: list[int] = []
    inner = respond._respond
    assert isinstance(inner, fast.FastResponder)
    count = inner._respond

    def counted(seen: Images) -> Responses:
        shown.append(len(seen))
        return count(seen)

    monkeypatch.setattr(inner, "_respond", counted)
    found = respond(repeated)
    assert shown == [4]
    for name in made.layers:
        np.testing.assert_array_equal(found[name], respond(images)[name][[0, 3, 3, 1, 0, 8]])


def test_distinct_images() -> None:
    images = np.array([3, 1, 3, 2, 1], np.uint8)[:, None, None, None]
    different, places = distinct(images)
    assert different.ravel().tolist() == [3, 1, 2]
    assert places.tolist() == [0, 1, 0, 2, 1]
    same, all_places = distinct(different)
    assert same is different
    assert all_places.tolist() == [0, 1, 2]


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_two_threads_equal_one(coding: str) -> None:
    made = network((3, 12, 12), channels=(20, 34), hidden=(9,), coding=coding)
    respond = Responder(made, made.layers, batch_size=8, key=CodingKey(0, "c", "search"))
    images = [pictures("noise", (3, 12, 12), 24, seed) for seed in range(4)]
    expected = [respond(batch) for batch in images]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(respond, images * 2))
    for place, responses in enumerate(found):
        for name in made.layers:
            np.testing.assert_array_equal(responses[name], expected[place % 4][name])


def test_a_call_changes_nothing() -> None:
    made = network(channels=(6, 8))
    before = {name: value.clone() for name, value in made.state_dict().items()}
    Responder(made, made.layers)(pictures("noise", (1, 8, 8), 3))
    for name, value in made.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(leaky(layer).mem.numel() == 0 for layer in made)


def test_memory_is_bounded() -> None:
    made = network((3, 32, 32), channels=(48, 16), hidden=(), time_steps=64)
    images = pictures("noise", (3, 32, 32), 64)
    respond = Responder(made, made.layers, batch_size=64, memory=2**24)
    respond(images[:1])
    tracemalloc.start()
    respond(images)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    whole = 64 * 64 * 48 * 16 * 16
    assert peak < 2**24 < whole


@pytest.mark.parametrize("memory", [1, 2**18, 2**30])
@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_any_memory_gives_the_same(memory: int, coding: str) -> None:
    made = network((3, 12, 12), channels=(20, 34), hidden=(9,), coding=coding)
    images = pictures("noise", (3, 12, 12), 9)
    key = CodingKey(0, "c", "search")
    expected = PlainResponder(made, made.layers, batch_size=8, key=key)(images)
    found = Responder(made, made.layers, batch_size=8, key=key, memory=memory)(images)
    for name in made.layers:
        np.testing.assert_array_equal(found[name], expected[name])
