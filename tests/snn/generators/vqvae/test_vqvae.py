from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.generators import CodeGenerator, VQVAESpec
from spikeatlas.snn.generators.base import Shape
from spikeatlas.snn.generators.vqvae import build_vqvae
from spikeatlas.snn.generators.vqvae.codebook import CodebookAverage

SHAPES: list[tuple[Shape, int]] = [
    ((1, 8, 8), 16),
    ((3, 32, 32), 64),
    ((1, 28, 28), 49),
    ((3, 64, 64), 16),
    ((1, 8, 8), 64),
    ((3, 8, 8), 1),
]


def make_vqvae(shape: Shape, positions: int, **fields: Any) -> CodeGenerator:
    spec = VQVAESpec(positions=positions, **fields)
    generator = torch.Generator().manual_seed(1)
    network = build_vqvae(spec, shape, generator)
    torch.nn.init.normal_(network.codebook, generator=generator)
    network.requires_grad_(requires_grad=False)
    # strong contrast, so that stimuli use the whole range and are clipped at both ends
    last = list(network.decoder.children())[-1]
    assert isinstance(last, torch.nn.Conv2d)
    assert last.bias is not None
    last.weight.mul_(10)
    last.bias.fill_(0.5)
    return network


def make_points(
    network: CodeGenerator, count: int, seed: int = 0
) -> np.ndarray[Any, np.dtype[np.int64]]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, len(network.codebook), (count, network.positions))


@pytest.mark.parametrize(("shape", "positions"), SHAPES)
@pytest.mark.parametrize("batch_size", [1, 5, 32])
def test_a_stimulus_does_not_depend_on_its_companions(
    shape: Shape, positions: int, batch_size: int
) -> None:
    network = make_vqvae(shape, positions)
    points = make_points(network, batch_size)
    alone = network.decode(points[:1], batch_size)[0]
    for row in {0, 1, batch_size // 2, batch_size - 1} & set(range(batch_size)):
        company = make_points(network, batch_size, seed=row + 1)
        company[row] = points[0]
        assert np.array_equal(network.decode(company, batch_size)[row], alone)
    order = np.random.default_rng(2).permutation(batch_size)
    stimuli = network.decode(points, batch_size)
    assert np.array_equal(network.decode(points[order], batch_size), stimuli[order])
    assert np.array_equal(
        network.encode(stimuli[order], batch_size), network.encode(stimuli, batch_size)[order]
    )


@pytest.mark.parametrize(("shape", "positions"), SHAPES)
def test_decode_is_clipped_and_rounded_to_eight_bits(shape: Shape, positions: int) -> None:
    network = make_vqvae(shape, positions)
    points = make_points(network, 3)
    stimuli = network.decode(points, batch_size=4)
    assert stimuli.shape == (3, *shape)
    assert stimuli.dtype == np.uint8
    grid = math.isqrt(positions)
    for point, stimulus in zip(points, stimuli, strict=True):
        maps = torch.stack([network.codebook[code] for code in point.tolist()])
        maps = maps.reshape(grid, grid, -1).permute(2, 0, 1)
        pixels = network.decoder(maps[None])[0].double().numpy() * 255
        # another batch size rounds another way: pixels halfway between two levels may differ
        assert np.abs(np.clip(pixels, 0, 255) - stimulus).max() < 0.51
    assert {0, 255} <= set(stimuli.flat)


def test_encode_finds_the_nearest_entry_of_every_position() -> None:
    network = make_vqvae((3, 16, 16), 16)
    images = np.random.default_rng(0).integers(0, 256, (5, 3, 16, 16), dtype=np.uint8)
    codes = network.encode(images, batch_size=2)
    maps = network.encoder(torch.from_numpy(images).float() / 255)
    for image in range(5):
        for place in range(16):
            vector = maps[image, :, place // 4, place % 4]
            distances = (network.codebook - vector).square().sum(dim=1)
            assert distances[codes[image, place]] <= distances.min() * 1.0001


def test_two_threads_decode_as_one() -> None:
    network = make_vqvae((1, 8, 8), 16)
    points = [make_points(network, 300, seed) for seed in range(4)]
    alone = [network.decode(each) for each in points]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(network.decode, points))
    assert all(np.array_equal(*pair) for pair in zip(alone, together, strict=True))


def test_nothing_changes_while_it_works() -> None:
    network = make_vqvae((1, 8, 8), 16)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    points = make_points(network, 10)
    copy = points.copy()
    network.encode(network.decode(points))
    codebook = network.latent.codebook
    assert codebook is not None
    codebook[:] = 0
    assert np.array_equal(points, copy)
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())


