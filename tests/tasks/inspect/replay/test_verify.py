from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import SILENT, AtlasError, path_of
from spikeatlas.tasks.atlas.integrity import chunk_key, epoch_damage, metadata_damage
from spikeatlas.tasks.atlas.origin import run_of_atlas
from spikeatlas.tasks.inspect.replay.replay_verdict import Verdict
from spikeatlas.tasks.inspect.replay.verify import verify
from tests.equal import read
from tests.tiny import atlas_folder, build, tiny


def chunk_file(array: Any, at: tuple[Any, ...]) -> Path:
    return Path(array.store.root) / chunk_key(array, at)


def replay(checked: Checked) -> Verdict:
    return verify(run_of_atlas(checked.run.atlas))


def array(checked: Checked, name: str) -> Any:
    return zarr.open_group(checked.run.atlas, mode="r+")[name]


def reported(verdict: Verdict, *parts: str) -> bool:
    return any(all(part in problem for part in parts) for problem in verdict.problems)


def test_a_sound_atlas_is_replayed_whole(made: Checked) -> None:
    verdict = replay(made)

    assert verdict.sound, verdict.problems
    results = (
        2 * sum(map(len, made.run.layers.values())) * 2 * 2
    )  # epochs, neurons, methods, repeats
    assert verdict.checked == results == sum(verdict.counts.values())


def test_a_changed_pixel_is_found(copied: Checked) -> None:
    mei = array(copied, "image/conv2/mei")
    mei[1, 5, 0, 1, 0, 2, 3] = 255 - mei[1, 5, 0, 1, 0, 2, 3]

    assert reported(
        replay(copied), "epoch=2 layer=conv2 neuron=5 search=tt repeat=1", "mei differs"
    )


def test_a_changed_response_is_found(copied: Checked) -> None:
    array(copied, "layers/fc1/response")[0, 2, 1, 0] += np.float32(1e-4)

    assert reported(
        replay(copied), "epoch=0 layer=fc1 neuron=2 search=random repeat=0", "replay gives"
    )


def test_a_changed_latent_is_found(copied: Checked) -> None:
    latent = array(copied, "latent/fc1/latent")
    latent[0, 3, 0, 0, :] = (latent[0, 3, 0, 0, :] + 1) % 8

    assert reported(replay(copied), "epoch=0 layer=fc1 neuron=3 search=tt repeat=0", "mei differs")


def silent_place(checked: Checked) -> tuple[int, ...]:
    """Epoch, neuron, search and repeat (rows) of a silent search in conv2."""
    return tuple(map(int, np.argwhere(array(checked, "layers/conv2/status")[...] == SILENT)[0]))


def test_a_silent_neuron_that_has_an_image_is_found(copied: Checked) -> None:
    at = silent_place(copied)
    array(copied, "image/conv2/mei")[(*at, 0, 2, 3)] = np.uint8(7)

    assert reported(replay(copied), f"neuron={at[1]} ", "mei differs in 1 values from zeros")


def test_a_best_image_that_is_not_its_search_s_is_found(copied: Checked) -> None:
    mei = array(copied, "best/conv2/mei")
    mei[1, 5, 0, 2, 3] = 255 - mei[1, 5, 0, 2, 3]
    array(copied, "best/conv2/response")[0, 2] += np.float32(0.5)
    array(copied, "best/fc1/best_repeat")[1, 3] = np.int16(7)

    verdict = replay(copied)

    assert len(verdict.problems) == 3
    assert reported(verdict, "epoch=2 layer=conv2 neuron=5: best/conv2/mei is not the image of")
    assert reported(verdict, "epoch=0 layer=conv2 neuron=2: best/conv2/response is not that of")
    assert reported(verdict, "epoch=2 layer=fc1 neuron=3: best/fc1 names", "which there is not")


@pytest.mark.parametrize(
    "name", ["mei", "latent", "response", "history", "status", "seconds", "natural_top"]
)
def test_a_flipped_bit_is_found(copied: Checked, name: str) -> None:
    stored = array(copied, path_of(name, "conv2"))
    path = chunk_file(stored, (1, slice(4, 6)))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 16
    path.write_bytes(raw)

    verdict = replay(copied)
    assert reported(verdict, "epoch=2 layer=conv2 neurons=")
    assert not reported(verdict, "epoch=0")


@pytest.mark.parametrize(
    "node",
    ["", "layers", "image/conv2", "image/conv2/mei", "progress/epoch", "neurons/response", "provenance",
     "provenance/metadata_digest", "training", "training/onset_epoch"],
)  # fmt: skip
def test_damaged_metadata_is_found(copied: Checked, node: str) -> None:
    file = atlas_folder(copied) / node / "zarr.json"
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(len(whole), size=6):
        raw = bytearray(whole)
        raw[place] ^= 1 << rng.integers(8)
        file.write_bytes(raw)
        assert damaged(copied)
    file.unlink()
    assert damaged(copied)
    file.write_bytes(whole)
    assert not damaged(copied)


def damaged(checked: Checked) -> list[str]:
    """What is said of the metadata, or that there is no atlas."""
    try:
        return metadata_damage(checked.run.atlas)
    except (AtlasError, FileNotFoundError) as error:
        return [str(error)]


@pytest.mark.parametrize("name", ["mei", "latent", "images_shown", "status", "natural_response"])
def test_a_removed_chunk_is_found(copied: Checked, name: str) -> None:
    chunk_file(array(copied, path_of(name, "conv2")), (0, slice(0, 4))).unlink()

    verdict = replay(copied)
    assert reported(verdict, "epoch=0 layer=conv2 neurons=0-", "lost a chunk")


