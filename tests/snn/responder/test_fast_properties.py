"""Random networks: at most 1e-5 of the spikes differ from the plain loop's.

Sums over a layer's inputs are made in another order, so a membrane that lands within rounding of its
threshold may fire a step earlier or later: about once in a million.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.snn.responder.small import KINDS, TOLERANCE, compare, network, pictures, with_neurons

WIDTHS = st.integers(1, 40)


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "shape": (
            draw(st.sampled_from([1, 3])),
            draw(st.integers(5, 14)),
            draw(st.integers(5, 14)),
        ),
        "channels": tuple(draw(st.lists(WIDTHS, min_size=1, max_size=3))),
        "hidden": tuple(draw(st.lists(WIDTHS, max_size=2))),
        "kernel": draw(st.sampled_from([1, 3, 5])),
        "beta": draw(st.sampled_from([0.0, 0.5, 0.9, 0.97, 1.0])),
        "threshold": draw(st.sampled_from([0.3, 1.0, 2.5])),
        "reset": draw(st.sampled_from(["subtract", "zero"])),
        "time_steps": draw(st.sampled_from([1, 7, 25, 64])),
        "seed": draw(st.integers(0, 10**6)),
        "gain": draw(st.sampled_from([0.5, 1.5, 4.0])),
    }


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    spec=networks(),
    kinds=st.sampled_from([0, 2, 30]),
    kind=st.sampled_from(KINDS),
    batch_size=st.integers(1, 9),
    data=st.data(),
)
def test_random_networks(
    spec: dict[str, Any], kinds: int, kind: str, batch_size: int, data: st.DataObject
) -> None:
    made = network(**spec)
    if kinds:
        with_neurons(made, kinds=kinds, seed=spec["seed"])
    images = pictures(kind, spec["shape"], 6, spec["seed"])
    depth = data.draw(st.integers(1, len(made.layers)))
    size = made.sizes[made.layers[depth - 1]]
    some = data.draw(st.none() | st.lists(st.integers(0, size - 1), min_size=1, max_size=5))
    neurons = None if some is None else {made.layers[depth - 1]: some}
    found = compare(made, images, made.layers[:depth], batch_size=batch_size, neurons=neurons)
    # small networks have few spikes: one neuron that fires a step late changes several of them
    assert found.spikes <= max(3, TOLERANCE * found.of)
