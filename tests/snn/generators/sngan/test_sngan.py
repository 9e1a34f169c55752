"""SN-GAN: shapes, the spectral norm, how it trains and resumes, what stops it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from spikeatlas.snn.files import load_checkpoint, save_checkpoint
from spikeatlas.snn.generators import GaussianGenerator, SNGANSpec, load_generator, train_generator
from spikeatlas.snn.generators.sngan.decoder_critic import Critic, Decoder, doublings
from spikeatlas.snn.generators.sngan.gaussian import allocate_sngan
from spikeatlas.snn.generators.sngan.sngan_training import (
    GANLearner,
    draw_weights,
    halves,
    normalise_spectra,
    plain_weights,
)

SPEC = SNGANSpec(
    kind="sngan",
    dim=6,
    width=6,
    critic_width=6,
    epochs=3,
    batch_size=16,
    ema=0.9,
    precision="float32",
)
IMAGES = np.random.default_rng(0).integers(0, 256, (50, 1, 8, 8), dtype=np.uint8)


def train(path: Path, spec: SNGANSpec = SPEC, **options: Any) -> bytes:
    arguments: dict[str, Any] = {"images": IMAGES, "seed": 3, "study": "s", **options}
    train_generator(spec, path=path, **arguments)
    return path.read_bytes()


def load(path: Path) -> GaussianGenerator:
    model = load_generator(path)
    assert isinstance(model, GaussianGenerator)
    return model


def points(count: int, dim: int = 6) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((count, dim), np.float32)


@pytest.mark.parametrize(
    ("size", "count"), [(8, 1), (12, 1), (16, 2), (20, 2), (28, 2), (32, 3), (48, 3), (64, 4)]
)
def test_sizes_from_8_to_64(size: int, count: int) -> None:
    assert doublings(size) == count
    pixels = Decoder(3, size, 5, 4, 2)(torch.randn(2, 5))
    assert pixels.shape == (2, 3, size, size)
    assert 0 <= pixels.min() <= pixels.max() <= 1
    assert Critic(3, size, 4, 2)(pixels).shape == (2,)


def block_widths(network: Decoder | Critic) -> list[int]:
    """Channels that each residual block makes."""
    return [
        len(weight) for name, weight in network.named_parameters() if name.endswith(".outer.weight")
    ]


@pytest.mark.parametrize(("narrowing", "fine"), [(1, 12), (2, 6), (5, 2), (100, 1)])
def test_maps_next_to_the_pixels_are_narrower(narrowing: int, fine: int) -> None:
    decoder, critic = Decoder(1, 32, 5, 12, narrowing), Critic(1, 32, 12, narrowing)
    assert block_widths(decoder) == [12, 12, fine]
    assert block_widths(critic) == [fine, 12, 12, 12, 12]
    assert critic(decoder(torch.randn(2, 5))).shape == (2,)


@pytest.mark.parametrize("size", [4, 7, 9, 18, 36, 128])
def test_other_sizes_are_named(size: int) -> None:
    with pytest.raises(ValueError, match=rf"{size}x{size}: resize them, or choose vqvae"):
        doublings(size)


def test_the_published_preset_has_the_paper_s_sizes() -> None:
    spec = SNGANSpec(kind="sngan", preset="published")
    assert (spec.dim, spec.width, spec.critic_width, spec.critic_steps) == (128, 256, 128, 5)
    assert SNGANSpec(kind="sngan", preset="published", width=64).width == 64
    model = allocate_sngan(spec, (3, 32, 32))
    assert model.decoder.start.out_features == 256 * 4 * 4
    assert model.decoder.end.in_channels == 256
    assert block_widths(model.critic) == [128] * 5


def test_every_weight_of_the_critic_has_norm_one() -> None:
    critic = Critic(1, 8, 6, 2)
    random = torch.Generator().manual_seed(0)
    draw_weights(critic, random)
    normalise_spectra(critic, random)
    for name, weight in plain_weights(critic).items():
        if name.endswith("weight"):
            norm = torch.linalg.matrix_norm(weight.flatten(1), 2)
            assert norm == pytest.approx(1, rel=0.05), name


def test_a_folded_critic_scores_as_the_normalised_one() -> None:
    training = GANLearner(SPEC, IMAGES, 0)
    training.run_epoch(lambda: False)
    pixels = torch.rand(5, 1, 8, 8)
    plain = training.generator().critic
    normalised = training.network.critic.eval()
    assert not any("parametriz" in name for name, _ in plain.named_modules())
    with torch.no_grad():
        torch.testing.assert_close(plain(pixels), normalised(pixels), rtol=1e-5, atol=1e-6)


def test_weights_come_from_the_seed_alone() -> None:
    state = torch.get_rng_state()
    first, second = (GANLearner(SPEC, IMAGES, 5).network.state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert torch.equal(state, torch.get_rng_state())


def test_the_mean_follows_the_decoder() -> None:
    training = GANLearner(SPEC, IMAGES, 0)
    training.run_epoch(lambda: False)
    ours = dict(training.mean.named_parameters())
    theirs = dict(training.network.decoder.named_parameters())
    apart = [(ours[name] - theirs[name]).abs().max().item() for name in ours]
    assert 0 < max(apart) < 0.05


@pytest.mark.parametrize("stop", [0, 2, 4, 7])
def test_stopped_anywhere_and_resumed_is_the_same_file(tmp_path: Path, stop: int) -> None:
    whole = train(tmp_path / "whole.safetensors")
    path, asked = tmp_path / "part.safetensors", iter(range(100))
    with pytest.raises(InterruptedError, match="Training the generator stopped in epoch"):
        train(path, should_stop=lambda: next(asked) == stop)
    assert not path.exists()
    assert train(path) == whole


def test_critic_steps_and_precision_count(tmp_path: Path) -> None:
    digests = {
        hashlib.sha256(train(tmp_path / f"{place}.safetensors", spec)).hexdigest()
        for place, spec in enumerate([
            SPEC,
            SNGANSpec(**{**vars_of(SPEC), "critic_steps": 2}),
            SNGANSpec(**{**vars_of(SPEC), "precision": "bfloat16"}),
        ])
    }  # fmt: skip
    assert len(digests) == 3


def vars_of(spec: SNGANSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in SNGANSpec.__dataclass_fields__}


def test_it_learns_a_distribution(tmp_path: Path) -> None:
    """Images of one grey, light or dark: the decoder finds both."""
    rng = np.random.default_rng(0)
    level = rng.choice([40, 210], 256)[:, None, None, None] + rng.integers(-8, 9, (256, 1, 8, 8))
    spec = SNGANSpec(
        kind="sngan", dim=4, width=8, critic_width=8, narrowing=1, epochs=25, batch_size=32,
        lr=2e-3, critic_lr=4e-3, ema=0.9, precision="float32",
    )  # fmt: skip
    path = tmp_path / "g.safetensors"
    train(path, spec, images=level.astype(np.uint8))
    made = load(path).decode(points(200, 4)).mean(axis=(1, 2, 3))
    assert (abs(made - 40) < 30).mean() > 0.15
    assert (abs(made - 210) < 30).mean() > 0.15


def test_a_stimulus_does_not_depend_on_its_companions(tmp_path: Path) -> None:
    train(tmp_path / "g.safetensors")
    model = load(tmp_path / "g.safetensors")
    every = points(70)
    together = model.decode(every)
    assert np.array_equal(together[13:14], model.decode(every[13:14]))
    scores = model.score(together)
    assert np.array_equal(scores[13:14], model.score(together[13:14]))
    assert np.array_equal(model.clipped(every), np.zeros(70, np.float32))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros((2, 5), np.float32), r"takes float32 numbers of shape \(n, 6\)"),
        (np.zeros((2, 6)), r"points are float64"),
        (np.full((2, 6), np.nan, np.float32), "not finite"),
    ],
)
def test_points_are_checked(tmp_path: Path, wrong: np.ndarray, words: str) -> None:
    train(tmp_path / "g.safetensors")
    with pytest.raises(ValueError, match=words):
        load(tmp_path / "g.safetensors").decode(wrong)


def test_it_has_no_encoder(tmp_path: Path) -> None:
    train(tmp_path / "g.safetensors")
    model = load(tmp_path / "g.safetensors")
    assert not model.encodes
    with pytest.raises(ValueError, match="has no encoder, so images have no latents"):
        model.encode(IMAGES)


def test_divergence_is_named_and_the_last_good_epoch_kept(tmp_path: Path) -> None:
    path, images = tmp_path / "g.safetensors", IMAGES
    spec = SNGANSpec(**{**vars_of(SPEC), "lr": 1e30, "critic_lr": 1e30, "epochs": 30})
    with pytest.raises(
        FloatingPointError, match=r"diverged in epoch \d+ with generator.lr = 1e\+30"
    ):
        train(path, spec, images=images)
    assert not path.exists()


def test_a_checkpoint_s_misfits_are_named(tmp_path: Path) -> None:
    path = tmp_path / "g.safetensors"
    train(path)
    tensors, metadata = load_checkpoint(path)
    tensors["decoder.end.weight"] = torch.zeros(1, 7, 3, 3)
    del tensors["critic.end.bias"]
    save_checkpoint(path, tensors, metadata)
    with pytest.raises(
        ValueError,
        match=r"critic\.end\.bias is absent and should be \(1,\), decoder\.end\.weight is",
    ):
        load_generator(path)


def test_a_checkpoint_from_before_maps_could_narrow_still_loads(tmp_path: Path) -> None:
    path = tmp_path / "g.safetensors"
    train(path, SNGANSpec(**{**vars_of(SPEC), "narrowing": 1}))
    made = load(path).decode(points(4))
    tensors, metadata = load_checkpoint(path)
    fields = json.loads(metadata["generator"])
    del fields["narrowing"]
    save_checkpoint(path, tensors, {**metadata, "generator": json.dumps(fields)})
    assert np.array_equal(load(path).decode(points(4)), made)


def test_the_rates_are_steady_and_then_fall_to_zero() -> None:
    training = GANLearner(SPEC, IMAGES, 0)
    for progress, part in [(0, 1), (0.75, 1), (0.875, 0.5), (1, 0)]:
        training._set_rates(progress)
        for name, lr in (("decoder", SPEC.lr), ("critic", SPEC.critic_lr)):
            assert training.optimizers[name].param_groups[0]["lr"] == pytest.approx(part * lr)


def test_the_networks_are_plain_modules() -> None:
    model = allocate_sngan(SPEC, (1, 8, 8))
    assert isinstance(model, nn.Module)
    assert model.latent.size == 6
    assert model.latent.dtype == np.float32


@pytest.mark.parametrize("known", [True, False])
def test_auto_is_the_precision_that_the_processor_multiplies_in(
    known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: known)
    assert halves("auto") is known
    assert halves("bfloat16")
    assert not halves("float32")
