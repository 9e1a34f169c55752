"""The ways from points to stimuli: what is shown is what a generator decodes, and gradients come back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spikeatlas.snn.ascent import CodePath, LatentPath, VectorPath, make_path
from spikeatlas.snn.generators import Generator, GridSpec, SNGANSpec, VQVAESpec
from spikeatlas.snn.generators.adapter import AdaptedGenerator, Adapter
from spikeatlas.snn.generators.latent import CodeLatent, GaussianLatent
from spikeatlas.snn.generators.vqvae import build_vqvae

SHAPE = (1, 8, 8)


def vqvae() -> Generator:
    spec = VQVAESpec(positions=4, codes=12, embedding=4, width=8)
    network = build_vqvae(spec, SHAPE, torch.Generator().manual_seed(0))
    torch.nn.init.normal_(network.codebook, generator=torch.Generator().manual_seed(1))
    return network.eval().requires_grad_(requires_grad=False)


def vectors() -> Generator:
    weight = torch.randn((5, 64), generator=torch.Generator().manual_seed(0))
    return adapter(lambda points: torch.sigmoid(points @ weight).view(-1, *SHAPE))


def adapter(decode: object, latent: object = GaussianLatent(5)) -> Generator:
    return AdaptedGenerator(Adapter(decode, latent, SHAPE)).eval()  # type: ignore[arg-type]


@pytest.mark.parametrize("generator", [vqvae(), vectors()], ids=["codes", "vectors"])
def test_what_is_shown_is_what_is_decoded_and_has_a_gradient(generator: Generator) -> None:
    path = make_path(generator)
    points = path.draw(6, torch.Generator().manual_seed(2))
    inputs = path.inputs_of(points).clone().requires_grad_()
    stimuli = path.stimuli(inputs)
    assert np.array_equal(stimuli.detach().numpy(), generator.decode(points.numpy()))
    stimuli.sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.abs().sum() > 0


@pytest.mark.parametrize("generator", [vqvae(), vectors()], ids=["codes", "vectors"])
def test_free_numbers_stand_for_the_points_they_were_made_of(generator: Generator) -> None:
    path = make_path(generator)
    points = path.draw(6, torch.Generator().manual_seed(3))
    assert torch.equal(path.points(path.free(points)), points)
    moved = path.free(points)
    moved += 1e-3 * path.scale
    assert torch.equal(path.points(path.free(points)), points)  # a copy was moved


def test_latents_are_confined() -> None:
    def confine(latents: Tensor) -> Tensor:
        return latents.clamp(-1, 1)

    path = make_path(vectors(), confine)
    assert path.points(torch.tensor([[3.0, -2, 0.5, 0, 0]])).tolist() == [[1, -1, 0.5, 0, 0]]


def test_the_kind_of_path_is_that_of_the_latents() -> None:
    assert isinstance(make_path(vqvae()), CodePath)
    assert isinstance(make_path(vectors()), VectorPath)
    assert make_path(vqvae()).scale == pytest.approx(float(vqvae().codebook.std()))  # type: ignore[operator]
    paths: list[LatentPath] = [make_path(vectors())]
    assert paths[0].scale == 1


@pytest.mark.parametrize(
    "generator",
    [
        adapter(lambda codes: codes.float().view(-1, 1, 8, 8) / 7, CodeLatent(64, 8, None)),
        adapter(lambda points: (points.detach() @ torch.ones(5, 64)).view(-1, *SHAPE)),
        GridSpec("grid", (0.0,), (1.0,)).make(),
    ],
    ids=["unknown vectors", "no gradient", "grid"],
)
def test_what_cannot_be_climbed_is_refused(generator: Generator) -> None:
    assert not generator.differentiable
    with pytest.raises(ValueError, match=r"no gradient in its latents, .* choose vqvae or sngan"):
        make_path(generator)


def test_specifications_say_so_beforehand() -> None:
    assert VQVAESpec().differentiable
    assert SNGANSpec().differentiable
    assert not GridSpec("grid", (0.0,), (1.0,)).differentiable
