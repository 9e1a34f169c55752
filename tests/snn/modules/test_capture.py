from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.modules.capture import (
    Capture,
    LayerPlace,
    Silence,
    StopForwardSignal,
    ThreadCaptures,
    silenced_output,
)
from spikeatlas.snn.modules.drive import ModuleDrive, OutputShape
from spikeatlas.snn.modules.spike_sum import SpikeSum
from tests.networks.snntorch_nets import STEPS, Tutorial, nested_step, tutorial

PICTURES = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
FIRST = LayerPlace("lif1", OutputShape(1, 0, False, 4, (3, 3)), calls=STEPS)
SECOND = LayerPlace("lif2", OutputShape(1, 0, False, 6, (1, 1)), calls=STEPS)


def counts(capture: Capture, place: LayerPlace, *, truncate: bool = False) -> Tensor:
    total = SpikeSum()
    capture.show(PICTURES[None], {place: total}, truncate=truncate)
    assert total.total is not None
    return total.total


def test_spikes_are_the_librarys_own_and_calls_are_equal() -> None:
    net = tutorial()
    record = net.record(PICTURES)
    capture = Capture(net, ModuleDrive("image", STEPS))
    for place in (FIRST, SECOND, FIRST):
        assert torch.equal(counts(capture, place), record[place.path].double().sum(0))
    assert not net.lif1._forward_hooks


def test_calls_of_several_places_are_told_apart() -> None:
    twice = LayerPlace("lif1", FIRST.shape, use=2, uses=2, calls=10)
    assert [number for number in range(1, 7) if twice.has_call(number)] == [2, 4, 6]
    assert twice.last_call == 10
    assert LayerPlace("lif1", FIRST.shape, use=1, uses=2, calls=10).last_call == 9


class Careful(Tutorial):
    """Catches exceptions in forward, and counts the calls of what stands deepest."""

    calls = 0

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        try:
            return super().forward(x)
        except Exception:  # noqa: BLE001 - trap 10
            return x, x

    def __init__(self) -> None:
        super().__init__()
        self.fc.register_forward_hook(self.count)

    def count(self, _module: nn.Module, _inputs: object, _output: object) -> None:
        type(self).calls += 1


def test_a_call_ends_at_the_deepest_layer_though_users_catch_exceptions() -> None:
    net = Careful()
    capture = Capture(net, ModuleDrive("image", STEPS))
    whole = counts(capture, FIRST)
    assert Careful.calls == STEPS
    assert torch.equal(counts(capture, FIRST, truncate=True), whole)
    # only the last step of a loop can be cut
    assert Careful.calls == 2 * STEPS - 1
    assert issubclass(StopForwardSignal, BaseException)
    assert not issubclass(StopForwardSignal, Exception)


def test_step_by_step_every_step_is_cut() -> None:
    net = nested_step()
    calls: list[int] = []
    net.get_submodule("3").register_forward_hook(lambda *_: calls.append(1))
    capture = Capture(net, ModuleDrive("steps", 5))
    place = LayerPlace("0.2", FIRST.shape)
    whole = counts(capture, place)
    assert len(calls) == 5
    assert torch.equal(counts(capture, place, truncate=True), whole)
    assert len(calls) == 5


def test_another_number_of_calls_than_in_the_trial_is_an_error() -> None:
    capture = Capture(tutorial(steps=4), ModuleDrive("image", STEPS))
    with pytest.raises(ValueError, match="called lif1 4 times, but 10 times in its trial"):
        counts(capture, FIRST)


def test_an_exception_leaves_the_module_as_it_was() -> None:
    net = nested_step()
    capture = Capture(net, ModuleDrive("steps", 5))
    sentence = r"^network.factory: the module fails on an input of shape \(4, 2, 8, 8\) \(RuntimeError: .* let its forward"
    with pytest.raises(ValueError, match=sentence):
        capture.show(torch.rand(1, 4, 2, 8, 8), {})
    assert net.get_buffer("0.2.mem").numel() == 0
    assert not net.get_submodule("0.2")._forward_hooks


def test_an_exit_is_a_sentence_and_an_interrupt_stays_one() -> None:
    class Leaving(Tutorial):
        def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
            del images
            raise error

    capture = Capture(Leaving(), ModuleDrive("image", STEPS))
    error: BaseException = SystemExit(3)
    with pytest.raises(ValueError, match=r"network.factory: the module's forward calls exit\(3\)"):
        counts(capture, FIRST)
    error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        counts(capture, FIRST)


def test_a_layer_of_another_shape_than_in_the_trial_is_said_as_it_is() -> None:
    place = LayerPlace("lif1", OutputShape(1, 0, False, 5, (3, 3)), calls=STEPS)
    with pytest.raises(ValueError, match=r"^a module's output has the shape .* its trial"):
        counts(Capture(tutorial(), ModuleDrive("image", STEPS)), place)


def test_a_silent_neuron_is_silent_for_all_that_follows() -> None:
    net = tutorial()
    capture = Capture(net, ModuleDrive("image", STEPS))
    first, last = SpikeSum(), SpikeSum()
    third = LayerPlace("lif3", OutputShape(1, 0, False, 10, ()), calls=STEPS)
    capture.show(PICTURES[None], {FIRST: first, third: last}, silence=Silence(FIRST, 2))
    assert first.total is not None
    assert not first.total[:, 2].any()
    net.conv2.weight.data[:, 2] = 0
    assert torch.equal(last.sums(), net.record(PICTURES)["lif3"].double().sum(0))


def test_outputs_of_every_form_are_silenced() -> None:
    spikes = torch.ones(2, 3, 4)
    pair = silenced_output((spikes, 5), 1, 2)
    assert isinstance(pair, tuple)
    assert pair[1] == 5
    assert pair[0].sum(0).sum(1).tolist() == [8, 8, 0]
    assert silenced_output([spikes], 2, 0)[0][..., 0].sum() == 0
    table = {"words": "yes", "spikes": spikes}
    assert silenced_output(table, 1, 2)["spikes"].sum(0).sum(1).tolist() == [8, 8, 0]
    assert spikes.all()
    assert not silenced_output(torch.ones(3), 1, 0).any()


def test_two_threads_equal_one() -> None:
    captures = ThreadCaptures(nested_step(), ModuleDrive("steps", 6))
    place = LayerPlace("1.1", SECOND.shape)
    expected = counts(captures.mine(), place)
    results: list[Tensor] = []

    def work() -> None:
        results.extend(counts(captures.mine(), place) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 10
    assert all(torch.equal(result, expected) for result in results)
