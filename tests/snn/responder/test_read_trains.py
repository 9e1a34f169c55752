"""Readings of whole spike trains equal those of the plain loop."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.readings import RATE, READINGS, TrainReading
from spikeatlas.snn.responder import PlainResponder, Responder
from tests.snn.responder.small import network, pictures

KEY = CodingKey(3, "c", "report")
OWN: tuple[dict[str, Any], ...] = (
    {},
    {"neuron": {"kind": "tests.snn.own_layers:Adaptive", "strength": 0.4}},
    {"neuron": "tests.snn.own_layers:Ternary"},
    {"neuron": {"kind": "dsr-if", "threshold": 0.6}},
    {"norm": "tests.snn.own_layers:Ramp"},
)


def reading_of(kind: Any) -> TrainReading:
    reading = READINGS.read(kind)
    assert isinstance(reading, TrainReading)
    return reading


def trains_of(steps: int) -> list[TrainReading]:
    window = {"kind": "window", "start": steps // 3, "stop": steps // 3 + 1 + steps // 4}
    return [RATE, reading_of("latency"), reading_of(window)]


@st.composite
def chains(draw: st.DrawFn) -> dict[str, Any]:
    sides = st.integers(4, 13)
    return {
        "shape": (draw(st.sampled_from([1, 3])), draw(sides), draw(sides)),
        "channels": tuple(draw(st.lists(st.integers(1, 20), min_size=1, max_size=3))),
        "hidden": tuple(draw(st.lists(st.integers(1, 20), max_size=2))),
        "kernel": draw(st.sampled_from([1, 3, 5])),
        "beta": draw(st.sampled_from([0.0, 0.5, 0.9, 1.0])),
        "reset": draw(st.sampled_from(["subtract", "zero"])),
        "time_steps": draw(st.sampled_from([1, 7, 25])),
        "coding": draw(st.sampled_from(["current", "poisson"])),
        "seed": draw(st.integers(0, 10**6)),
        **draw(st.sampled_from(OWN)),
    }


@settings(max_examples=60, derandomize=True, deadline=None)
@given(chain=chains(), kind=st.sampled_from(["natural", "noise"]), data=st.data())
def test_random_chains(chain: dict[str, Any], kind: str, data: st.DataObject) -> None:
    if chain["time_steps"] == 1 and "Adaptive" in str(chain.get("neuron")):
        chain["time_steps"] = 2
    net = network(**chain).eval()
    images = pictures(kind, chain["shape"], 5, chain["seed"])
    options = {"key": KEY, "presentations": data.draw(st.integers(1, 2))}
    memory = data.draw(st.sampled_from([2**10, 2**16, 2**30]))
    for reading in trains_of(net.time_steps):
        for unit in ("channel", "centre", (0, 0)):
            chosen: dict[str, Any] = {**options, "reading": reading, "unit": unit}
            read = Responder(net, net.layers, batch_size=3, memory=memory, **chosen)(images)
            plain = PlainResponder(net, net.layers, batch_size=3, **chosen)(images)
            for name in net.layers:
                np.testing.assert_array_equal(read[name], plain[name], err_msg=str(chosen))
