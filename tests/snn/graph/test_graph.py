"""The faster ways against the loops of the libraries whose modules they run: no count differs."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.graph import Drive, FastWay, fast_way
from tests.snn.graph import library_nets as jelly
from tests.snn.graph import snntorch_nets as styles

MEAN, STD = (0.5, 0.4, 0.6), (0.25, 0.2, 0.3)
Images = np.ndarray[Any, np.dtype[np.uint8]]


def stimuli(count: int, side: int) -> Images:
    return np.random.default_rng(3).integers(0, 256, (count, 3, side, side), dtype=np.uint8)


def normalised(images: Images) -> Tensor:
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return (torch.from_numpy(images).float() / 255 - mean) / std


def ask(
    net: nn.Module, layers: dict[str, tuple[str, int]], drive: Drive, time_steps: int, side: int
) -> FastWay | str:
    example = normalised(stimuli(2, side))
    return fast_way(
        net,
        layers,
        drive=drive,
        time_steps=time_steps,
        example=example,
        mean=MEAN,
        std=STD,
    )


def everyone(rates: dict[str, np.ndarray[Any, Any]]) -> dict[str, range]:
    return {name: range(row.shape[1]) for name, row in rates.items()}


@pytest.fixture(scope="module", params=list(jelly.JELLY))
def library_net(request: pytest.FixtureRequest) -> nn.Module:
    return jelly.spiking_jelly(request.param)


def test_layer_by_layer_equals_the_library_loop(library_net: nn.Module) -> None:
    names = jelly.neuron_names(library_net)
    images = stimuli(5, 32)
    run = jelly.steps(library_net, normalised(images), jelly.TIME_STEPS)
    expected = jelly.recorded(library_net, names, run, jelly.TIME_STEPS)
    assert all(rates.any() for rates in expected.values())
    way = ask(library_net, {name: (name, 1) for name in names}, "steps", jelly.TIME_STEPS, 32)
    assert isinstance(way, FastWay)
    assert way.name == "layered"
    rates = way.counts(images, names, everyone(expected))
    assert {name: int((rates[name] != expected[name]).sum()) for name in names} == dict.fromkeys(
        names, 0
    )
    shallow = way.counts(normalised(images), names[1:2], {names[1]: [3, 0]})
    assert np.array_equal(shallow[names[1]], expected[names[1]][:, [3, 0]])


def test_sums_in_the_fastest_order_are_nearly_the_same() -> None:
    net = jelly.spiking_jelly("CIFAR10Net")
    names = jelly.neuron_names(net)
    images = stimuli(3, 32)
    way = ask(net, {name: (name, 1) for name in names}, "steps", jelly.TIME_STEPS, 32)
    assert isinstance(way, FastWay)
    neurons = {name: range(4) for name in names}
    exact = way.counts(images, names, neurons)

    other = way.reordered()

    assert other is not None
    assert "summed in the fastest order" in other.describe(names)[0]
    rates = other.counts(images, names, neurons)
    assert max(float(np.abs(rates[name] - exact[name]).max()) for name in names) <= 0.05
    again = way.counts(images, names, neurons)
    assert all(np.array_equal(again[name], exact[name]) for name in names)


@pytest.mark.parametrize("drive", ["frames", "image"])
def test_sequences_are_set_to_single_steps_on_a_copy(drive: Drive) -> None:
    net = jelly.spiking_jelly("CIFAR10Net")
    names = jelly.neuron_names(net)
    images = stimuli(3, 32)
    run = jelly.steps(net, normalised(images), jelly.TIME_STEPS)
    expected = jelly.recorded(net, names, run, jelly.TIME_STEPS)
    jelly.take_sequences(net)
    module = jelly.Repeating(net, jelly.TIME_STEPS) if drive == "image" else net
    paths = {name: (f"net.{name}" if drive == "image" else name, 1) for name in names}
    way = ask(module.eval(), paths, drive, jelly.TIME_STEPS, 32)
    assert isinstance(way, FastWay)
    rates = way.counts(images, names, everyone(expected))
    assert all(np.array_equal(rates[name], expected[name]) for name in names)
    assert {part.step_mode for part in net.modules() if hasattr(part, "step_mode")} == {"m"}


def style(cls: type[Any]) -> Any:
    torch.manual_seed(11)
    return cls().eval()


LOWERED = [styles.Explicit, styles.ZerosOfTheBatch, styles.Nested, styles.Frames]


@pytest.mark.parametrize("cls", LOWERED)
def test_lowered_modules_of_snntorch_equal_their_own_forward(cls: type[Any]) -> None:
    net = style(cls)
    images = stimuli(20, 16)
    drive: Drive = "frames" if cls is styles.Frames else "image"
    inputs = normalised(images)
    if drive == "frames":
        inputs = inputs.expand(styles.TIME_STEPS, *inputs.shape)
    # on a copy: snnTorch leaves the last membranes in the module
    used = copy.deepcopy(net)
    recorded = jelly.recorded(used, net.paths, lambda: used(inputs), styles.TIME_STEPS)
    expected = dict(zip(styles.NAMES, recorded.values(), strict=True))
    assert all(0.01 < rates.mean() < 0.9 for rates in expected.values())
    layers = {name: (path, 1) for name, path in zip(styles.NAMES, net.paths, strict=True)}
    way = ask(net, layers, drive, styles.TIME_STEPS, 16)
    assert isinstance(way, FastWay)
    assert way.name == "lowered"
    lowered = way.counts(images, styles.NAMES, everyone(expected), batch_size=8)
    layered = way.counts(normalised(images), styles.NAMES, everyone(expected))
    for name in styles.NAMES:
        assert np.array_equal(lowered[name], expected[name]), name
        assert np.array_equal(layered[name], expected[name]), name
    one = way.counts(images, ["two"], {"two": [5]}, batch_size=8)
    assert np.array_equal(one["two"], expected["two"][:, [5]])
    plainer = way.plainer()
    assert plainer is not None
    assert (plainer.name, plainer.plainer()) == ("layered", None)
    answers = plainer.counts(images, styles.NAMES, everyone(expected))
    assert all(np.array_equal(answers[name], expected[name]) for name in styles.NAMES)
    assert all("lowered to our own layers" in line for line in way.describe(styles.NAMES))


def test_what_is_no_layer_of_ours_runs_layer_by_layer_and_the_layers_before_it_lowered() -> None:
    net = style(styles.Rectified)
    images = stimuli(6, 16)
    recorded = jelly.recorded(net, net.paths, lambda: net(normalised(images)), styles.TIME_STEPS)
    way = ask(net, {path: (path, 1) for path in net.paths}, "image", styles.TIME_STEPS, 16)
    assert isinstance(way, FastWay)
    assert way.name == "layered"
    for names in (net.paths, net.paths[:2]):
        rates = way.counts(images, names, everyone(recorded))
        assert all(np.array_equal(rates[name], recorded[name]) for name in names)
    assert "layered" in way.describe(net.paths)[0]
    assert "lowered" in way.describe(net.paths[:2])[0]


def test_two_places_of_one_module_are_two_layers() -> None:
    net = style(styles.Twice)
    images = stimuli(4, 16)
    way = ask(net, {"first": ("lif", 1), "second": ("lif", 2)}, "image", styles.TIME_STEPS, 16)
    assert isinstance(way, FastWay)
    sums: list[Tensor] = []
    net.lif.register_forward_hook(lambda *call: sums.append(call[2][0]))
    with torch.no_grad():
        net(normalised(images))
    rates = way.counts(images, ["first", "second"], {"first": range(6), "second": range(6)})
    for place, name in enumerate(("first", "second")):
        expected = torch.stack(sums[place::2]).double().mean((0, 3, 4)).numpy()
        assert np.allclose(rates[name], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cls", [styles.TwoStates, styles.OwnNeurons])
def test_neurons_without_a_rule_take_their_own_steps(cls: type[Any]) -> None:
    net = style(cls)
    images = stimuli(4, 16)
    recorded = jelly.recorded(net, net.paths, lambda: net(normalised(images)), styles.TIME_STEPS)
    way = ask(net, {path: (path, 1) for path in net.paths}, "image", styles.TIME_STEPS, 16)
    assert isinstance(way, FastWay)
    rates = way.counts(images, net.paths, everyone(recorded))
    assert all(np.array_equal(rates[path], recorded[path]) for path in net.paths)
    assert "the library's own neurons" in way.describe(net.paths)[1]


def test_inputs_may_differ_at_every_step() -> None:
    net = style(styles.Frames)
    frames = torch.stack([normalised(stimuli(5, 16)) * factor for factor in (0, 1, 2, 0, 1, 3)])
    recorded = jelly.recorded(net, net.paths, lambda: net(frames), styles.TIME_STEPS)
    way = ask(net, {path: (path, 1) for path in net.paths}, "frames", styles.TIME_STEPS, 16)
    assert isinstance(way, FastWay)
    rates = way.counts(frames, net.paths, everyone(recorded))
    assert all(np.array_equal(rates[path], recorded[path]) for path in net.paths)
    # raw sequences, whose images might be read as time
    raw = np.repeat(stimuli(styles.TIME_STEPS, 16)[:, None], 6, axis=1)
    with pytest.raises(ValueError, match=r"images have the shape .*: give \(n, c, h, w\)"):
        way.counts(raw, net.paths, everyone(recorded))


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (styles.AskingItsLength, "torch.fx cannot trace its forward"),
        (styles.Recurrent, "its lif2 is driven by another step"),
        (styles.Membranes, "a state of its lif1"),
        (styles.Mixing, "mean is not known here, or mixes images"),
        (styles.TwiceHidden, "share one state"),
    ],
)
def test_what_is_no_graph_of_steps_says_why(cls: type[Any], words: str) -> None:
    net = style(cls)
    layers = {f"{path}{use}": (path, 1) for use, path in enumerate(net.paths[:2])}
    answer = ask(net, layers, "image", styles.TIME_STEPS, 16)
    assert isinstance(answer, str)
    assert words in answer
    assert "\n" not in answer


def test_other_time_steps_than_the_loop_are_noticed() -> None:
    answer = ask(style(styles.Explicit), {"lif1": ("lif1", 1)}, "image", 4, 16)
    assert answer == "its lif1 is called 6 times, in 4 time steps"
    answer = ask(style(styles.Explicit), {"conv1": ("conv1", 1)}, "image", 6, 16)
    assert "layer conv1 (conv1, use 1)" in str(answer)


def test_modules_in_training_and_their_batch_are_refused() -> None:
    net = jelly.spiking_jelly("spiking_resnet18")
    name = jelly.neuron_names(net)[0]
    net.train()
    assert "is in training mode" in str(ask(net, {name: (name, 1)}, "steps", 4, 32))
    net.eval()
    net.bn1 = nn.BatchNorm2d(8, track_running_stats=False).eval()
    assert "the other images" in str(ask(net, {name: (name, 1)}, "steps", 4, 32))


def test_the_module_stays_as_it_is_and_threads_share_the_way() -> None:
    net = style(styles.Nested)
    before = copy.deepcopy(net.state_dict())
    names = {path: (path, 1) for path in net.paths}
    way = ask(net, names, "image", styles.TIME_STEPS, 16)
    assert isinstance(way, FastWay)
    images = stimuli(24, 16)
    neurons = {"net.0.2": range(6), "net.1.2": range(8), "net.4": range(10)}

    def call(part: Images) -> dict[str, np.ndarray[Any, Any]]:
        return way.counts(normalised(part), list(neurons), neurons)

    whole = call(images)
    with ThreadPoolExecutor(2) as pool:
        halves = list(pool.map(call, (images[:12], images[12:])))
    for name, rates in whole.items():
        assert np.array_equal(np.concatenate([half[name] for half in halves]), rates)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
