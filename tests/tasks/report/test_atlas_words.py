"""Units, responses and lacks in words."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from spikeatlas.snn.subjects import LACKS
from spikeatlas.snn.training import TrainingAxis
from spikeatlas.tasks.atlas import SPIKES, UnitFields
from spikeatlas.tasks.atlas.groups.arrays import SMALLEST
from spikeatlas.tasks.report.atlas_words import (
    UNKNOWN,
    answered,
    axis_of,
    lead_sentence,
    level,
    long_unit,
    network_lack,
    network_phrase,
    response_sentence,
    searched_when,
    state_sentence,
)
from tests.tasks.report.synthetic import plan

OPEN = UnitFields("dF/F", None, None)
UP = UnitFields("natural maximum", 0.0, None)


@pytest.mark.parametrize(
    ("response", "text"),
    [
        (0.5, "0.500"),
        (0, "0.000"),
        (-4.1264, "-4.126"),
        (12.3456, "12.35"),
        (9871.25, "9871"),
        (0.00012346, "0.0001235"),
        (np.nan, UNKNOWN),
    ],
)
def test_a_response_has_the_digits_that_tell_it(response: float, text: str) -> None:
    assert level(response) == text


def test_units_say_from_where_to_where() -> None:
    assert long_unit(SPIKES) == "spike rate, 0 to 1"
    assert long_unit(OPEN) == "dF/F"
    assert long_unit(UP) == "natural maximum, 0 or more"
    assert long_unit(UnitFields("x", None, 2.0)) == "x, 2 at most"


def test_an_axis_names_the_unit_that_all_layers_share() -> None:
    rates, mixed = plan(), plan(units={"out": UP})
    assert axis_of(rates, rates.layers) == "spike rate"
    assert axis_of(mixed, ["out"]) == "response (natural maximum)"
    assert axis_of(mixed, mixed.layers) == "response (each layer's unit)"


def test_the_sentence_of_units() -> None:
    assert "spike rates from 0 to 1" in response_sentence(plan())
    assert response_sentence(plan(units={"conv1": OPEN, "out": OPEN})).endswith("responses: dF/F.")
    mixed = response_sentence(plan(units={"out": UP}))
    assert "spike rate, 0 to 1 (conv1); natural maximum, 0 or more (out)" in mixed


def test_states_are_those_that_the_units_allow() -> None:
    assert "answers its MEI with 1." in state_sentence(plan(), 1)
    assert "answers each with 1." in state_sentence(plan(), -1)
    assert "saturated" not in state_sentence(plan(units={"conv1": OPEN, "out": UP}), 1)
    assert "the most that its unit allows" in state_sentence(plan(units={"out": UP}), 1)


def test_zero_is_an_answer_where_something_is_below_it() -> None:
    responses = np.array([-1.0, 0.0, 1.0, np.nan])
    assert answered(responses, SPIKES).tolist() == [False, False, True, False]
    assert answered(responses, OPEN).tolist() == [True, True, True, False]


def test_the_network_in_words() -> None:
    trained, foreign = plan(), plan(lacks=("readout", "training"), epochs=(0.0,))
    assert network_lack(trained, *LACKS) == ""
    assert network_lack(foreign, "epochs", "readout") == (
        f"The network does not have {LACKS['readout']}."
    )
    assert network_phrase(trained, "digits") == "a spiking network trained on digits"
    assert network_phrase(foreign, "digits") == "a spiking network shown digits"
    units = {"conv1": UP, "out": UP}
    assert network_phrase(plan(units=units), "digits") == "a network trained on digits"
    assert searched_when(trained)
    assert not searched_when(foreign)


def test_the_page_says_what_other_epochs_count() -> None:
    stages = TrainingAxis("stage", "conversion stage", "1", "layers that spike")
    layout = dataclasses.replace(SMALLEST, axis=stages)
    sentence = " Epochs here count something else: conversion stage (layers that spike)."
    assert lead_sentence(layout, "digits", 1) == lead_sentence(SMALLEST, "digits", 1) + sentence