def test_no_points_make_no_stimuli() -> None:
    network = make_vqvae((1, 8, 8), 16)
    stimuli = network.decode(np.zeros((0, 16), np.int64))
    assert stimuli.shape == (0, 1, 8, 8)
    assert network.encode(stimuli).shape == (0, 16)


def test_latent_describes_the_points() -> None:
    network = make_vqvae((1, 8, 8), 4, codes=7, embedding=3)
    latent = network.latent
    assert (latent.kind, latent.positions, latent.codes) == ("codes", 4, 7)
    assert latent.codebook is not None
    assert np.array_equal(latent.codebook, network.codebook.numpy())
    assert latent.codebook.shape == (7, 3)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.zeros((2, 15), np.int64), r"points are int64 \(2, 15\): .* shape \(n, 16\)"),
        (np.zeros(16, np.int64), r"points are int64 \(16,\)"),
        (np.zeros((2, 16)), r"points are float64 .* whole numbers"),
        (np.full((2, 16), 32), r"codes from 32 to 32: .* 0\.\.31"),
        (np.full((2, 16), -1), r"codes from -1 to -1: .* 0\.\.31"),
    ],
)
def test_misshapen_points_are_refused(points: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_vqvae((1, 8, 8), 16).decode(points)


@pytest.mark.parametrize(
    "images",
    [np.zeros((2, 1, 8, 9), np.uint8), np.zeros((1, 8, 8), np.uint8), np.zeros((2, 1, 8, 8))],
)
def test_misshapen_images_are_refused(images: Any) -> None:
    with pytest.raises(ValueError, match=r"takes uint8 images of shape \(n, 1, 8, 8\)"):
        make_vqvae((1, 8, 8), 16).encode(images)


def test_weights_come_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    first, second = (make_vqvae((1, 8, 8), 16).state_dict() for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_codebook_follows_running_means() -> None:
    codebook = torch.zeros(2, 1)
    average = CodebookAverage(codebook)
    rng = np.random.default_rng(0)
    start = torch.tensor([[1.0], [3.0]])
    average.start(start, rng)
    counts, sums = np.ones(2), codebook[:, 0].double().numpy().copy()
    assert sorted(sums) == [1, 3]
    for step in range(20):
        vectors = torch.tensor([[0.1], [0.2], [float(step)]])
        codes = torch.tensor([0, 0, 1])
        average.update(vectors, codes, None)
        counts = 0.99 * counts + 0.01 * np.array([2, 1])
        sums = 0.99 * sums + 0.01 * np.array([0.1 + 0.2, step])
        assert codebook[:, 0].numpy() == pytest.approx(sums / counts, rel=1e-4)


def test_dead_codes_come_alive_at_vectors_of_the_batch() -> None:
    codebook = torch.zeros(3, 2)
    average = CodebookAverage(codebook)
    rng = np.random.default_rng(0)
    average.start(torch.zeros(6, 2), rng)
    vectors = torch.arange(12.0).reshape(6, 2)
    codes = torch.tensor([0, 0, 0, 1, 1, 1])
    for _ in range(120):
        average.update(vectors, codes, None)
    assert codebook[2].tolist() == pytest.approx([0, 0], abs=1e-3)
    for _ in range(200):
        average.update(vectors, codes, rng)
    assert codebook[2].tolist() in vectors.tolist() or average.counts[2] > 0.2
    assert average.counts[2] > 0.2 * average.counts.mean()
