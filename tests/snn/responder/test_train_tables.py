"""Tables of spike trains: exact, ordered, complete."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeatlas.snn.networks import SpikingLayer
from spikeatlas.snn.networks.layer import SteadyLinear
from spikeatlas.snn.neurons.leaky import LeakyNeuron
from spikeatlas.snn.responder import lookup, train_tables
from spikeatlas.snn.responder.kernels import constant
from spikeatlas.snn.responder.kernels.tiling import Span, by_filters
from spikeatlas.snn.responder.lookup import layer_lookup
from spikeatlas.snn.responder.train_tables import train_table
from tests.snn.responder.small import leaky_kind

PARAMETERS = ((0.9, 1.0), (0.0, 0.7), (1.0, 1.0), (0.5, 2.0), (0.99, 0.1))
LARGEST = float(np.finfo(np.float32).max)


def stepped(
    currents: npt.NDArray[np.float32], beta: float, threshold: float, steps: int, *, zero: bool
) -> npt.NDArray[np.uint8]:
    """Trains (k, T) as snnTorch's neuron fires them."""
    neuron = LeakyNeuron(beta, threshold, "zero" if zero else "subtract")
    spikes, _ = neuron.unroll(torch.from_numpy(currents)[None, None], steps)
    return spikes[:, 0].T.numpy().astype(np.uint8)


def unpacked(table: train_tables.TrainTable, steps: int) -> npt.NDArray[np.uint8]:
    return np.unpackbits(table.spikes, axis=1, bitorder="little")[:, :steps]


def test_as_many_trains_as_known() -> None:
    for steps, count in ((25, 289), (128, 5420)):
        table = train_table(leaky_kind(0.9, 1.0, zero=False), steps)
        assert table is not None
        assert len(table.edges) == count


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize(("beta", "threshold"), PARAMETERS)
@pytest.mark.parametrize("steps", [1, 9, 40])
def test_edges_part_trains(beta: float, threshold: float, steps: int, *, zero: bool) -> None:
    beta, threshold = np.float32(beta).item(), np.float32(threshold).item()
    table = train_table(leaky_kind(beta, threshold, zero=zero), steps)
    assert table is not None
    spikes = unpacked(table, steps)
    assert not spikes[0].any()
    assert (np.diff(table.edges) > 0).all()
    at = stepped(table.edges, beta, threshold, steps, zero=zero)
    before = np.nextafter(table.edges[1:], np.float32(-np.inf))
    below = stepped(before, beta, threshold, steps, zero=zero)
    np.testing.assert_array_equal(at, spikes)
    np.testing.assert_array_equal(below, spikes[:-1])


@pytest.mark.parametrize("zero", [False, True])
def test_rises_count_spikes(*, zero: bool) -> None:
    table = train_table(leaky_kind(0.9, 1.0, zero=zero), 30)
    assert table is not None
    counted = np.cumsum(unpacked(table, 30), axis=1, dtype=np.int64)
    for step, rises in enumerate(table.rises):
        steps_up = np.bincount(rises, minlength=len(table.edges))
        np.testing.assert_array_equal(np.cumsum(steps_up), counted[:, step])


def found(
    layer: SpikingLayer, currents: npt.NDArray[np.float32], steps: int
) -> npt.NDArray[np.int64]:
    """Spike counts by look-up, of currents (n, channels)."""
    tables = layer_lookup(layer, steps)
    assert tables is not None
    span = Span(1, 1, 1, 0)
    tiling = by_filters(span, span, 1, 1)
    count, channels = currents.shape
    counts = np.zeros((count, channels), np.int64)
    constant.find_trains(
        currents[:, None, None],
        tiling.height,
        tiling.width,
        tables.finder,
        np.empty((count, channels + 1), np.uint16),
        np.empty((count, channels + 1), np.int32),
        np.empty((count, 2), np.int32),
        counts,
        True,
    )
    return counts


