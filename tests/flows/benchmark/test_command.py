"""One command, many modes: what a command line asks for, and what it says where that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spikeatlas.flows import cli
from spikeatlas.flows.benchmark.command import measure
from spikeatlas.flows.benchmark.modes import MODES


def echo(name: str) -> Any:
    def mode(
        bench: Path | None = None,
        neurons: tuple[int, ...] = (),
        rounds: int = 3,
        generator: Path | None = None,
    ) -> Iterator[str]:
        yield f"{name} {bench} {neurons} {rounds} {generator}"

    return mode


STAND_INS = {name: echo(name) for name in ("BENCH", "--responder", "--generator")}


def output(**arguments: Any) -> str:
    return next(measure(STAND_INS, arguments))


def test_a_file_is_a_race_and_an_option_its_mode() -> None:
    assert output(words=["bench.yaml"]) == "BENCH bench.yaml () 3 None"
    assert output(responder=True, rounds=5) == "--responder None () 5 None"
    assert output(responder=True, words=["10", "20"]) == "--responder None (10, 20) 3 None"
    assert output(generator=Path("g.pt")) == "--generator None () 3 g.pt"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"words": ["one.yaml", "two.yaml"]},
        {"words": ["one.yaml"], "responder": True},
        {"words": ["0"], "responder": True},
        {"generator": Path("g.pt"), "responder": True},
    ],
)
def test_one_thing_is_measured(arguments: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"^name one thing to measure: a benchmark file, or one of --"
    ):
        output(**arguments)


def test_an_option_that_does_not_go_with_the_mode_is_refused() -> None:
    with pytest.raises(
        ValueError, match="--pairs does not go with --responder, which takes a bench"
    ):
        output(responder=True, pairs=3)
    with pytest.raises(ValueError, match="--each does not go with --planted, which takes nothing"):
        measure(MODES, {"planted": True, "single": True})


def test_every_mode_is_an_option_of_the_command() -> None:
    text = CliRunner().invoke(cli.app, ["benchmark", "--help"], env={"COLUMNS": "200"}).output
    assert all(name in text for name in MODES)
