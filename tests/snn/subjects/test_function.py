"""A user's function as a subject."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.data import Saccades, load_data
from spikeatlas.snn.readings import READINGS
from spikeatlas.snn.subjects import LACKS, LackError, Showing, Source, read_source
from spikeatlas.snn.subjects.function import CallableSpec
from tests.snn.nets import noise_images, toy_data
from tests.snn.subjects import lab

IMAGES = noise_images(7)
KEY = CodingKey(1, "c", "report")


def spec(name: str = "recorder", **fields: Any) -> CallableSpec:
    layers = {"v1": 5, "v2": 2} if name == "recorder" else {"v1": fields.pop("neurons", 2)}
    values = {"kind": "callable", "factory": f"tests.snn.subjects.lab:{name}", "layers": layers}
    return TypeAdapter(CallableSpec).validate_python({**values, **fields})


def source(name: str = "recorder", **fields: Any) -> Source:
    return spec(name, **fields).source(toy_data(), Path())


def test_answers_are_the_function_s() -> None:
    subject = source(options={"gain": 2.0}).open(0)
    expected = lab.recorder(gain=2.0)(IMAGES)

    responses = subject.responses(IMAGES, {"v2": [1], "v1": [4, 0]}, Showing(batch_size=3))

    assert list(responses) == ["v2", "v1"]
    np.testing.assert_allclose(responses["v1"], expected["v1"][:, [4, 0]], rtol=1e-6)
    np.testing.assert_array_equal(responses["v2"], expected["v2"][:, [1]])
    assert responses["v1"].dtype == np.float32
    nothing = subject.responses(IMAGES[:0], {"v1": [0, 1]})
    assert nothing["v1"].shape == (0, 2)


def test_a_response_depends_on_its_stimulus_alone() -> None:
    respond = source().open(0).responder({"v1": range(5)}, Showing(batch_size=4))
    together = respond(IMAGES)["v1"]

    alone = [respond(IMAGES[row : row + 1])["v1"] for row in range(len(IMAGES))]

    np.testing.assert_array_equal(together, np.concatenate(alone))


def test_it_lacks_all_that_is_not_its_answers() -> None:
    made = source(unit={"name": "spikes/s", "top": None})

    assert made.lacks == tuple(LACKS)
    assert len(made.lacks) == 6
    assert (made.time_steps, made.classes, made.stochastic) == (None, None, False)
    assert made.epochs() == {0.0: None}
    assert np.isnan(made.progress(0).accuracy)
    assert made.layers["v1"].unit.name == "spikes/s"
    assert made.layers["v1"].unit.top is None
    subject = made.example()
    with pytest.raises(LackError, match="no read-out"):
        subject.scores(IMAGES, Showing())
    with pytest.raises(LackError, match="cannot be silenced"):
        subject.silenced("v1", 0)
    assert (
        "plain: the function of tests.snn.subjects.lab:recorder"
        in subject.responder({"v1": [0]}, Showing()).describe()[0]
    )


def test_a_checkpoint_an_epoch(tmp_path: Path) -> None:
    for epoch in (0, 10, 2):
        (tmp_path / f"cell_{epoch}.txt").write_text(str(epoch))
    made = source(checkpoints=str(tmp_path / "cell_{epoch}.txt"))
    first, last = (made.open(epoch).responses(IMAGES, {"v1": [0]})["v1"] for epoch in (0, 10))

    assert list(made.epochs()) == [0, 2, 10]
    assert "epochs" not in made.lacks
    assert not np.array_equal(first, last)
    assert len({made.digest(epoch) for epoch in (0, 2, 10)}) == 3
    with pytest.raises(ValueError, match="no epoch 5: the epochs are 0, 2, 10"):
        made.open(5)
    assert spec(checkpoints={0: "a", 3: "b"}).paths.keys() == {
        "network.checkpoints.0",
        "network.checkpoints.3",
    }
    empty = source(checkpoints=str(tmp_path / "none_{epoch}.txt"))
    with pytest.raises(FileNotFoundError, match="no file fits"):
        empty.example()


def test_seeds_belong_to_stimuli() -> None:
    subject = source("noisy", neurons=3, stochastic=True).open(0)
    showing = Showing(batch_size=3, key=KEY)
    once = subject.responses(IMAGES, {"v1": range(3)}, showing)["v1"]

    again = subject.responses(IMAGES[::-1], {"v1": range(3)}, showing)["v1"][::-1]

    np.testing.assert_array_equal(once, again)
    twice = subject.responses(IMAGES, {"v1": range(3)}, Showing(key=KEY, presentations=2))["v1"]
    shifted = subject.responses(IMAGES, {"v1": range(3)}, Showing(key=KEY.shifted(1)))["v1"]
    np.testing.assert_allclose(twice, (once + shifted) / 2, rtol=1e-6)
    with pytest.raises(ValueError, match="key is missing"):
        subject.responder({"v1": [0]}, Showing())


def test_a_stochastic_function_without_seeds() -> None:
    subject = source("noisy", neurons=3, stochastic=True, options={"seeded": False}).open(0)
    respond = subject.responder({"v1": range(3)}, Showing(presentations=200))

    assert subject.stochastic
    assert not np.array_equal(respond(IMAGES)["v1"], respond(IMAGES)["v1"])
    assert abs(respond(IMAGES)["v1"].mean() - 0.5) < 0.05


@pytest.mark.parametrize("threads", [False, True])
def test_calls_take_turns(*, threads: bool) -> None:
    made = source("slow", neurons=1, threads=threads)
    lab.INSIDE.clear()
    responders = [made.open(0).responder({"v1": [0]}, Showing(batch_size=4)) for _ in range(3)]
    workers = [threading.Thread(target=respond, args=(IMAGES,)) for respond in responders]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(lab.INSIDE) == 6
    assert (max(lab.INSIDE) > 0) == threads


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("list", r"returns a list; it must return \{layer: numbers \(7, neurons\)\} for v1"),
        ("missing", r"returns no v1 \(did you mean v2\?\), only v2; name in network.layers"),
        ("shape", r"shape \(2, 8\); for 7 images and 2 neurons it must be \(7, 2\)"),
        ("complex", "type complex128; they must be real"),
        ("text", "must be real numbers"),
        ("nan", "neuron 1 of layer 'v1' answers image 0 with nan; answers must be finite"),
        ("huge", "answers image 0 with 1e[+]300; answers must be finite"),
        ("high", "answers from 1.5 to 1.5 1, but network.unit lets it be 0.0 to 1.0"),
        ("low", "answers from -0.5 to -0.5 1, but network.unit"),
        ("raises", "failed on 7 images: AttributeError"),
        ("writes", "failed on 7 images: ValueError: assignment destination is read-only"),
    ],
)
def test_wrong_answers(what: str, sentence: str) -> None:
    subject = source("wrong", options={"what": what}, unit={"top": 1.0}).open(0)
    respond = subject.responder({"v1": [0]}, Showing(batch_size=7))

    with pytest.raises(ValueError, match=sentence):
        respond(IMAGES)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "no_function"}, "returns an int; it must return a function"),
        ({"name": "failing", "options": {"neurons": 3}}, "OSError: no amplifier for 3"),
        ({"name": "recorder", "options": {"size": 3}}, "TypeError: .* unexpected keyword"),
        ({"name": "nowhere"}, "has no nowhere"),
    ],
)
def test_factories_that_fail(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as error:
        source(**fields).open(0)
    assert source(**fields).problems([0]) == [str(error.value)]
    assert source().problems([0]) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"layers": {}},
        {"layers": {"v1": 0}},
        {"factory": "nowhere"},
        {"unit": {"top": 0.0}},
        {"checkpoints": "a.txt"},
        {"time_steps": 3},
    ],
)
def test_fields_that_make_no_sense(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**fields)


@pytest.mark.parametrize(
    ("neurons", "images", "sentence"),
    [
        ({"v3": [0]}, IMAGES, "no layer 'v3': there are v1, v2"),
        ({"v1": [5]}, IMAGES, r"neurons of layer 'v1' are \[5\]: .* 0 to 4"),
        ({"v1": [0]}, IMAGES[:, :, 1:], r"this network takes uint8 \(n, 1, 8, 8\)"),
        ({"v1": [0]}, IMAGES.astype(float), "images are float64"),
    ],
)
def test_what_is_asked_in_vain(neurons: Any, images: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        source().open(0).responses(images, neurons)


def test_only_rates_of_groups_can_be_read() -> None:
    made = source()
    latency = read_source(made, READINGS.read("latency"))
    with pytest.raises(ValueError, match="knows no time steps; use rate"):
        latency.open(0).responder({"v1": [0]}, Showing())
    with pytest.raises(ValueError, match="a function gives none"):
        made.open(0).responder({"v1": [0]}, Showing(reading=READINGS.read("latency").trains))
    pair = READINGS.read({"kind": "difference", "pairs": {"v1": [[3, 1]]}})
    both = made.open(0).responses(IMAGES, {"v1": [3, 1]})["v1"]
    difference = read_source(made, pair).open(0).responses(IMAGES, {"v1": [0]})["v1"]
    np.testing.assert_array_equal(difference[:, 0], both[:, 0] - both[:, 1])


def test_the_code_is_part_of_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "rig"
    folder.mkdir()
    (folder / "helper.py").write_text("GAIN = 1\n")
    (folder / "cell.py").write_text(
        "from rig.helper import GAIN\ndef make():\n    return lambda images: {'v1': images}\n"
    )
    fields: dict[str, Any] = {"kind": "callable", "factory": "rig.cell:make", "layers": {"v1": 1}}

    def made(**others: Any) -> Source:
        spec = TypeAdapter(CallableSpec).validate_python({**fields, **others})
        source = spec.source(toy_data(), Path())
        assert isinstance(source, Source)
        return source

    def changes(source: Source) -> set[str]:
        assert (source.digest(0) == digest) == (source.network_parts == parts)
        return {name for name, part in source.network_parts.items() if parts[name] != part}

    digest, parts = made().digest(0), made().network_parts
    assert changes(made()) == set()
    assert changes(made(options={"a": 1})) == {"network.options"}
    assert changes(made(layers={"v1": 2})) == {"network.layers"}
    (folder / "helper.py").write_text("GAIN = 2\n")
    assert changes(made()) == {"rig/helper.py, which it imports"}


def test_a_user_s_file_needs_no_torch() -> None:
    code = "import sys, tests.snn.subjects.lab as lab; lab.recorder(); assert 'torch' not in sys.modules"
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_a_function_takes_still_images() -> None:
    data = load_data(Saccades(frames=4, limit=20))
    with pytest.raises(
        ValueError, match=r"sequences of 4 frames, but network.kind callable takes still"
    ):
        spec().source(data, Path())


def test_the_first_epoch_s_function_is_tried() -> None:
    noise = source("noisy", neurons=3, options={"seeded": False})

    assert len(noise.problems([0])) == 1
    assert "write stochastic: true" in noise.problems([0])[0]
    assert (
        source("noisy", neurons=3, options={"seeded": False}, stochastic=True).problems([0]) == []
    )
    assert "returns no v1" in source("wrong", options={"what": "missing"}).problems([0])[0]


def test_the_factory_is_called_once_an_epoch(tmp_path: Path) -> None:
    made = source()
    assert made.problems([0]) == []
    first, again = made.open(0), made.example()
    assert vars(first)["function"] is vars(again)["function"]

    for epoch in (0, 2):
        (tmp_path / f"cell_{epoch}.txt").write_text(str(epoch))
    several = source(checkpoints=str(tmp_path / "cell_{epoch}.txt"))
    images = {epoch: several.open(epoch).responses(IMAGES, {"v1": [0]})["v1"] for epoch in (0, 2)}
    assert not np.array_equal(images[0], images[2])
    (tmp_path / "cell_2.txt").write_text("5")
    assert not np.array_equal(images[2], several.open(2).responses(IMAGES, {"v1": [0]})["v1"])


def test_a_missing_file_of_an_epoch_is_a_sentence() -> None:
    made = source(checkpoints={0: "nowhere.txt"})

    assert made.problems([0]) == [
        "network.checkpoints: there is no file nowhere.txt of epoch 0; check its path."
    ]


def test_a_function_of_seeds_is_stochastic() -> None:
    with pytest.raises(ValueError, match=r"noisy takes seeds, .* write stochastic: true"):
        source("noisy", neurons=3).open(0).responder({"v1": [0]}, Showing())


def test_a_layer_that_is_far_too_large_is_a_sentence() -> None:
    (sentence,) = source("wrong", options={"what": "low"}, neurons=10**12).problems([0])

    assert "have shape (8, 2); for 8 images and 1000000000000 neurons it must be" in sentence
