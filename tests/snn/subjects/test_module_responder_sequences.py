"""Modules are shown sequences frame by frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import snntorch
import torch
from pydantic import TypeAdapter
from torch import Tensor, nn

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.data import Saccades, load_data
from spikeatlas.snn.subjects import Showing
from spikeatlas.snn.subjects.module import ModuleSpec

STEPS = 8
DATA = load_data(Saccades(frames=4, limit=30))
SHOWN = DATA.test.images[:5]


def stepped() -> nn.Module:
    """A step a call, its membranes inside."""
    torch.manual_seed(0)
    fields: dict[str, Any] = {"beta": 0.9, "threshold": 0.4, "init_hidden": True}
    return nn.Sequential(
        nn.Conv2d(1, 3, 3),
        snntorch.Leaky(**fields),
        nn.Flatten(),
        nn.Linear(48, 10),
        snntorch.Leaky(**fields),
    )


class Looped(nn.Module):
    """Frames (T, n, c, h, w) at once."""

    def __init__(self) -> None:
        super().__init__()
        self.step = stepped()

    def forward(self, frames: Tensor) -> Tensor:
        for place in (1, 4):
            self.step[place].reset_mem()  # type: ignore[index]
        return torch.stack([self.step(frame) for frame in frames.unbind()])


class Repeating(Looped):
    """One image, shown eight times inside."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images.expand(STEPS, *images.shape))


def subject(factory: str, **fields: Any) -> Any:
    values = {"kind": "module", "factory": f"{__name__}:{factory}", "normalise": "none", **fields}
    return TypeAdapter(ModuleSpec).validate_python(values).source(DATA, Path()).open(0)


def by_hand() -> tuple[np.ndarray, np.ndarray]:
    """Rates (n, 3) of the first layer, and counts (n, 10) of the last."""
    module, rows = stepped(), list[Tensor]()
    module[1].register_forward_hook(lambda _m, _i, spikes: rows.append(spikes))  # type: ignore[index]
    with torch.no_grad():
        last = [module(torch.from_numpy(SHOWN[:, step // 2]) / 255) for step in range(STEPS)]
    rates = torch.stack(rows).double().mean((0, 3, 4)).float().numpy()
    return rates, torch.stack(last).sum(0).numpy()


@pytest.mark.parametrize(
    ("factory", "layer", "fields"),
    [
        ("stepped", "1", {"input": "steps", "time_steps": STEPS}),
        ("Looped", "step.1", {"input": "frames", "time_steps": STEPS}),
    ],
)
def test_every_frame_is_shown_as_long(factory: str, layer: str, fields: Any) -> None:
    shown = subject(factory, **fields)
    rates, counts = by_hand()

    responses = shown.responses(SHOWN, {layer: range(3)}, Showing(batch_size=5))[layer]

    np.testing.assert_array_equal(responses, rates)
    assert rates.any()
    np.testing.assert_array_equal(shown.scores(SHOWN, Showing(batch_size=5)), counts)
    # still images may be shown as well
    still = SHOWN[:, 0]
    constant = np.repeat(still[:, None], 4, axis=1)
    for showing in (Showing(batch_size=5), Showing(batch_size=5, kind="plain")):
        np.testing.assert_array_equal(
            shown.responses(still, {layer: range(3)}, showing)[layer],
            shown.responses(constant, {layer: range(3)}, showing)[layer],
        )


def test_poisson_trains_follow_the_frames() -> None:
    shown = subject("stepped", input="steps", time_steps=STEPS, coding="poisson")
    showing = Showing(batch_size=5, key=CodingKey(0, "c", "report"))

    once = shown.responses(SHOWN, {"1": range(3)}, showing)["1"]

    np.testing.assert_array_equal(once, shown.responses(SHOWN, {"1": range(3)}, showing)["1"])
    assert once.any()


@pytest.mark.parametrize(
    ("factory", "fields", "sentence"),
    [
        (
            "Repeating",
            {"input": "image"},
            "called once with an image, and cannot be shown 8 frames",
        ),
        ("stepped", {"input": "steps", "time_steps": 6}, "must be a multiple of 4"),
    ],
)
def test_what_cannot_be_shown_sequences(factory: str, fields: Any, sentence: str) -> None:
    shown = subject(factory, **fields)
    layer = next(iter(shown.layers))
    with pytest.raises(ValueError, match=sentence):
        shown.responses(SHOWN, {layer: [0]})
