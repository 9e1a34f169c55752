"""What a command answers stands alone on standard output, whatever a user's code prints meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spikeatlas.flows.runners.terminal import answering, tell

ROOT = Path(__file__).parents[3]


def test_prints_of_others_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    @answering
    def command(word: str) -> None:
        print("hello from a factory")
        tell(word)

    command(word="answer")
    print("afterwards")

    assert capsys.readouterr() == ("answer\nafterwards\n", "hello from a factory\n")


def test_also_what_a_library_in_c_and_a_child_print() -> None:
    code = """
import os, subprocess
from spikeatlas.flows.runners.terminal import answering, tell

@answering
def command():
    os.write(1, b"banner\\n")
    subprocess.run(["echo", "child"], check=True)
    tell("answer")

command()
os.write(1, b"afterwards\\n")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert (done.stdout, done.stderr) == ("answer\nafterwards\n", "banner\nchild\n")


def test_an_exit_of_a_user_s_code_is_a_sentence_with_its_line() -> None:
    @answering
    def command() -> None:
        sys.exit(0)

    with pytest.raises(ValueError, match=r"test_terminal.py, line \d+, calls exit\(0\), which"):
        command()


def test_an_interrupt_stays_one() -> None:
    @answering
    def command() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        command()
