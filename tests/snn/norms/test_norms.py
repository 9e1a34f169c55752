"""The contract of normalisations, for all in the table and a user's own."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from spikeatlas.snn.norms import NORMS, Norm, NormSite, scaled
from tests.snn.nets import network, noise_images

SHAPES = ((5,), (3, 4, 4))
STEPS = 9


ROW = {"kind": "sequence", "parts": ["batch", "divisive", "tests.snn.own_layers:Ramp"]}


@pytest.fixture(
    params=[
        *(name for name in NORMS.members if name != "sequence"),
        ROW,
        "tests.snn.own_layers:Channels",
        "tests.snn.own_layers:Ramp",
    ],
    ids=lambda value: value if isinstance(value, str) else value["kind"],
)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def operator(shape: tuple[int, ...]) -> nn.Conv2d | nn.Linear:
    """An operator whose currents have this shape."""
    generator = torch.Generator().manual_seed(2)
    made = nn.Conv2d(2, shape[0], 3, padding=1) if len(shape) == 3 else nn.Linear(7, shape[0])
    with torch.no_grad():
        made.weight.copy_(torch.randn(made.weight.shape, generator=generator))
    return made


def settled(kind: Any, shape: tuple[int, ...]) -> Norm | None:
    """A normalisation that has seen some currents in training, ready for evaluation."""
    norm = NORMS.read(kind).build(NormSite(shape, STEPS, operator(shape)))
    if norm is not None:
        norm(torch.randn((STEPS, 6, *shape), generator=torch.Generator().manual_seed(1)) * 3)
        norm.eval()
    return norm


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_one_step_at_a_time_equals_all_at_once(kind: Any, shape: tuple[int, ...]) -> None:
    norm = settled(kind, shape)
    if norm is None:
        return
    currents = torch.randn((STEPS, 6, *shape), generator=torch.Generator().manual_seed(0))

    whole = norm(currents)
    steps = [norm(currents[step][None], step)[0] for step in range(STEPS)]

    assert whole.shape == currents.shape
    assert torch.equal(torch.stack(steps), whole)
    assert torch.equal(norm(currents[:, [2]]), whole[:, [2]])
    if not norm.timed:
        assert torch.equal(norm(currents[:1]), norm(currents[:1].expand_as(currents))[:1])


def test_a_network_is_built_with_one_a_layer() -> None:
    made = network(
        norm=("none", "tests.snn.own_layers:Ramp", "tests.snn.own_layers:Channels", "none")
    )

    assert [type(layer.norm).__name__ for layer in made] == [
        "NoneType", "RampNorm", "ChannelNorm", "NoneType",
    ]  # fmt: skip


def test_none_leaves_a_network_as_it_was() -> None:
    made = network(norm="none")

    assert not any("norm" in name for name, _ in made.named_modules())
    assert list(made.state_dict()) == list(network().state_dict())


@pytest.mark.parametrize("coding", ["current", "poisson"])
def test_forward_and_the_plain_loop_agree(kind: Any, coding: str) -> None:
    made = network(norm=kind, coding=coding, bias=False)
    inputs = made.normalise(torch.from_numpy(noise_images(3)))[None]
    if coding == "poisson":
        inputs = (inputs.expand(made.time_steps, *inputs.shape[1:]) > 1).float()
    made(inputs)
    made.eval()

    assert torch.equal(made(inputs), made.unroll(inputs))


def test_a_bad_list_is_refused() -> None:
    with pytest.raises(
        ValueError, match="norm has 2 values: give one for all, or one for each of the 4"
    ):
        network(norm=("none", "none"))
    with pytest.raises(ValueError, match=r"'nine' is not known \(did you mean none\?\)"):
        network(norm=("none", "nine", "none", "none"))


@pytest.mark.parametrize("steps", [1, 5], ids=["all steps", "each step"])
def test_scales_and_shifts_are_applied_step_by_step_or_to_all(steps: int) -> None:
    currents = torch.randn(5, 2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    scale, shift = torch.rand(2, steps, 3, generator=torch.Generator().manual_seed(1))
    whole = scaled(currents, scale, shift)
    each = torch.cat([scaled(currents[step : step + 1], scale, shift, step) for step in range(5)])
    row = currents[4, :, 1] * scale[-1, 1] + shift[-1, 1]
    assert torch.equal(whole, each)
    assert torch.equal(whole[4, :, 1], row)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_axes_of_channels_are_as_long_as_there_are_channels(
    kind: Any, shape: tuple[int, ...]
) -> None:
    norm = settled(kind, shape)
    if norm is None or norm.unit_axes is None:
        return
    tensors = {**dict(norm.named_parameters()), **dict(norm.named_buffers())}
    assert {tensors[name].shape[axis] for name, axis in norm.unit_axes.items()} == {shape[0]}
    shared = tensors.keys() - norm.unit_axes.keys()
    assert not any(shape[0] in tensors[name].shape for name in shared)
    assert {id(scale) for scale in norm.scales()} <= {id(tensor) for tensor in tensors.values()}
