from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from spikeatlas.flows.runners.failures import WorkError, working
from tests.flows.conftest import Cli
from tests.tiny import study_file, tiny

RIG = """
from itertools import count

calls = count(1)

def third():
    def respond(images):
        if next(calls) > 11:
            raise ConnectionError("the rig is gone")
        return {"V1": images.reshape(len(images), -1)[:, :6]}
    return respond
"""


@pytest.mark.parametrize(
    "error", [ValueError("no layer"), FileNotFoundError("no layer"), FloatingPointError("no layer")]
)
def test_a_refusal_amid_the_work_is_a_failure(error: Exception) -> None:
    with pytest.raises(WorkError, match=r"^no layer$"), working():
        raise error


def test_an_interrupt_is_none() -> None:
    with pytest.raises(KeyboardInterrupt), working():
        raise KeyboardInterrupt


def test_a_lack_of_memory_says_what_to_lower() -> None:
    with (
        pytest.raises(WorkError, match=r"^memory ran out \(no more is to be had\): .*runner"),
        working(),
    ):
        raise MemoryError
    with (
        pytest.raises(WorkError, match=r"\(Unable to allocate 9 GiB\).*responder\.memory"),
        working(),
    ):
        raise MemoryError("Unable to allocate 9 GiB")


def test_torchs_lack_of_memory_is_one_too() -> None:
    with pytest.raises(WorkError, match=r"^memory ran out \(1,125,899.9 GB at once\)"), working():
        torch.empty(2**50, dtype=torch.uint8)  # more than addresses there are
    with pytest.raises(RuntimeError, match=r"^mat1 and mat2"), working():
        torch.zeros(2, 3) @ torch.zeros(2, 3)


def test_a_fault_of_the_program_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), working():
        _ = 1 // 0


@pytest.mark.server
def test_a_network_that_fails_amid_a_run_is_no_bad_input(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rig_of_lab.py").write_text(RIG)
    monkeypatch.setenv("PYTHONPATH", ":".join([str(tmp_path), *sys.path]))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    raw = tiny(tmp_path / "run")
    raw["network"] = {"kind": "callable", "factory": "rig_of_lab:third", "layers": {"V1": 6}}
    del raw["training"], raw["probe"]

    done = cli("run", study_file(tmp_path, raw))

    assert done.stderr.splitlines()[-1].endswith("the rig is gone."), done.stderr
    assert done.returncode == 1
