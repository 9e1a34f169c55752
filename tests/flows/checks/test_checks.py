"""Bad studies: one clear sentence a problem, before any work, and nothing lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import zarr
from PIL import Image

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.study.study import StudyError
from tests.tiny import folder_of, tiny


def problems(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(StudyError) as caught:
        check(raw)
    return caught.value.problems


@pytest.mark.parametrize(
    ("sections", "parts"),
    [
        (
            {"data": {"dataset": "digitz"}},
            ("data.dataset", "'digitz'", "did you mean digits", "folder"),
        ),
        ({"probe": {"layers": ["conv3"]}}, ("probe.layers", "'conv3'", "did you mean conv", "fc1")),
        (
            {"probe": {"layers": "all", "neurons": {"conf1": [0]}}},
            ("probe.neurons", "'conf1'", "did you mean conv1"),
        ),
        ({"probe": {"neurons": {"conv2": [6]}}}, ("probe.neurons", "6", "conv2", "0 to 5")),
        ({"probe": {"neurons": {"fc1": [0, 0]}}}, ("probe.neurons", "fc1", "twice")),
        ({"probe": {"epochs": [7]}}, ("probe.epochs", "7", "training.epochs is 2")),
        ({"search": {"methods": ["tt-xp"]}}, ("search.methods", "'tt-xp'", "tt-exp")),
        ({"search": {"options": {"tt": {"quantise": False}}}}, ("quantise", "quantize")),
        ({"search": {"options": {"ttt": {}}}}, ("search.options", "'ttt'", "did you mean tt")),
        ({"search": {"budget": 3}}, ("budget", "3", "10")),
        ({"search": {"sign": 0}}, ("search.sign", "0", "1", "-1")),
        ({"search": {"screening": "naturl"}}, ("search.screening", "'naturl'", "natural")),
        (
            {"search": {"screening": "natural", "screening_images": 61}},
            ("search.screening_images", "122", "120", "prior"),
        ),
        (
            {"search": {"methods": ["screened"], "screening_images": 20}},
            ("search.screening_images", "20", "search.budget", "screened", "raise the budget"),
        ),
        (
            {
                "search": {
                    "methods": ["screened"],
                    "budget": 61,
                    "screening_images": 30,
                    "warm_start": True,
                }
            },
            ("search.screening_images", "30", "half of search.budget", "screened"),
        ),
        (
            {"search": {"methods": ["random"], "warm_start": True}},
            ("search.warm_start", "'random'", "choose from", "screened"),
        ),
        (
            {
                "search": {
                    "methods": ["screened"],
                    "budget": 30,
                    "warm_start": True,
                    "options": {"screened": {"batch": 8}},
                }
            },
            ("search.warm_start", "halves", "budget is 15", "at least 16"),
        ),
        ({"search": {"buget": 30}}, ("search.buget", "no such field", "did you mean budget")),
        ({"serch": {}}, ("serch", "no such field", "did you mean search")),
        ({"training": {"epochs": -1}}, ("training.epochs", "-1")),
        ({"generator": {"positions": 9}}, ("generator.positions", "9", "4, 16, 64")),
        ({"network": {"kernel": 4}}, ("kernel", "4", "odd")),
        ({"probe": {"layers": []}}, ("probe.layers", "empty", "conv1")),
        ({"training": {"epochs": 10**9}}, ("training.epochs", "100000")),
        ({"search": {"budget": 10**12}}, ("search.budget", "10000000")),
        ({"data": {"dataset": "folder", "root": "nowhere/images"}}, ("data", "nowhere/images")),
        ({"network": {"checkpoints": "nowhere"}}, ("network.checkpoints", "nowhere")),
        ({"runner": {"kind": "tread"}}, ("runner.kind", "'tread'", "threads")),
        (
            {"search": {"repeats_at": {1: 3}}},
            ("search.repeats_at", "1 is not among", "epochs 0, 2", "add it to probe.epochs"),
        ),
        (
            {"search": {"repeats_at": {2: 0}}},
            ("search.repeats_at.2", "0", "1 or more"),
        ),
        ({"search": {"repeats_at": {"last": 3}}}, ("search.repeats_at.last", "'last'", "number")),
        (
            {
                "search": {
                    "methods": ["screened"],
                    "budget": 60,
                    "warm_start": True,
                    "repeats_at": {2: 3},
                }
            },
            ("search.repeats_at", "search.warm_start", "leave one of the two out"),
        ),
        (
            {"search": {"screening": "natural", "screening_images": 40, "repeats_at": {2: 4}}},
            ("search.screening_images", "4 repeats", "160", "120", "prior"),
        ),
        (
            {"analysis": {"ablation": [0, 0.5, 3], "ablation_images": 100}},
            ("analysis.ablation", "0.5, 3", "epochs 0, 2", "add it to probe.epochs"),
        ),
        (
            {"analysis": {"ablation": [2], "ablation_images": 121}},
            ("analysis.ablation_images", "121", "120 test images", "give at most 120"),
        ),
        (
            {"analysis": {"position": [9, 0], "ablation_images": 100}},
            ("analysis.position", "[9, 0]", "conv2", "use centre"),
        ),
        (
            {"analysis": {"position": "centre"}, "probe": {"unit": "centre"}},
            ("analysis.position", "probe.unit is centre"),
        ),
        ({"analysis": {"position": "channel"}}, ("analysis.position", "measured anyway")),
        (
            {"analysis": {"life": True}, "probe": {"unit": "centre"}},
            ("analysis.life", "rates of whole channels", "leave analysis.life out"),
        ),
        (
            {"training": {"callbacks": [{"kind": "prune", "sparsity": 1}]}},
            ("training.callbacks", "sparsity", "less than 1"),
        ),
        (
            {"training": {"callbacks": ["demp"]}, "network": {"norm": "divisive"}},
            ("training.callbacks", "demp", "network.norm", "divisive", "choose another norm"),
        ),
        (
            {
                "training": {"batch_size": 17},
                "network": {"norm": {"kind": "batch", "statistics": "step"}},
            },
            ("training.batch_size", "17 leaves one of 120", "set it to 18"),
        ),
        ({"analysis": {"ablation": [2]}}, ("analysis.ablation_images", "1000", "at most 120")),
        (
            {"analysis": {"ablation_images": 39}},
            ("analysis.ablation_images", "39", "4 images for each of 10 classes", "at least 40"),
        ),
        ({"analysis": {"images": 39}}, ("analysis.images", "39 is below 40", "at least 40")),
        ({"analysis": {"image": 39}}, ("analysis.image", "no such field", "did you mean images")),
        ({"analysis": {"cross": "perhaps"}}, ("analysis.cross", "'perhaps'", "true or false")),
        ({"training": {"labels": "shufled"}}, ("training.labels", "'shufled'", "shuffled")),
    ],
)
def test_one_mistake_gets_one_sentence(
    tmp_path: Path, sections: dict[str, Any], parts: tuple[str, ...]
) -> None:
    found = problems(tiny(tmp_path / "run", **sections))

    assert len(found) == 1, found
    assert all(part in found[0] for part in parts), found[0]
    assert "\n" not in found[0]
    assert not (tmp_path / "run").exists()


def test_three_mistakes_are_listed_together(tmp_path: Path) -> None:
    found = problems(
        tiny(
            tmp_path,
            data={"dataset": "minst"},
            probe={"layers": ["fc9"]},
            search={"budget": 1},
            seed=-1,
        ),
    )

    assert [p.split(":")[0].split(".")[0] for p in sorted(found)] == [
        "data",
        "probe",
        "search",
        "seed",
    ]


class Written(NamedTuple):
    study: dict[str, Any]
    folder: Path


def folder_study(tmp_path: Path) -> Written:
    images = np.random.default_rng(0).integers(0, 255, (8, 8, 8, 3), dtype=np.uint8)
    for split in ("train", "test"):
        for name, part in (("cat", images[:4]), ("dog", images[4:])):
            (tmp_path / "images" / split / name).mkdir(parents=True)
            for i, image in enumerate(part):
                Image.fromarray(image).save(tmp_path / "images" / split / name / f"{i}.png")
    raw = tiny(tmp_path / "run", data={"dataset": "folder", "root": str(tmp_path / "images")})
    return Written(raw, tmp_path / "images")


def test_a_folder_of_images_is_accepted(tmp_path: Path) -> None:
    assert check(folder_study(tmp_path).study).run.layers["fc1"] == tuple(range(8))


def test_an_image_of_another_size_is_named(tmp_path: Path) -> None:
    written = folder_study(tmp_path)
    Image.new("RGB", (8, 9)).save(written.folder / "test" / "dog" / "0.png")

    (found,) = problems(written.study)
    assert "0.png" in found


def test_a_truncated_checkpoint_is_named(made: Checked, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    shutil.copytree(made.run.checkpoints, folder)
    whole = (folder / "epoch-2.safetensors").read_bytes()
    (folder / "epoch-2.safetensors").write_bytes(whole[: len(whole) // 2])

    (found,) = problems(tiny(tmp_path / "run", network={"checkpoints": str(folder)}))
    assert "epoch-2.safetensors" in found


def test_checkpoints_of_another_network_are_refused(made: Checked, tmp_path: Path) -> None:
    given = {"checkpoints": str(made.run.checkpoints), "channels": [4, 7]}

    found = problems(tiny(tmp_path / "run", network=given))
    assert all("stages" in problem for problem in found), found


def test_an_epoch_without_checkpoint_is_named(made: Checked, tmp_path: Path) -> None:
    given = {"network": {"checkpoints": str(made.run.checkpoints)}, "probe": {"epochs": [0, 5]}}

    (found,) = problems(tiny(tmp_path / "run", **given))
    assert "probe.epochs: 5 has no checkpoint" in found


def test_given_checkpoints_are_all_probed(made: Checked, tmp_path: Path) -> None:
    given = {"network": {"checkpoints": str(made.run.checkpoints)}, "probe": {"epochs": "all"}}

    assert check(tiny(tmp_path / "run", **given)).run.epochs == (0, 1, 2)


def test_an_atlas_of_another_study_names_fields_and_values(copied: Checked) -> None:
    (found,) = problems(tiny(copied.study.output, search={"budget": 30}, seed=5))

    assert "search.budget is 30 now, 20 in the atlas" in found
    assert "seed is 5 now, 0 in the atlas" in found
    assert "--fresh" in found


def test_a_changed_checkpoint_is_refused(copied: Checked) -> None:
    folder = copied.run.checkpoints
    shutil.copy(folder / "epoch-1.safetensors", folder / "epoch-2.safetensors")

    (found,) = problems(tiny(copied.study.output))
    assert "epoch-2.safetensors has changed" in found


def test_a_changed_generator_is_refused(copied: Checked, tmp_path: Path) -> None:
    copied.run.generator_file.write_bytes(copied.run.generator_file.read_bytes() + b" ")

    (found,) = problems(tiny(copied.study.output))
    assert "generator-" in found


def test_runner_and_epochs_are_not_part_of_the_digest(copied: Checked) -> None:
    same = check(tiny(copied.study.output, runner={"workers": 1}, probe={"epochs": [0, 1, 2]}))

    assert same.run.digest == copied.run.digest


def test_blocks_are_part_of_the_digest_only_when_they_share(tmp_path: Path) -> None:
    def study(share: bool, size: int) -> str:
        return check(tiny(tmp_path, search={"share": share, "neurons_per_task": size})).run.digest

    assert study(False, 2) == study(False, 4)
    assert study(True, 2) != study(True, 4)


def test_shuffled_labels_train_another_network_beside_the_same_generator(tmp_path: Path) -> None:
    true, shuffled = (
        check(tiny(tmp_path, training={"labels": labels})).run for labels in ("true", "shuffled")
    )

    assert true.digest != shuffled.digest
    assert true.generator_file == shuffled.generator_file
    assert true.digest == check(tiny(tmp_path)).run.digest


def test_more_images_kept_than_there_are_keeps_all(tmp_path: Path) -> None:
    checked = check(tiny(tmp_path, analysis={"images": 5000}))

    assert checked.layout.natural_images == tuple(range(120))


def test_an_unknown_epoch_is_told_once_of_each_field(tmp_path: Path) -> None:
    """Not again for what the probe itself cannot have."""
    sections = {"probe": {"epochs": [7]}, "analysis": {"ablation": [7], "ablation_images": 100}}

    (found,) = problems(tiny(tmp_path, **sections))
    assert "probe.epochs: 7" in found


def test_a_screening_that_all_pay_for_may_exceed_the_budget(tmp_path: Path) -> None:
    search = {"methods": ["screened"], "screening_images": 30, "share": True}

    assert check(tiny(tmp_path, search=search)).run.search.screening_images == 30
    assert "screened" in problems(tiny(tmp_path, search={**search, "screening_images": 40}))[0]


def test_an_atlas_from_before_a_field_goes_on(copied: Checked) -> None:
    root = zarr.open_group(copied.run.atlas, mode="r+")
    study = json.loads(str(root.attrs["study"]))
    for name in ("screening", "warm_start", "diverse", "sign", "repeats_at"):
        del study["search"][name]
    root.attrs.update({"study": json.dumps(study), "study_digest": "of fewer fields"})

    check(tiny(copied.study.output))
    (found,) = problems(tiny(copied.study.output, search={"sign": -1}))
    assert "search.sign is -1 now, 1 in the atlas" in found


def test_a_newer_atlas_is_refused(copied: Checked) -> None:
    zarr.open_group(copied.run.atlas, mode="r+").attrs["schema_version"] = 99

    (found,) = problems(tiny(copied.study.output))
    assert "newer" in found
    assert "upgrade" in found


def test_a_damaged_atlas_is_refused(copied: Checked) -> None:
    (folder_of(copied.run) / "zarr.json").write_text("{")

    (found,) = problems(tiny(copied.study.output))
    assert "damaged" in found


def test_a_read_only_target_is_refused_for_root_too() -> None:
    # nobody, root included, can make a folder under /proc: no mode bit is involved
    (found,) = problems(tiny(Path("/proc/spikeatlas")))

    assert "output: /proc/spikeatlas cannot be written" in found


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        total: int = 10**9
        used: int = 10**9
        free: int = 10**6

    monkeypatch.setattr(
        "spikeatlas.flows.checks.output_checks.shutil.disk_usage", lambda _: Usage()
    )

    (found,) = problems(tiny(tmp_path / "run"))
    assert "1 MB free" in found
