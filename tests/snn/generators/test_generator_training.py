from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spikeatlas.snn.data import Digits, load_data
from spikeatlas.snn.files import load_checkpoint, read_metadata, save_checkpoint, save_state
from spikeatlas.snn.generators import VQVAESpec, load_generator, train_generator
from spikeatlas.snn.generators.vqvae.vqvae_training import VQVAERecord

SPEC = VQVAESpec(positions=4, codes=8, embedding=4, width=8, epochs=3, batch_size=20)
STEPS = 3 * SPEC.epochs
IMAGES = load_data(Digits(limit=50)).train.images


def train(path: Path, spec: VQVAESpec = SPEC, **options: Any) -> bytes:
    fields = {"seed": 3, "study": "digest", **options}
    train_generator(spec, fields.pop("images", IMAGES), path=path, **fields)
    return path.read_bytes()


def stop_after(steps: int) -> Callable[[], bool]:
    answers = iter([False] * steps)
    return lambda: next(answers, True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of an uninterrupted training."""
    return train(tmp_path_factory.mktemp("whole") / "generator.safetensors")


@pytest.mark.parametrize("steps", range(STEPS))
def test_stopped_anywhere_and_resumed_is_the_same_file(
    tmp_path: Path, whole: bytes, steps: int
) -> None:
    path = tmp_path / "generator.safetensors"
    with pytest.raises(InterruptedError, match=f"stopped in epoch {steps // 3 + 1}"):
        train(path, should_stop=stop_after(steps))
    assert not path.exists()
    epochs: list[int] = []
    assert train(path, on_epoch=lambda record, _: epochs.append(record.epoch)) == whole
    assert epochs == list(range(steps // 3 + 1, 4))
    assert [entry.name for entry in tmp_path.iterdir()] == ["generator.safetensors"]


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
from tests.snn.generators.test_generator_training import train
torch.set_num_threads(1)
def die(record, _):
    if record.epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)
train(Path(sys.argv[1]), on_epoch=die)
"""


def test_killed_and_resumed_is_the_same_file(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "generator.safetensors"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    epochs: list[int] = []
    assert train(path, on_epoch=lambda record, _: epochs.append(record.epoch)) == whole
    assert epochs == [3]


def test_global_random_generators_neither_matter_nor_move(tmp_path: Path, whole: bytes) -> None:
    torch.manual_seed(99)
    before = torch.get_rng_state()
    assert train(tmp_path / "generator.safetensors") == whole
    assert torch.equal(torch.get_rng_state(), before)


def test_the_seed_matters(tmp_path: Path, whole: bytes) -> None:
    assert train(tmp_path / "generator.safetensors", seed=4) != whole


def test_a_finished_file_is_left_alone(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "generator.safetensors"
    train(path)
    stamp = path.stat().st_mtime_ns
    (tmp_path / "generator.safetensors.training-state.pt").write_bytes(b"left by a kill")
    assert train(path, should_stop=lambda: True) == whole
    assert path.stat().st_mtime_ns == stamp
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "other", [{"seed": 4}, {"study": "other"}, {"images": IMAGES[:40]}, {"spec": VQVAESpec()}]
)
def test_a_file_of_other_arguments_is_replaced(
    tmp_path: Path, whole: bytes, other: dict[str, Any]
) -> None:
    path = tmp_path / "generator.safetensors"
    fields = {**other, "should_stop": None}
    if "spec" in fields:
        fields["spec"] = VQVAESpec(positions=16, codes=8, epochs=1)
    assert train(path, **fields) != whole
    assert train(path) == whole


@pytest.mark.parametrize("content", [b"", b"rubbish", None])
def test_a_useless_training_state_is_ignored(
    tmp_path: Path, whole: bytes, content: bytes | None
) -> None:
    state = tmp_path / "generator.safetensors.training-state.pt"
    if content is None:
        save_state(state, {"of": "another program"})
    else:
        state.write_bytes(content)
    assert train(tmp_path / "generator.safetensors") == whole


def test_a_state_of_another_training_is_ignored(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "generator.safetensors"
    with pytest.raises(InterruptedError):
        train(path, seed=5, should_stop=stop_after(7))
    assert train(path) == whole


def test_a_damaged_file_is_made_again(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "generator.safetensors"
    path.write_bytes(whole[:-1])
    assert train(path) == whole


def test_metadata_tell_how_it_was_made(tmp_path: Path) -> None:
    path = tmp_path / "generator.safetensors"
    train(path)
    metadata = read_metadata(path)
    history = [VQVAERecord(**record) for record in json.loads(metadata["history"])]
    assert [record.epoch for record in history] == [1, 2, 3]
    assert all(1 <= record.perplexity <= 8 and record.error > 0 for record in history)
    assert metadata["study"] == "digest"
    assert metadata["seed"] == "3"
    assert json.loads(metadata["generator"])["codes"] == 8
    assert json.loads(metadata["image_shape"]) == [1, 8, 8]
    assert json.loads(metadata["versions"]) == {"numpy": np.__version__, "torch": torch.__version__}


def test_what_is_loaded_is_what_was_trained(tmp_path: Path) -> None:
    path = tmp_path / "generator.safetensors"
    train(path)
    network = load_generator(path)
    tensors, _ = load_checkpoint(path)
    assert network.image_shape == (1, 8, 8)
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert all(torch.equal(network.state_dict()[name], tensor) for name, tensor in tensors.items())
    assert network.encode(IMAGES).shape == (50, 4)


def test_the_default_generator_learns_digits_in_a_minute(tmp_path: Path) -> None:
    data = load_data(Digits())
    path = tmp_path / "generator.safetensors"
    start = time.process_time()
    train(path, VQVAESpec(), images=data.train.images, seed=0)
    assert time.process_time() - start < 60
    network = load_generator(path)
    codes = network.encode(data.train.images)
    assert len(np.unique(codes)) >= 24
    test = data.test.images / 255
    decoded = network.decode(network.encode(data.test.images)) / 255
    assert np.mean((decoded - test) ** 2) / np.var(test) < 0.07


def test_images_all_alike_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "generator.safetensors"
    train(path, images=np.full((30, 3, 16, 16), 255, np.uint8))
    assert load_generator(path).decode(np.zeros((2, 4), np.int64)).shape == (2, 3, 16, 16)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((0, 1, 8, 8), np.uint8),
        np.zeros((5, 1, 8, 4), np.uint8),
        np.zeros((5, 1, 8, 8), np.float32),
        np.zeros((5, 8, 8), np.uint8),
    ],
)
def test_misshapen_images_are_refused(tmp_path: Path, images: Any) -> None:
    with pytest.raises(ValueError, match=r"learns from uint8 images of shape \(n, channels, size"):
        train(tmp_path / "generator.safetensors", images=images)


def test_a_grid_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    images = np.zeros((5, 1, 28, 28), np.uint8)
    with pytest.raises(ValueError, match=r"generator\.positions is 4: .* 49, 196, 784 "):
        train(tmp_path / "generator.safetensors", images=images)


def test_a_training_that_diverges_says_so(tmp_path: Path) -> None:
    spec = VQVAESpec(positions=4, epochs=5, batch_size=5, lr=1e12)
    with pytest.raises(FloatingPointError, match=r"diverged in epoch \d .*generator\.lr"):
        train(tmp_path / "generator.safetensors", spec)


def test_a_file_that_is_no_generator_says_so(tmp_path: Path) -> None:
    path = tmp_path / "network.safetensors"
    save_checkpoint(path, {"weight": torch.ones(2)}, {"epoch": "3"})
    with pytest.raises(ValueError, match=r"network\.safetensors holds no generator of ours"):
        load_generator(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_generator(tmp_path / "nowhere")


def test_a_file_whose_contents_do_not_fit_says_so(tmp_path: Path) -> None:
    path = tmp_path / "generator.safetensors"
    train(path)
    tensors, metadata = load_checkpoint(path)
    misfit = {**json.loads(metadata["generator"]), "codes": 9}
    save_checkpoint(path, tensors, {**metadata, "generator": json.dumps(misfit)})
    with pytest.raises(
        ValueError,
        match=r"does not fit the generator it describes \(codebook is \(8, 4\) and should be \(9, 4\)\)",
    ):
        load_generator(path)
    save_checkpoint(path, tensors, {**metadata, "image_shape": "[1, 28, 28]"})
    with pytest.raises(ValueError, match=r"holds no generator of ours .*generator\.positions"):
        load_generator(path)
    save_checkpoint(path, {**tensors, "codebook": tensors["codebook"] / 0}, metadata)
    with pytest.raises(ValueError, match="holds weights that are not finite"):
        load_generator(path)
