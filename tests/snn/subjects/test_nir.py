"""NIR files as subjects: trial, hooks and provenance of modules."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.graph.nir_file import nir_module
from spikeatlas.snn.readings import READINGS
from spikeatlas.snn.subjects import Showing, read_source
from spikeatlas.snn.subjects.nir import NirSource, NirSpec
from tests.snn.nets import noise_images, toy_data

IMAGES = noise_images(5)
STEPS = 12


def cells(shape: Any, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return nir.LIF(
        tau=rng.uniform(5e-4, 4e-3, shape),
        r=rng.uniform(1, 3, shape),
        v_leak=np.zeros(shape),
        v_threshold=rng.uniform(0.1, 0.4, shape),
    )


def write(path: Path, seed: int = 0, classes: int = 2) -> Path:
    """A convolution, a pool, and a read-out of classes; names with what names may have."""
    rng = np.random.default_rng(seed)
    conv = nir.Conv2d((8, 8), rng.normal(size=(3, 1, 3, 3)), 1, 0, 1, 1, rng.normal(size=3))
    nodes = {
        "input": nir.Input({"input": np.array([1, 8, 8])}),
        "conv": conv,
        "lif.1 #a": cells((3, 6, 6), seed),
        "pool": nir.AvgPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "flat": nir.Flatten({"input": np.array([3, 3, 3])}, 0, -1),
        "affine": nir.Affine(rng.normal(size=(classes, 27)), np.full(classes, 0.3)),
        "last": cells((classes,), seed + 1),
        "output": nir.Output({"output": np.array([classes])}),
    }
    names = list(nodes)
    edges = list(itertools.pairwise(names))
    nir.write(path, nir.NIRGraph(nodes, edges, type_check=False))
    return path


def spec(file: Path, **fields: Any) -> NirSpec:
    values = {"kind": "nir", "file": file, "time_steps": STEPS, "normalise": "none"}
    return TypeAdapter(NirSpec).validate_python({**values, **fields})


def source(file: Path, **fields: Any) -> NirSource:
    return spec(file, **fields).source(toy_data(), Path())


def trains(file: Path, frames: torch.Tensor) -> dict[str, torch.Tensor]:
    """Spikes of both layers, noted at every step."""
    network = nir_module(file)
    first = network.get_submodule(network.spiking["lif.1 #a"])
    rows: dict[str, list[torch.Tensor]] = {"lif.1 #a": [], "last": []}
    handle = first.register_forward_hook(lambda _m, _i, spikes: rows["lif.1 #a"].append(spikes))
    with torch.no_grad():
        for step in range(STEPS):
            rows["last"].append(network(frames[step if len(frames) > 1 else 0]))
    handle.remove()
    return {name: torch.stack(row) for name, row in rows.items()}


def test_a_file_is_a_subject(tmp_path: Path) -> None:
    made = source(write(tmp_path / "net.nir"))
    subject = made.open(0)
    record = trains(tmp_path / "net.nir", torch.from_numpy(IMAGES)[None] / 255)

    responses = subject.responses(
        IMAGES, {"lif.1 #a": [2, 0], "last": [0, 1]}, Showing(batch_size=5)
    )

    assert list(made.layers) == ["lif.1 #a", "last"]
    assert (made.time_steps, made.classes, made.stochastic) == (STEPS, 2, False)
    assert made.layers["lif.1 #a"].map == (6, 6)
    for name, neurons in (("lif.1 #a", [2, 0]), ("last", [0, 1])):
        rates = (
            record[name].double().flatten(3).mean((0, 3))
            if name != "last"
            else record[name].mean(0)
        )
        np.testing.assert_allclose(responses[name], rates[:, neurons].numpy(), rtol=1e-6)
        assert responses[name].any()
    np.testing.assert_array_equal(
        subject.scores(IMAGES, Showing(batch_size=5)), record["last"].sum(0).numpy()
    )
    assert "epochs" in made.lacks
    assert "readout" not in made.lacks
    again = subject.responses(IMAGES, {"last": [0, 1]}, Showing(batch_size=2))["last"]
    np.testing.assert_array_equal(again, responses["last"])


def test_its_spikes_can_be_read_otherwise(tmp_path: Path) -> None:
    made = read_source(source(write(tmp_path / "net.nir")), READINGS.read("latency"), "centre")
    record = trains(tmp_path / "net.nir", torch.from_numpy(IMAGES)[None] / 255)["lif.1 #a"]

    read = made.open(0).responses(IMAGES, {"lif.1 #a": range(3)}, Showing(batch_size=5))["lif.1 #a"]

    latency = READINGS.read("latency").trains
    expected = latency.responses(latency.fold(None, record, 0), STEPS, "centre")
    np.testing.assert_array_equal(read, expected.astype(np.float32))


def test_poisson_trains_enter_step_by_step(tmp_path: Path) -> None:
    made = source(write(tmp_path / "net.nir"), coding="poisson")
    subject = made.open(0)
    showing = Showing(batch_size=5, key=CodingKey(0, "c", "report"))

    assert subject.stochastic
    once = subject.responses(IMAGES, {"lif.1 #a": range(3)}, showing)["lif.1 #a"]
    np.testing.assert_array_equal(
        once, subject.responses(IMAGES, {"lif.1 #a": range(3)}, showing)["lif.1 #a"]
    )
    assert once.any()


def test_a_file_an_epoch(tmp_path: Path) -> None:
    for number in (1, 3):
        write(tmp_path / f"net-{number}.nir", number)
    made = source(tmp_path / "net-{epoch}.nir", first_epoch=1)
    responses = [made.open(epoch).responses(IMAGES, {"last": [0, 1]})["last"] for epoch in (2, 4)]

    assert list(made.epochs()) == [2, 4]
    assert not np.array_equal(responses[0], responses[1])
    assert "epochs" not in made.lacks
    assert made.digest(2) != made.digest(4)
    assert made.spec.options == {"dt": 1e-4}
    assert (made.problems([2, 4]), made.unreadable(), made.notes(2)) == ([], {}, [])
    (tmp_path / "net-5.nir").write_text("half")
    assert list(made.unreadable()) == [6]
    assert made.problems([6])[0].startswith("network.file: ")


def test_a_moved_file_is_the_same_network(tmp_path: Path) -> None:
    made = source(write(tmp_path / "net.nir"))
    (tmp_path / "elsewhere").mkdir()
    other = source(Path(shutil.copy(tmp_path / "net.nir", tmp_path / "elsewhere")))

    assert other.digest(0) == made.digest(0)
    assert other.network_digest == made.network_digest
    assert other.fingerprint(0) == made.fingerprint(0)
    assert source(tmp_path / "net.nir", dt=2e-4).network_digest != made.network_digest


def test_some_layers(tmp_path: Path) -> None:
    write(tmp_path / "net.nir")

    assert list(source(tmp_path / "net.nir", layers=["last"]).layers) == ["last"]
    with pytest.raises(
        ValueError, match=r"names 'lost', but the nodes that spike are lif.1 #a, last \(did"
    ):
        source(tmp_path / "net.nir", layers=["lost"])


def test_neurons_can_be_silenced(tmp_path: Path) -> None:
    subject = source(write(tmp_path / "net.nir")).open(0)
    showing, neurons = Showing(batch_size=5), {"lif.1 #a": range(3)}
    active = subject.responses(IMAGES, neurons, showing)["lif.1 #a"].any(0)
    scores = subject.scores(IMAGES, showing)

    without = subject.scores_without(IMAGES, neurons, showing)["lif.1 #a"]

    assert active.any()
    assert any(not np.array_equal(others, scores) for others in without)
    for neuron in np.flatnonzero(active):
        silent = subject.silenced("lif.1 #a", int(neuron))
        assert not silent.responses(IMAGES, {"lif.1 #a": [int(neuron)]}, showing)["lif.1 #a"].any()


@pytest.mark.parametrize(
    "fields",
    [
        {"time_steps": 0},
        {"dt": 0},
        {"coding": "poisson", "normalise": "data"},
        {"file": "{epoch}/{epoch}.nir"},
        {"kernel": 3},
    ],
)
def test_fields_that_make_no_sense(tmp_path: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**{"file": tmp_path / "net.nir", **fields})


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no .*net\.nir"):
        source(tmp_path / "net.nir")
    with pytest.raises(FileNotFoundError, match="no file fits"):
        source(tmp_path / "net-{epoch}.nir")
    assert spec(tmp_path / "net-{epoch}.nir").paths == {"network.file": tmp_path}
    assert spec(tmp_path / "net.nir").paths == {"network.file": tmp_path / "net.nir"}


def test_it_takes_the_faster_ways_of_modules(tmp_path: Path) -> None:
    subject = source(write(tmp_path / "net.nir")).open(0)
    neurons = {"lif.1 #a": range(3), "last": range(2)}
    fast = subject.responder(neurons, Showing(batch_size=4))

    assert all("layered" in line for line in fast.describe())
    plain = subject.responder(neurons, Showing(batch_size=4, kind="plain"))
    for name, responses in plain(IMAGES).items():
        np.testing.assert_array_equal(fast(IMAGES)[name], responses)
