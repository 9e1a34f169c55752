from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spikeatlas.flows import cli as cli_module
from spikeatlas.flows.checks.study_checks import Checked
from tests.conftest import Ask
from tests.flows.conftest import Cli
from tests.tiny import study_file, tiny


def test_bad_input_is_sentences_and_exit_2(cli: Cli, tmp_path: Path) -> None:
    path = study_file(
        tmp_path, tiny(tmp_path / "run", data={"dataset": "digitz"}, search={"budget": 1})
    )

    done = cli("run", path)

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 2, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["info", "nowhere.zarr"], "no atlas at nowhere.zarr"),
        (["query", "ATLAS", "--layer", "conv9"], "the atlas has conv2, fc1"),
        (["query", "ATLAS", "--epoch", "1"], "the atlas has 0, 2"),
        (["query", "ATLAS", "--image", "x.png"], "give --layer and --neuron"),
        (["compare", "ATLAS", "tt", "cma"], "the atlas has tt, random"),
        (["report", "nowhere.zarr"], "no atlas"),
        (["report", "nowhere.zarr", "--shiny"], "No such option: --shiny"),
    ],
)
def test_bad_questions_are_answered(ask: Ask, made: Checked, words: list[str], told: str) -> None:
    done = ask(*[str(made.run.atlas) if word == "ATLAS" else word for word in words])

    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_validate_prints_the_plan(ask: Ask, tmp_path: Path) -> None:
    done = ask("validate", study_file(tmp_path, tiny(tmp_path / "run")))

    assert done.returncode == 0, done.stderr
    searches = 2 * 14 * 2 * 2 * 20  # epochs, neurons, methods, repeats, budget
    assert f"{searches:,} search" in done.stdout
    assert "task runs" in done.stdout


def test_query_prints_and_draws_one_neuron(ask: Ask, made: Checked, tmp_path: Path) -> None:
    picture = tmp_path / "mei.png"

    done = ask(
        "query",
        made.run.atlas,
        "--epoch",
        "2",
        "--layer",
        "conv2",
        "--neuron",
        "3",
        "--image",
        picture,
    )

    assert done.returncode == 0, done.stderr
    assert "conv2" in done.stdout
    assert np.asarray(Image.open(picture)).shape == (8, 8)


def test_info_verifies(ask: Ask, made: Checked) -> None:
    done = ask("info", made.run.atlas, "--verify")

    assert done.returncode == 0, done.stderr
    assert "verified 112 results" in done.stdout


def test_the_command_line_asks(ask: Ask, compared: Checked, tmp_path: Path) -> None:
    atlas, picture = compared.run.atlas, tmp_path / "a.png"
    done = ask("query", atlas, "--about", "accuracy", "--json", "--png", picture)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 3
    assert picture.exists()
    wrong = ask("query", atlas, "--about", "onset", "--image", picture)
    assert wrong.returncode == 2
    assert "--about onset is drawn by --png" in wrong.stderr


def test_neurons_are_json_and_a_sheet_too(ask: Ask, compared: Checked, tmp_path: Path) -> None:
    done = ask(
        "query", compared.run.atlas, "--layer", "fc1", "--json", "--png", tmp_path / "sheet.png"
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["neuron"] for row in rows] == list(range(8))
    assert all(len(row["latent"]) == 4 for row in rows)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width == 8 * 156  # eight stimuli side by side


def test_what_a_user_s_code_prints_is_no_part_of_an_answer(ask: Ask, tmp_path: Path) -> None:
    network = {
        "kind": "callable",
        "factory": "tests.snn.subjects.lab:talking",
        "layers": {"v1": 2},
    }
    study = study_file(
        tmp_path, tiny(tmp_path / "run", network=network, probe={"epochs": "all", "layers": "all"})
    )

    for words in (["validate"], ["info", "--network"]):
        done = ask(*words, study)

        assert done.returncode == 0, done.stderr
        assert "talks" not in done.stdout
        assert done.stdout.startswith("┏")
        assert "the function talks" in done.stderr


@pytest.mark.parametrize("error", [FloatingPointError, RuntimeError])
def test_a_training_that_diverges_is_its_sentence_and_exit_1(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error("it diverged: choose a smaller lr.")

    monkeypatch.setattr(cli_module, "app", fail)
    with pytest.raises(SystemExit) as ended:
        cli_module.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "it diverged: choose a smaller lr.\n"


@pytest.fixture
def full(copied: Checked, monkeypatch: pytest.MonkeyPatch) -> Checked:
    """A finished study on a disk on which nobody may write."""

    def refuse(path: Path, data: bytes, beside: Path | None = None) -> None:
        del data, beside
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    for place in ("study.location", "atlas.metadata"):
        monkeypatch.setattr(f"spikeatlas.tasks.{place}.write_atomically", refuse)
    monkeypatch.setattr("spikeatlas.snn.atomic.write_atomically", refuse)
    return copied


@pytest.mark.parametrize(
    ("words", "code", "answer", "told"),
    [
        (["claims", "ATLAS"], 0, "undecided", "the claims are not written beside"),
        (["info", "ATLAS"], 0, "test accuracy", ""),
        (["info", "ATLAS", "--verify"], 0, "no mismatch", ""),
        (["compare", "ATLAS", "tt", "random"], 0, "conv2", ""),
        (["query", "ATLAS", "--layer", "fc1", "--neuron", "0", "--png", "x.png"], 2, "fc1", "x.png: Read-only"),
        (["report", "ATLAS"], 2, "", "choose a folder on a writable disk"),
    ],
)  # fmt: skip
def test_answers_are_printed_on_a_disk_of_somebody_elses(
    ask: Ask, full: Checked, words: list[str], code: int, answer: str, told: str
) -> None:
    done = ask(*[str(full.run.atlas) if word == "ATLAS" else word for word in words])
    assert done.returncode == code, done.stderr
    assert answer in done.stdout
    assert told in done.stderr
    assert "Errno" not in done.stderr


def test_claims_of_somebody_elses_stay(ask: Ask, copied: Checked) -> None:
    file = copied.run.folder / "claims.json"
    file.write_text('{"mine": 1}')
    done = ask("claims", copied.run.folder)
    assert done.returncode == 0
    assert "claims.json would be written over" in done.stderr
    assert file.read_text() == '{"mine": 1}'


def test_a_report_and_a_picture_replace_their_kind_alone(
    ask: Ask, made: Checked, tmp_path: Path
) -> None:
    pages, thesis = tmp_path / "site", tmp_path / "thesis.tex"
    pages.mkdir()
    for file in (pages / "index.html", thesis):
        file.write_text("mine")
    one = ["query", made.run.atlas, "--layer", "fc1"]
    for words in (
        ["report", made.run.atlas, "-o", pages],
        ["report", made.run.atlas, "-o", thesis],
        [*one, "--png", thesis],
        [*one, "--about", "onset", "--png", thesis],
        [*one, "--png", pages],
    ):
        done = ask(*words)
        assert done.returncode == 2, words
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert {path.name for path in tmp_path.rglob("*")} == {"site", "index.html", "thesis.tex"}
    assert thesis.read_text() == (pages / "index.html").read_text() == "mine"
