"""What the flow of analysis does of each epoch, interrupted anywhere, on atlases of any age."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import zarr

from spikeatlas.flows import analyze as flow
from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas import ABLATED, read, write
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.study.run import Run
from tests.equal import differences
from tests.tiny import tiny


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """Units of work run where they are submitted, without Prefect: name and epoch of each that ended.

    What is said of all epochs together is left out: it is said anew each time.
    """
    ended: list[tuple[str, float]] = []

    def run(unit: Any, run: Run, *epoch: float) -> Any:
        if epoch:
            unit.fn.__wrapped__(run, *epoch)
            ended.append((unit.name, *epoch))
        return SimpleNamespace(result=list)

    monkeypatch.setattr(flow, "submit", run)
    monkeypatch.setattr(flow, "gather", lambda _: None)
    # Prefect's page, which there is none of
    monkeypatch.setattr(flow, "publish", lambda *_: None)
    return ended


def undone(run: Run) -> None:
    """Take back every mark of the analysis."""
    for epoch in run.epochs:
        write.clear_epoch(run.atlas, epoch)
    root: Any = zarr.open_group(run.atlas, mode="r+")
    root[ABLATED][:] = 0
    for name in (
        "importance/ablation/accuracy",
        "importance/ablation/loss_increase",
        "cross/conv2/cross_response",
        "borrowed/conv2/borrowed_response",
        "best/conv2/best_known",
    ):
        root[name][:] = 7.0


WHOLE = [
    *(("analyze", epoch) for epoch in (0, 1, 2)),
    *(("cross", epoch) for epoch in (0, 1, 2)),
    *(("ablate", epoch) for epoch in (0, 2)),
    *(("compare with all known", epoch) for epoch in (0, 1, 2)),
]


def test_interrupted_before_each_unit_and_resumed_it_ends_the_same(
    compared: Checked,
    compared_copy: Checked,
    done: list[tuple[str, float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = compared_copy.run
    undone(run)
    submitted: Any = vars(flow)["submit"]
    for count in range(1, len(WHOLE)):

        def until(*arguments: Any, count: int = count) -> Any:
            if len(done) == count:
                raise InterruptedError
            return submitted(*arguments)

        monkeypatch.setattr(flow, "submit", until)
        with pytest.raises(InterruptedError):
            flow.analyze_flow.fn(run)
    monkeypatch.setattr(flow, "submit", submitted)
    flow.analyze_flow.fn(run)

    assert done == WHOLE  # nothing twice
    _empty_row(run)
    assert differences(compared.run.atlas, run.atlas) == []
    flow.analyze_flow.fn(run)
    assert done == WHOLE


def _empty_row(run: Run) -> None:
    """Epoch 1 is not ablated: what ``undone`` wrote there is nobody's."""
    root: Any = zarr.open_group(run.atlas, mode="r+")
    for group in ("importance", "importance/ablation", "importance/classes"):
        for _, array in root[group].arrays():
            # the network's label has no dimension
            if array.ndim > 1 and array.metadata.dimension_names[0] == "epoch":
                array[1] = float("nan")


def test_epochs_whose_searches_are_open_wait(
    compared_copy: Checked, done: list[tuple[str, float]]
) -> None:
    run = compared_copy.run
    undone(run)
    write.mark_failed(run.atlas, run.blocks(1)[0])

    flow.analyze_flow.fn(run)

    assert ("analyze", 1) not in done
    assert {("analyze", 0), ("analyze", 2), ("cross", 1), ("ablate", 0)} <= set(done)
    assert [read.crossed(run.atlas, 1, other) for other in run.epochs] == [True, False, True]


def test_a_study_that_compares_nothing_has_no_place_for_it(
    tmp_path: Path, done: list[tuple[str, float]]
) -> None:
    checked = check(tiny(tmp_path / "run", analysis={"cross": False}))
    allocate(checked.run, checked.layout, checked.data, checked.source)

    root = zarr.open_group(checked.run.atlas, mode="r")
    assert "cross" not in root
    assert "borrowed" not in root
    assert "importance" not in root
    flow.analyze_flow.fn(checked.run)
    assert done == []


def test_an_atlas_without_a_place_for_it_gets_no_ablation(copied: Checked) -> None:
    with pytest.raises(ValueError, match=r"analysis\.ablation"):
        check(tiny(copied.study.output, analysis={"ablation": [2], "ablation_images": 100}))
