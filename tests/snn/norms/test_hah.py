"""The block of HaH layers: invariances, and each part against its equation."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spikeatlas.snn.norms import NORMS, NormSite
from tests.snn.nets import network


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def block(kind: object, images: Tensor, weight: Tensor) -> Tensor:
    """Currents of a convolution without bias, normalised."""
    operator = nn.Conv2d(3, len(weight), 3, padding=1, bias=False)
    operator.weight = nn.Parameter(weight)
    norm = NORMS.read(kind).build(NormSite((len(weight), 6, 6), 1, operator))
    assert norm is not None
    normalised: Tensor = norm(operator(images)[None])[0]
    return normalised


@pytest.mark.parametrize("factor", [0.1, 7.0, 300.0])
def test_the_block_answers_scaled_images_and_weights_alike(factor: float) -> None:
    images, weight = random(4, 3, 6, 6), random(5, 3, 3, 3, seed=1)
    plain = block("hah", images, weight)

    assert plain.abs().max() > 0.5
    torch.testing.assert_close(block("hah", factor * images, weight), plain, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(block("hah", images, factor * weight), plain, rtol=1e-5, atol=1e-5)


def test_the_block_is_its_three_parts_in_a_row() -> None:
    images, weight = random(4, 3, 6, 6), random(5, 3, 3, 3, seed=1)
    parts = [
        "weight-l2",
        {"kind": "divisive", "sigma": 0.3, "field": "l2"},
        {"kind": "sparsify", "keep": 0.5},
    ]
    row = block({"kind": "sequence", "parts": parts}, images, weight)

    assert torch.equal(
        block({"kind": "hah", "sigma": 0.3, "field": "l2", "keep": 0.5}, images, weight), row
    )
    assert (row != 0).flatten(2).sum(2).max() <= 18


def test_the_gradient_goes_through_the_weights_norm() -> None:
    images, weight = random(4, 3, 6, 6), random(5, 3, 3, 3, seed=1).requires_grad_()
    operator = nn.Conv2d(3, 5, 3, padding=1, bias=False)
    operator.weight = nn.Parameter(weight.detach().clone())
    norm = NORMS.read("weight-l2").build(NormSite((5, 6, 6), 1, operator))
    assert norm is not None
    assert list(norm.parameters()) == []
    norm(operator(images)[None]).square().sum().backward()
    lengths = weight.flatten(1).norm(dim=1)[:, None, None, None] + 1e-6
    functional.conv2d(images, weight / lengths, padding=1).square().sum().backward()

    torch.testing.assert_close(operator.weight.grad, weight.grad, rtol=1e-4, atol=1e-4)
    assert operator.weight.grad is not None
    # a rotation: what only scales the weights changes nothing
    along = (operator.weight.grad * operator.weight).flatten(1).sum(1)
    assert along.abs().max() < 1e-2 * operator.weight.grad.abs().max()


@pytest.mark.parametrize("field", ["max", "l1", "l2"])
def test_divisive_normalisation_by_a_loop_over_positions(field: str) -> None:
    currents, sigma = random(2, 3, 4, 5), 0.3
    norm = NORMS.read({"kind": "divisive", "sigma": sigma, "field": field}).build(
        NormSite((3, 4, 5), 1, nn.Conv2d(1, 3, 3))
    )
    assert norm is not None
    normalised = norm(currents[None])[0]
    orders = {"max": math.inf, "l1": 1, "l2": 2}
    activities = currents.relu()
    for image in range(2):
        fields = torch.zeros(4, 5)
        for y in range(4):
            for x in range(5):
                window = activities[image, :, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
                lengths = torch.linalg.vector_norm(window.flatten(1), orders[field], dim=1)
                fields[y, x] = lengths.mean()
        divisor = sigma * fields.max() + (1 - sigma) * fields + 1e-7
        torch.testing.assert_close(normalised[image], activities[image] / divisor)


@pytest.mark.parametrize("field", ["max", "l1", "l2"])
def test_gradients_are_finite_where_nothing_is_active(field: str) -> None:
    currents = torch.full((1, 2, 3, 4, 4), -1.0, requires_grad=True)
    norm = NORMS.read({"kind": "divisive", "field": field}).build(
        NormSite((3, 4, 4), 1, nn.Conv2d(1, 3, 3))
    )
    assert norm is not None
    norm(currents).sum().backward()

    assert currents.grad is not None
    assert torch.isfinite(currents.grad).all()


def test_of_a_map_a_fifth_stays() -> None:
    norm = NORMS.read("sparsify").build(NormSite((3, 5, 5), 1, nn.Conv2d(1, 3, 3)))
    assert norm is not None
    currents = random(2, 4, 3, 5, 5)
    sparse = norm(currents)

    assert (sparse != 0).sum((-2, -1)).unique().tolist() == [5]
    for before, after in zip(currents.flatten(0, 2), sparse.flatten(0, 2), strict=True):
        threshold = before.flatten().sort().values[math.floor(0.8 * 25) - 1]
        assert torch.equal(after, before * (before > threshold))


@pytest.mark.parametrize("shape", [(2, 4, 3, 1, 1), (2, 4, 3)])
def test_maps_of_one_position_and_units_stay(shape: tuple[int, ...]) -> None:
    norm = NORMS.read("sparsify").build(NormSite(shape[2:], 2, nn.Linear(1, 3)))
    assert norm is not None

    assert torch.equal(norm(random(*shape)), random(*shape))


def test_it_is_refused_behind_biases() -> None:
    with pytest.raises(ValueError, match=r"norm: weight-l2 divides .* set bias to false"):
        network(norm="hah")
    with pytest.raises(ValueError, match="set bias to false"):
        network(norm={"kind": "sequence", "parts": ["weight-l2", "sparsify"]})


@pytest.mark.parametrize(
    "kind", ["weight-l2", "hah", {"kind": "sequence", "parts": ["none", "hah"]}]
)
def test_it_is_refused_behind_another_normalisation(kind: object) -> None:
    with pytest.raises(ValueError, match="name it first in a sequence"):
        network(bias=False, norm={"kind": "sequence", "parts": ["batch", kind]})
    network(bias=False, norm={"kind": "sequence", "parts": ["none", kind, "batch"]})
