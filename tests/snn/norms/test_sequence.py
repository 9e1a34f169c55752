"""Normalisations in a row are one map where each part is one, and change with what training changes in their parts."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from spikeatlas.snn.networks import NetworkSpec
from spikeatlas.snn.responder import Responder
from tests.snn.nets import network, noise_images


def row(*parts: Any) -> dict[str, Any]:
    return {"kind": "sequence", "parts": list(parts)}


@pytest.mark.parametrize(
    "parts", [("batch",), ("none", "batch"), ("weight-l2", "batch"), ("bntt",)], ids=str
)
def test_maps_in_a_row_are_one_and_are_compiled(parts: tuple[str, ...]) -> None:
    made = network(norm=row(*parts), bias=False)
    with torch.no_grad():
        for layer in made:
            assert layer.norm is not None
            for scale in layer.norm.scales():
                scale.mul_(2).add_(0.1)
    images, names = noise_images(6), ["conv1", "conv2", "fc1", "out"]
    respond = Responder(made.eval(), names)

    assert not any("torch" in line for line in respond.describe())
    plain = Responder(made, names, kind="plain")(images)
    for name, responses in respond(images).items():
        assert (responses != plain[name]).mean() < 0.01
    assert plain["conv1"].any()


def test_one_map_is_what_its_parts_do_one_after_the_other() -> None:
    norm = next(iter(network(norm=row("weight-l2", "batch"), bias=False))).norm
    assert norm is not None
    currents = torch.randn(3, 5, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    channels = norm.affine()[0].shape[1]  # type: ignore[index]
    currents = currents[:, :, :1].expand(-1, -1, channels, -1, -1)
    norm.train()(currents)
    norm.eval()

    stepped = currents
    for part in norm.parts:  # type: ignore[union-attr]
        stepped = part(stepped)
    torch.testing.assert_close(norm(currents), stepped)


def test_a_norm_that_is_timed_in_training_alone_is_so_in_a_row() -> None:
    norm = next(iter(network(norm=row({"kind": "batch", "statistics": "step"})))).norm
    assert norm is not None
    assert norm.train().timed
    assert not norm.eval().timed


def test_two_scales_of_each_step_are_refused() -> None:
    with pytest.raises(ValueError, match="one normalisation at most that scales each step"):
        NetworkSpec(norm=row("bntt", {"kind": "bntt", "exit_below": 0.5}), bias=False)  # type: ignore[arg-type]
