"""The student of a block: what it is made of, and that it proposes what drives its neurons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spikeatlas.optim import RESPONSE, Brief, GaussianSpace, Points
from spikeatlas.snn.layer_info import LayerInfo, Unit
from spikeatlas.snn.students import SearchedNeuron
from spikeatlas.tasks.search.block_student import (
    STIMULUS,
    BlockStudent,
    StudentSite,
    student_site,
)
from spikeatlas.tasks.search.objective import NaturalnessTerm, Objective
from tests.snn.students.cases import DIM, generator, responses, subject

SPACE = GaussianSpace(DIM, 64)
NEURONS = (1, 3)


def points_of(count: int) -> Points:
    return SPACE.sample(np.random.default_rng(0), count)


def brief(layer: str = "conv2", count: int = 300, **changes: Any) -> Brief:
    """Everything that a network told of drawn images, up to a layer."""
    points = points_of(count)
    stimuli = generator().decode(points)
    told = responses(subject(), stimuli)
    names = list(told)[: list(told).index(layer) + 1]
    own = told[layer][:, list(NEURONS)]
    recordings: dict[str, NDArray[Any]] = {name: told[name] for name in names}
    recordings |= {STIMULUS: stimuli, RESPONSE: own}
    starts = np.stack([points[np.argsort(-column)[:3]] for column in own.T])
    fields = Brief(points, recordings, np.arange(2), starts, 6, 7)
    return replace(fields, **changes)


def usual(given: Brief) -> NDArray[np.float64]:
    """Responses of the neurons that one in ten of the images reaches."""
    return np.asarray(np.quantile(given.recordings[RESPONSE], 0.9, axis=0))


def site(knows: Any, layer: str = "conv2") -> StudentSite:
    return student_site(subject(), {layer: NEURONS}, "channel", knows, None)


def answers(layer: str, points: Points) -> NDArray[np.float32]:
    """What the network answers to each neuron's proposals, (n, count)."""
    rows = [responses(subject(), generator().decode(SPACE.nearest(own)))[layer] for own in points]
    return np.stack([row[:, neuron] for row, neuron in zip(rows, NEURONS, strict=True)])


def test_a_site_holds_what_may_be_known() -> None:
    whole, shapes, numbers = site(None), site("structure"), site("numbers")
    assert list(whole.layers) == list(shapes.layers) == ["conv1", "conv2"]
    assert whole.maps is not None
    assert whole.structure is not None
    assert shapes.maps is None
    assert shapes.structure == whole.structure
    assert numbers.structure is None
    assert numbers.maps is None


def test_what_is_no_rate_has_no_maps() -> None:
    assert student_site(subject(), {"conv2": NEURONS}, None, None, None).maps is None


@pytest.mark.parametrize("knows", ["maps", "structure", "numbers"])
@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_proposals_drive_their_neurons_more(layer: str, knows: str) -> None:
    student = BlockStudent(site(knows, layer), generator(), SPACE, Objective())
    given = brief(layer)
    proposals = student(given)
    assert proposals.shape == (2, 6, DIM)
    assert (answers(layer, proposals).mean(axis=1) > usual(given)).all()


def test_the_least_exciting_images_silence_them() -> None:
    own = brief().recordings[RESPONSE]
    starts = np.stack([points_of(300)[np.argsort(column)[:3]] for column in own.T])
    student = BlockStudent(site(None), generator(), SPACE, Objective(-1))
    proposals = student(brief(starts=starts))
    assert (answers("conv2", proposals).min(axis=1) <= own.min(axis=0)).all()


def test_the_same_brief_has_the_same_answer_from_any_student() -> None:
    first, second = (BlockStudent(site(None), generator(), SPACE, Objective()) for _ in range(2))
    expected = first(brief())
    first(brief(seed=8))  # asked for something else in between
    assert np.array_equal(first(brief()), expected)
    assert np.array_equal(second(brief()), expected)
    assert not np.array_equal(second(brief(seed=8)), expected)


def test_some_neurons_alone_are_answered_for() -> None:
    student = BlockStudent(site(None), generator(), SPACE, Objective())
    given = brief()
    some = replace(given, neurons=np.array([1]), starts=given.starts[1:])
    assert student(some).shape == (1, 6, DIM)


def test_one_that_is_isolated_learns_from_its_own_responses() -> None:
    given = brief()
    own = {STIMULUS: given.recordings[STIMULUS], RESPONSE: given.recordings[RESPONSE][:, :1]}
    alone = replace(given, recordings=own, neurons=np.array([0]), starts=given.starts[:1])
    proposals = BlockStudent(site("numbers"), generator(), SPACE, Objective())(alone)
    (row,) = [responses(subject(), generator().decode(SPACE.nearest(proposals[0])))["conv2"]]
    assert row[:, NEURONS[0]].mean() > usual(given)[0]


def test_responses_that_were_not_measured_are_left_out() -> None:
    given = brief("conv1")
    recordings = {**given.recordings}
    recordings[RESPONSE] = recordings[RESPONSE].copy()
    recordings[RESPONSE][::4] = np.nan
    for knows in ("structure", "numbers"):
        student = BlockStudent(site(knows, "conv1"), generator(), SPACE, Objective())
        assert np.isfinite(student(replace(given, recordings=recordings))).all()


@pytest.mark.parametrize(
    "unit", [Unit("spikes/s", top=200.0), Unit("dF/F", top=None), Unit("z", top=None, bottom=None)]
)
def test_responses_in_any_unit(unit: Unit) -> None:
    given = brief("conv1")
    recordings = {STIMULUS: given.recordings[STIMULUS], RESPONSE: 200 * given.recordings[RESPONSE]}
    recordings["cell"] = recordings[RESPONSE]
    targets = (SearchedNeuron("cell", 0), SearchedNeuron("cell", 1))
    cells = StudentSite({"cell": LayerInfo(2, (), unit)}, targets, "channel", None, None)
    proposals = BlockStudent(cells, generator(), SPACE, Objective())(
        replace(given, recordings=recordings)
    )
    assert (answers("conv1", proposals).mean(axis=1) > usual(brief("conv1"))).all()


class Dark:
    """A scale on which dark images are typical."""

    def typicality(self, points: Any, stimuli: NDArray[np.uint8]) -> NDArray[np.float64]:
        del points
        return 1 - stimuli.reshape(len(stimuli), -1).mean(axis=1) / 255


def test_naturalness_ranks_what_was_climbed() -> None:
    dark = Objective(1, NaturalnessTerm(1.0, np.ones(2, np.float32), Dark()))  # type: ignore[arg-type]
    proposals = BlockStudent(site(None, "conv1"), generator(), SPACE, dark)(
        brief("conv1", count=120)
    )
    for points in proposals:
        brightness = generator().decode(points).reshape(len(points), -1).mean(axis=1)
        assert (np.diff(brightness) >= 0).all()