@pytest.mark.parametrize(
    "name", ["screening/fc1/screening_response", "meis/mei_class", "neurons/response"]
)
def test_damage_outside_the_layers_is_found(copied: Checked, name: str) -> None:
    chunk_file(array(copied, name), (1,)).unlink()

    assert reported(replay(copied), "epoch=2", name, "lost a chunk")


COMPARED = [
    ("natural_image/conv2/natural_image_response", (2,), "epoch=2"),
    ("natural_image/fc1/natural_image_response", (0,), "epoch=0"),
    ("progress/layers/dimensionality", (1,), "epoch=1"),
    ("selectivity/selective_p", (1,), "epoch=1"),
    ("meis/mei_reference_class", (2,), "epoch=2"),
    ("cross/conv2/cross_response", (1, 2), "epoch=1"),
    ("cross/fc1/cross_response", (2, 0), "epoch=2"),
    ("importance/ablation/accuracy", (2,), "epoch=2"),
    ("progress/intact_accuracy", (0,), "epoch=0"),
]


@pytest.mark.parametrize(("name", "at", "where"), COMPARED)
def test_a_removed_chunk_of_the_analysis_is_found(
    compared_copy: Checked, name: str, at: tuple[int, ...], where: str
) -> None:
    chunk_file(array(compared_copy, name), at).unlink()

    damage = integrity_of(compared_copy)
    assert damage == {where: [f"{name} has lost a chunk"]}


@pytest.mark.parametrize(
    ("name", "at", "where"),
    [
        *COMPARED,
        ("cross/crossed", (1, 2), "epoch=1"),
        ("progress/ablated", (2,), "epoch=2"),
    ],
)
def test_a_flipped_bit_of_the_analysis_is_found(
    compared_copy: Checked, name: str, at: tuple[int, ...], where: str
) -> None:
    path = chunk_file(array(compared_copy, name), at)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 16
    path.write_bytes(raw)

    damage = integrity_of(compared_copy)
    assert list(damage) == [where]
    assert all(told.startswith(f"{name} cannot be read") for told in damage[where])


def integrity_of(checked: Checked) -> dict[str, list[str]]:
    """Damage of per-epoch arrays, by epoch: without the replay, which other tests do."""
    found = {
        f"epoch={epoch:g}": epoch_damage(checked.run.atlas, epoch) for epoch in checked.run.epochs
    }
    return {where: told for where, told in found.items() if told}


def test_damage_of_the_analysis_is_told_with_its_place(compared_copy: Checked) -> None:
    chunk_file(array(compared_copy, "cross/fc1/cross_response"), (2, 0)).unlink()
    chunk_file(array(compared_copy, "natural_image/conv2/natural_image_response"), (0,)).unlink()
    chunk_file(array(compared_copy, "importance/ablation/accuracy"), (2,)).unlink()

    verdict = replay(compared_copy)

    assert len(verdict.problems) == 3
    assert reported(verdict, "epoch=2 layer=fc1", "cross_response has lost a chunk")
    assert reported(
        verdict,
        "epoch=0 layer=conv2",
        "natural_image/conv2/natural_image_response has lost a chunk",
    )
    assert reported(
        verdict, "epoch=2 layers=conv2,fc1", "importance/ablation/accuracy has lost a chunk"
    )


def test_what_was_not_done_is_not_missed(compared_copy: Checked) -> None:
    root = zarr.open_group(compared_copy.run.atlas, mode="r+")
    root["cross/crossed"][1, 2] = 0  # type: ignore[index]
    root["progress/ablated"][0] = 0  # type: ignore[index]
    chunk_file(array(compared_copy, "cross/conv2/cross_response"), (1, 2)).unlink()
    chunk_file(array(compared_copy, "importance/ablation/accuracy"), (0,)).unlink()

    assert integrity_of(compared_copy) == {}


def test_another_checkpoint_is_found(copied: Checked) -> None:
    checkpoint: Path = copied.run.checkpoints / "epoch-2.safetensors"
    checkpoint.write_bytes((copied.run.checkpoints / "epoch-1.safetensors").read_bytes())

    assert reported(replay(copied), "epoch=2 layer=fc1", "digest differs")


def test_nothing_to_check_is_not_sound(copied: Checked) -> None:
    root = zarr.open_group(copied.run.atlas, mode="r+")
    for layer in copied.run.layers:
        root[f"layers/{layer}/status"][:] = 0  # type: ignore[index]
    root["progress/analysed"][:] = 0  # type: ignore[index]

    verdict = replay(copied)
    assert verdict.checked == 0
    assert not verdict.sound


def test_a_stochastic_coding_replays_too(tmp_path: Path) -> None:
    raw = tiny(
        tmp_path / "run",
        network={"coding": "poisson"},
        search={"presentations": 2},
        probe={"epochs": [2], "layers": ["conv2"], "neurons": 3},
    )

    checked = build(raw)

    assert replay(checked).sound
    found = read(checked.run.atlas)["/layers/conv2"]
    # the best of many noisy answers is too good to be true: the fresh measurement is lower on average
    assert found.search_response.mean() > found.response.mean()


@pytest.mark.parametrize(("spikes", "near"), [(1, 1), (3, 0)])
def test_only_one_spike_of_a_map_is_near_enough_for_another_responder(
    copied: Checked, spikes: int, near: int
) -> None:
    response = array(copied, "layers/conv2/response")
    (place, *_) = np.argwhere(np.asarray(response[...]) > 0)
    # several spikes of a map with many positions are less than one spike of a single unit
    assert 3 * copied.layout.spike_steps["conv2"] < 1 / 6
    response[tuple(place)] += np.float32(spikes * copied.layout.spike_steps["conv2"])

    verdict = verify(run_of_atlas(copied.run.atlas), plain=True)
    changed = [text for text in verdict.problems if "replay gives" in text]
    assert (len(verdict.near), len(changed)) == (near, 1 - near)
