"""The cells of a benchmark, and the changes that make one be run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from spikeatlas.snn.generators import VQVAESpec
from spikeatlas.tasks.benchmark.cells import Cell, Setting
from spikeatlas.tasks.benchmark.matrix import (
    GuideSpec,
    Matrix,
    MethodSpec,
    ReferenceSpec,
    SharingSpec,
    WaySpec,
)
from spikeatlas.tasks.benchmark.run_cell import seeds
from spikeatlas.tasks.study.setup import Setup
from spikeatlas.tasks.study.specs import ResponderSpec
from spikeatlas.tasks.workers.models import GeneratorSource


def method(name: str, **fields: Any) -> MethodSpec:
    """A method as a file gives it."""
    said = {"name": name, "class": "space only", **fields}
    return TypeAdapter(MethodSpec).validate_python(said)


MATRIX = Matrix(
    training_seeds=(1, 2),
    layers=("conv1", "fc1"),
    neurons=2,
    budget=100,
    seeds=3,
    methods=(
        method("screened"),
        method("tt", share=(False,), seeds=1, neurons=1),
    ),
    reference=ReferenceSpec(budget=5000),
    sharing=SharingSpec(training_seed=2, layer="fc1", neurons=4),
    guide=GuideSpec(),
)
SETTING = Setting(
    setup=Setup(),
    shape=(1, 8, 8),
    classes=10,
    checkpoints={1: (Path("one"), "a"), 2: (Path("two"), "b")},
    generator=GeneratorSource(VQVAESpec(), Path("generator"), "c"),
    prior=None,
    images="d",
    store=Path("store"),
)
DRAWN = {(seed, layer): (5, 3, 8, 1, 0) for seed in (1, 2) for layer in ("conv1", "fc1")}


def cells(matrix: Matrix = MATRIX) -> dict[str, Cell]:
    return {cell.name: cell for cell in matrix.cells(DRAWN)}


def test_the_matrix_is_complete_and_every_cell_has_its_own_name() -> None:
    found = cells()

    assert len(found) == len(MATRIX.cells(DRAWN))
    # four groups of 3 x 2 screened, 1 tt, 1 reference, 2 guides; the large one without tt and guide
    assert len(found) == 4 * (6 + 1 + 1 + 2) + 6 + 1
    assert found["seed-1.conv1.main.tt.alone.0"].neurons == (5,)
    assert found["seed-1.conv1.main.screened.shared.2"].neurons == (5, 3)
    assert found["seed-2.fc1.sharing.reference.alone.0"].neurons == (5, 3, 8, 1)
    assert found["seed-2.fc1.sharing.reference.alone.0"].budget == 5000
    assert found["seed-1.fc1.main.guide-swap.alone.0"].options == {"way": "swap", "lr": 0.1, "restarts": 5}  # fmt: skip


def test_a_way_may_be_of_some_networks_alone_whichever_others_are_there() -> None:
    dear = TypeAdapter(WaySpec).validate_python(
        {"way": "swap", "budget": 900, "training_seeds": [1]}
    )
    matrix = replace(MATRIX, guide=GuideSpec(ways=(WaySpec("swap"), dear)))
    names = [name for name in cells(matrix) if ".guide-swap-900." in name]
    assert names == [name for name in names if name.startswith("seed-1.")]
    assert len(names) == 2
    # where the other network alone is left, it is not that one's turn
    rest = replace(matrix, training_seeds=(2,))
    assert not [name for name in cells(rest) if ".guide-swap-900." in name]


def test_the_dearest_cells_come_first() -> None:
    images = [cell.images for cell in MATRIX.cells(DRAWN)]
    assert images == sorted(images, reverse=True)
    assert images[0] == 4 * 5000


def changed(matrix: Matrix, setting: Setting = SETTING) -> set[str]:
    """Names of the cells that ``matrix`` and ``setting`` make be run."""
    before = {name: cell.digest(SETTING) for name, cell in cells().items()}
    after = {name: cell.digest(setting) for name, cell in cells(matrix).items()}
    return {name for name, digest in after.items() if before.get(name) != digest}


def test_only_what_changed_is_run_again() -> None:
    screened, _ = MATRIX.methods
    tt = method("tt", share=(False,), seeds=1, neurons=1, options={"batch": 5})
    other = replace(MATRIX, methods=(screened, tt))
    assert changed(other) == {name for name in cells() if ".tt." in name}

    more = replace(MATRIX, methods=(*MATRIX.methods, method("ga")))  # fmt: skip
    assert changed(more) == {name for name in cells(more) if ".ga." in name}

    assert changed(replace(MATRIX, seeds=2)) == set()
    assert changed(replace(MATRIX, budget=99)) == {n for n in cells() if "reference" not in n}
    setup = Setup(responder=ResponderSpec(memory=2**29), output=Path("elsewhere"))
    assert changed(MATRIX, replace(SETTING, store=Path("elsewhere"), setup=setup)) == set()
    smaller = replace(SETTING, setup=Setup(responder=ResponderSpec(batch_size=64)))
    assert changed(MATRIX, smaller) == set(cells())
    retrained = replace(SETTING, checkpoints={1: (Path("one"), "z"), 2: (Path("two"), "b")})
    assert changed(MATRIX, retrained) == {n for n in cells() if n.startswith("seed-1")}


def test_the_class_of_a_method_changes_no_value() -> None:
    cell = cells()["seed-1.conv1.main.tt.alone.0"]
    assert replace(cell, knowledge="generator prior").digest(SETTING) == cell.digest(SETTING)


def test_training_images_count_for_those_who_know_them() -> None:
    other = replace(SETTING, images="others")
    cell = cells()["seed-1.conv1.main.tt.alone.0"]
    knows = replace(cell, knowledge="natural images")
    assert cell.digest(other) == cell.digest(SETTING)
    assert knows.digest(other) != knows.digest(SETTING)


def test_a_neuron_has_one_seed_whatever_its_group() -> None:
    small = cells()["seed-2.fc1.main.screened.alone.0"]
    large = cells()["seed-2.fc1.sharing.screened.alone.0"]
    assert seeds(SETTING, small) == seeds(SETTING, large)[:2]
    again = cells()["seed-2.fc1.main.screened.alone.1"]
    elsewhere = cells()["seed-1.fc1.main.screened.alone.0"]
    assert len({*seeds(SETTING, small), *seeds(SETTING, again), *seeds(SETTING, elsewhere)}) == 6
