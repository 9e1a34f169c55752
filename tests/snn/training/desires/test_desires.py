"""Desires and the changes they make: by hand, and against the plain loop over images, units and steps."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from spikeatlas.snn.networks import SpikingNetwork
from spikeatlas.snn.training.desires import (
    DesireRule,
    LayerRecord,
    record_layers,
    spike_traces,
    weight_change,
)
from tests.snn import nets
from tests.snn.training.desires.plain_desire import PlainDesire

STEPS = 12
RULE = DesireRule(target=8, output_error=0.3, hidden_desire=0.05)


def network(hidden: tuple[int, ...], steps: int = STEPS) -> SpikingNetwork:
    fields = {"channels": (), "hidden": hidden, "bias": False, "time_steps": steps}
    taught = nets.network((1, 2, 3), **fields, neuron={"kind": "desire-if"})
    with torch.no_grad():
        for layer in taught:
            # so that the last of four layers spikes too
            layer.operator.weight.mul_(1.5)
    return taught


def input_spikes(images: int, steps: int = STEPS, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand((steps, images, 1, 2, 3), generator=generator) < 0.5).float()


@pytest.mark.parametrize("hidden", [(), (9,), (9, 7), (8, 8, 8)])
def test_a_batch_is_the_plain_loop_over_its_images(hidden: tuple[int, ...]) -> None:
    taught = network(hidden)
    inputs, labels = input_spikes(13), torch.arange(13) % 10
    plain = PlainDesire([layer.operator.weight.tolist() for layer in taught], STEPS)
    expected = [
        plain.show(inputs[:, image].flatten(1).tolist(), label)
        for image, label in enumerate(labels.tolist())
    ]
    with torch.no_grad():
        records = record_layers(taught, inputs)
        desires = RULE.all_desires(records, labels)

    for place, (record, wishes) in enumerate(zip(records, desires, strict=True)):
        assert wishes.tolist() == [rows[place] for rows in expected]
        change = weight_change(record.inputs, record.spikes, wishes, 0.75)
        torch.testing.assert_close(change, torch.tensor(plain.changes[place]), rtol=1e-5, atol=1e-5)
        assert change.any()
        assert set(wishes.unique().tolist()) == {-1.0, 0.0, 1.0}


def test_a_batch_is_the_sum_of_its_images() -> None:
    taught, inputs, labels = network((9, 7)), input_spikes(6), torch.arange(6)

    def changes(rows: slice) -> list[Tensor]:
        with torch.no_grad():
            records = record_layers(taught, inputs[:, rows])
            desires = RULE.all_desires(records, labels[rows])
        pairs = zip(records, desires, strict=True)
        return [weight_change(row.inputs, row.spikes, wishes, 0.75) for row, wishes in pairs]

    together = changes(slice(None))
    alone = [changes(slice(image, image + 1)) for image in range(6)]
    for place, change in enumerate(together):
        torch.testing.assert_close(change, torch.stack([row[place] for row in alone]).sum(0))


def test_two_two_two_by_hand() -> None:
    """Five steps, one of them spare; the right class is 0."""
    rule = DesireRule(target=4, output_error=0.25, hidden_desire=1.0)
    pixels = torch.tensor([[1.0, 0], [1, 1], [0, 1], [1, 0], [1, 1]])
    hidden = torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1], [1, 0]])
    output = torch.tensor([[0.0, 0], [0, 0], [1, 1], [0, 1], [0, 1]])
    weight = torch.tensor([[4.0, -2], [1, 4]])
    records = [
        LayerRecord(pixels[:, None], hidden[:, None], torch.eye(2)),
        LayerRecord(hidden[:, None], output[:, None], weight),
    ]

    errors = rule.output_errors(records[-1].counts, torch.tensor([0]))
    assert errors.tolist() == [[0.75, 0.75]]
    first, last = rule.all_desires(records, torch.tensor([0]))
    assert last.tolist() == [[1, -1]]
    # |1 - 1/4| = |0 - 3/4| = 3/4: q = 3/4 (4 - 1, -2 - 4) = (2.25, -4.5)
    assert first.tolist() == [[1, -1]]
    # traces at decay 1, each step of those before it: (0,0), (1,0), (2,1), (2,2), (3,2)
    assert weight_change(pixels[:, None], hidden[:, None], first, 1.0).tolist() == [
        [1 + 2 + 3, 0 + 1 + 2],
        [-2 - 2, -1 - 2],
    ]
    # of the hidden units: (0,0), (0,0), (1,0), (2,1), (2,2)
    assert weight_change(hidden[:, None], output[:, None], last, 1.0).tolist() == [
        [1, 0],
        [-1 - 2 - 2, -1 - 2],
    ]


def test_small_errors_change_nothing() -> None:
    counts = torch.tensor([[6.0, 2.0, 0.0], [2.0, 2.0, 8.0]])
    labels = torch.tensor([0, 2])
    assert not RULE.output_desires(counts, labels).any()
    desires = torch.zeros((2, 3))
    assert not RULE.hidden_desires(desires, counts, torch.randn((3, 5))).any()
    change = weight_change(torch.ones((4, 2, 5)), torch.ones((4, 2, 3)), desires, 0.75)
    assert change.shape == (3, 5)
    assert not change.any()


def test_an_error_at_its_threshold_is_no_wish_and_a_sum_at_its_threshold_is_one() -> None:
    rule = DesireRule(target=4, output_error=0.25, hidden_desire=0.5)
    counts = torch.tensor([[3.0, 1.0]])
    assert rule.output_desires(counts, torch.tensor([0])).tolist() == [[0, 0]]
    assert rule.output_desires(counts, torch.tensor([1])).tolist() == [[-1, 1]]
    weight = torch.tensor([[0.5, -0.5, 0.499]])
    wishes = rule.hidden_desires(torch.tensor([[1.0]]), torch.zeros((1, 1)), weight)
    assert wishes.tolist() == [[1, -1, 0]]


def test_a_silent_unit_learns_nothing_from_a_wish_to_spike() -> None:
    spikes = torch.zeros((6, 1, 2))
    spikes[3, 0, 1] = 1
    change = weight_change(torch.ones((6, 1, 4)), spikes, torch.ones((1, 2)), 0.5)
    assert not change[0].any()
    assert change[1].tolist() == [1.75] * 4


def test_traces_decay() -> None:
    spikes = torch.tensor([1.0, 0, 0, 1, 1]).view(5, 1, 1)
    assert spike_traces(spikes, 0.5).flatten().tolist() == [1, 0.5, 0.25, 1.125, 1.5625]
    assert spikes.flatten().tolist() == [1, 0, 0, 1, 1]


def test_a_unit_that_dropout_takes_out_is_as_good_as_not_there() -> None:
    taught, inputs, labels = network((9, 7)), input_spikes(5), torch.arange(5)
    masks = [torch.full((5, 9), 1.25), torch.full((5, 7), 2.0)]
    masks[0][:, 4], masks[1][:, 2] = 0, 0
    with torch.no_grad():
        records = record_layers(taught, inputs, masks)
        desires = RULE.all_desires(records, labels)

        first, second, _ = taught
        assert torch.equal(records[1].inputs[:, :, :4], records[0].spikes[:, :, :4] * 1.25)
        assert not records[1].inputs[:, :, 4].any()
        assert not records[1].spikes[:, :, 2].any()
        assert not desires[0][:, 4].any()
        assert not desires[1][:, 2].any()
        # what is left is as if the weights from and to them were 0
        second.operator.weight[:, 4] = 0
        list(taught)[2].operator.weight[:, 2] = 0
        first.operator.weight[4] = 0
        second.operator.weight[2] = 0
        others = record_layers(taught, inputs, [torch.full((5, 9), 1.25), torch.full((5, 7), 2.0)])
    for record, other in zip(records, others, strict=True):
        assert torch.equal(record.spikes, other.spikes)
    assert all(
        torch.equal(wishes, expected)
        for wishes, expected in zip(desires, RULE.all_desires(others, labels), strict=True)
    )