@settings(max_examples=25, derandomize=True, deadline=None)
@given(
    beta=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
    threshold=st.sampled_from([0.5, 1.0]),
    steps=st.sampled_from([1, 7, 50]),
    zero=st.booleans(),
    currents=st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=50),
)
def test_look_up_equals_stepping(
    beta: float,
    threshold: float,
    steps: int,
    zero: bool,
    currents: list[float],
) -> None:
    layer = SpikingLayer(
        "a", SteadyLinear(1, 1), LeakyNeuron(beta, threshold, "zero" if zero else "subtract")
    )
    values = np.array(currents, np.float32)
    expected = stepped(values, beta, threshold, steps, zero=zero).sum(axis=1)
    np.testing.assert_array_equal(found(layer, values[:, None], steps)[:, 0], expected)


def test_look_up_of_extreme_currents() -> None:
    layer = SpikingLayer("a", SteadyLinear(1, 1), LeakyNeuron(0.9, 1.0))
    special = [np.nan, -np.inf, -LARGEST, -1.0, -0.0, 0.0, 1e-45, 1e30, LARGEST]
    values = np.array(special, np.float32)
    expected = stepped(values, 0.9, 1.0, 25, zero=False).sum(axis=1)
    np.testing.assert_array_equal(found(layer, values[:, None], 25)[:, 0], expected)
    assert expected[-1] == 25


def test_look_up_at_every_edge() -> None:
    table = train_table(leaky_kind(np.float32(0.9).item(), 1.0, zero=False), 128)
    assert table is not None
    layer = SpikingLayer("a", SteadyLinear(1, 1), LeakyNeuron(0.9, 1.0))
    below = np.nextafter(table.edges[1:], np.float32(-np.inf))
    around = np.concatenate([table.edges, below])
    expected = np.concatenate([table.counts, table.counts[:-1]])
    np.testing.assert_array_equal(found(layer, around[:, None], 128)[:, 0], expected)


def test_a_table_for_each_kind_of_neuron() -> None:
    beta = torch.tensor([0.9, 0.5, 0.9, 1.0])
    layer = SpikingLayer("a", SteadyLinear(1, 4), LeakyNeuron(beta, 1.0))
    values = np.linspace(-1, 3, 400, dtype=np.float32).repeat(4).reshape(-1, 4)
    counts = found(layer, values, 20)
    for channel, value in enumerate(beta.tolist()):
        expected = stepped(values[:, channel].copy(), value, 1.0, 20, zero=False).sum(axis=1)
        np.testing.assert_array_equal(counts[:, channel], expected)


def test_no_table_for_too_many_kinds_or_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    many = torch.linspace(0.1, 0.9, lookup.MAX_TABLES + 1)
    assert (
        layer_lookup(SpikingLayer("a", SteadyLinear(1, len(many)), LeakyNeuron(many, 1.0)), 5)
        is None
    )
    monkeypatch.setattr(train_tables, "MAX_TRAINS", 50)
    assert train_table(leaky_kind(0.9, 1.0, zero=False), 61) is None
    monkeypatch.setattr(lookup, "MAX_TRAINS", 50)
    assert layer_lookup(SpikingLayer("a", SteadyLinear(1, 1), LeakyNeuron(0.9, 1.0)), 26) is None


def test_no_table_where_counts_fall() -> None:
    crossing = np.array([[0], [0b111], [0b001]], np.uint8)
    assert train_tables._rises(crossing, 3) is None


def test_tables_are_made_for_the_neurons_asked_for() -> None:
    """So many decays are too many tables for a layer, and few for some of its neurons."""
    betas = torch.linspace(0.5, 0.9, 40)
    layer = SpikingLayer("a", SteadyLinear(1, 40), LeakyNeuron(betas, 1.0))
    assert layer_lookup(layer, 5) is None
    some = layer_lookup(layer, 5, [7, 3])
    alone = [layer_lookup(layer, 5, [neuron]) for neuron in (7, 3)]
    assert some is not None
    assert [some.trains - sum(table.trains for table in alone if table is not None)] == [0]
