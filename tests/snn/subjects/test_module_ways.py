from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spikeatlas.snn.showing import Showing
from spikeatlas.snn.subjects import module_ways
from spikeatlas.snn.subjects.base import Subject
from tests.networks.showing import (
    OTHER,
    SHOWING,
    SNNTORCH,
    all_responses,
    module_source,
    picture_data,
)

IMAGES = picture_data().test.images


@dataclass
class Copy:
    """A way that asks another subject, and counts."""

    subject: Subject
    error: float = 0.0
    calls: list[int] = field(default_factory=list)
    name: str = "copied"

    def describe(self, names: Sequence[str]) -> list[str]:
        return [f"{name}: copied" for name in names]

    def reordered(self) -> None:
        return None

    def plainer(self) -> None:
        return None

    def counts(
        self,
        images: NDArray[np.uint8],
        names: Sequence[str],
        neurons: Mapping[str, Sequence[int]],
        *,
        batch_size: int,
    ) -> dict[str, NDArray[np.float64]]:
        self.calls.append(len(images))
        assert list(neurons) == list(names)
        showing = Showing(batch_size=batch_size, kind="plain")
        responses = self.subject.responses(images, neurons, showing)
        return {name: rows.astype(np.float64) + self.error for name, rows in responses.items()}


def connect(monkeypatch: pytest.MonkeyPatch, way: Any) -> list[list[str]]:
    """Let ``way`` be the faster one; returns the layers that it was made for."""
    asked: list[list[str]] = []

    def way_for(_module: Any, layers: Mapping[str, Any], *_rest: Any) -> Any:
        asked.append(list(layers))
        return way

    monkeypatch.setattr(module_ways, "way_for", way_for)
    return asked


def test_a_way_that_agrees_answers_and_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = module_source(f"{SNNTORCH}:tutorial").example()
    way = Copy(plain)
    asked = connect(monkeypatch, way)
    subject = module_source(f"{SNNTORCH}:tutorial").example()
    respond = subject.responder({"lif2": [1, 0], "lif1": [3]}, SHOWING)
    assert respond.describe() == ["lif2: copied", "lif1: copied"]
    responses = respond(IMAGES[:10])
    # eight images to try it, and two padded batches
    assert way.calls == [8, 8, 8]
    hooks = Showing(batch_size=8, kind="plain")
    expected = plain.responses(IMAGES[:10], {"lif2": [1, 0], "lif1": [3]}, hooks)
    assert all(np.array_equal(responses[name], expected[name]) for name in expected)
    subject.responder({"lif1": [0], "lif2": [0]}, SHOWING)
    subject.responder({"lif1": [0]}, SHOWING)
    assert asked == [["lif1", "lif2"], ["lif1"]]


def test_a_way_that_differs_leaves_the_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = module_source(f"{SNNTORCH}:tutorial").example()
    connect(monkeypatch, Copy(plain, error=1e-6))
    subject = module_source(f"{SNNTORCH}:tutorial").example()
    (line,) = subject.responder({"lif2": [0]}, SHOWING).describe()
    assert line == (
        "lif2: hooks, the module ends at the deepest layer "
        "(the way copied does not give the module's own responses in layer lif2)"
    )
    first, second = all_responses(subject, IMAGES), all_responses(plain, IMAGES)
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_what_a_way_cannot_do_is_left_to_the_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = connect(monkeypatch, "never")
    module_source(f"{OTHER}:small").example().responder({"relu1": [0]}, SHOWING)
    module_source(f"{OTHER}:drawing").example().responder({"relu1": [0]}, SHOWING)
    subject = module_source(f"{SNNTORCH}:tutorial", classes="logit").example()
    subject.responder({"lif1": [0], "classes": [0]}, SHOWING)
    subject.responder({"lif1": [0]}, Showing(kind="plain"))
    subject.silenced("lif1", 0).responder({"lif1": [0]}, SHOWING)
    assert asked == []


@pytest.mark.parametrize("readout", ["auto", "lif3"])
def test_scores_that_are_a_layers_spikes_come_the_faster_way(
    monkeypatch: pytest.MonkeyPatch, readout: str
) -> None:
    plain = module_source(f"{SNNTORCH}:tutorial", readout=readout).example()
    way = Copy(plain)
    connect(monkeypatch, way)
    subject = module_source(f"{SNNTORCH}:tutorial", readout=readout).example()
    scores = subject.scores(IMAGES[:10], SHOWING)
    # eight images to try it, and two padded batches
    assert way.calls == [8, 8, 8]
    hooks = Showing(batch_size=8, kind="plain")
    assert np.array_equal(scores, plain.scores(IMAGES[:10], hooks))
    silent = subject.silenced("lif1", 0).scores(IMAGES[:10], SHOWING)
    assert np.array_equal(silent, plain.silenced("lif1", 0).scores(IMAGES[:10], hooks))
    assert way.calls == [8, 8, 8]


@pytest.mark.parametrize("layers", [["lif2"], {"lif1": "lif2"}])
def test_a_plan_has_the_names_of_its_modules(layers: Any) -> None:
    subject = module_source(f"{SNNTORCH}:tutorial", layers=layers).example()
    (name,) = subject.layers
    lines = subject.responder({name: [0, 1]}, Showing(batch_size=8)).describe()
    assert all("lowered to our own layers" in line for line in lines)
    # the one before is a layer of no name, or its name is another's
    assert ("#1" in "".join(lines)) == (name == "lif1")
    assert [line for line in lines if f"{name}:" in line]
    assert [line for line in lines if ("lif1:" if name == "lif2" else "lif1#1:") in line]
