"""The tables of the groups: what is made of them, and what they may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import FLAGS, GROUPS, layout_of, open_store
from spikeatlas.tasks.atlas.groups import docs
from spikeatlas.tasks.atlas.groups.arrays import arrays, labels
from spikeatlas.tasks.atlas.groups.base import HEADINGS, Group

PAGE = Path(__file__).parents[4] / "docs" / "atlas.md"


def test_the_page_says_what_the_groups_say() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert docs.page(text) == text, "python -m spikeatlas.tasks.atlas.groups.docs docs/atlas.md"
    assert "### `/layers/<layer>`" in text


def test_the_page_is_made_anew_where_a_group_changed() -> None:
    text = PAGE.read_text(encoding="utf-8").replace("test accuracy of the network", "accuracy")

    assert docs.page(text) == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("study", ["made", "compared", "varied", "gaussian"])
def test_an_atlas_holds_what_its_groups_say(study: str, request: pytest.FixtureRequest) -> None:
    checked: Checked = request.getfixturevalue(study)
    root = open_store(checked.run.atlas)
    layout = layout_of(root)
    listed = {array.path for array in arrays(layout)} | set(labels(layout))
    paths = {
        name
        for name, _ in root.members(max_depth=None)
        if "/" not in name or name.split("/")[0] not in ("training", "provenance")
    }

    assert listed <= paths
    assert {path for path in paths - listed if path not in parents(listed)} == {
        "provenance",
        *(["training"] if "training" in root else []),
    }
    assert len([array.path for array in arrays(layout)]) == len({a.path for a in arrays(layout)})


def parents(paths: set[str]) -> set[str]:
    return {"/".join(path.split("/")[:depth]) for path in paths for depth in (1, 2)} - paths


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group.path}:{group.mark}")
def test_what_is_shown_is_there(group: Group) -> None:
    variables = {name for layout in docs.ALL for name in group.variables(layout)}

    assert {column.name for column in group.columns} | set(group.beside) <= variables
    assert {column.heading for column in group.columns} <= set(HEADINGS)
    assert not {column.name for column in group.columns} & set(group.beside)


def test_marks_are_arrays() -> None:
    listed = {array.path for layout in docs.ALL for array in arrays(layout)}
    marks = {group.mark for group in GROUPS} - {"", "status", "cross/crossed", "ablation/ablated"}

    assert marks <= set(FLAGS) <= listed


def test_labels_are_of_the_dimensions_of_their_group(made: Checked) -> None:
    layout = layout_of(open_store(made.run.atlas))
    dims: dict[str, set[str]] = {}
    for array in arrays(layout):
        group = array.path.rpartition("/")[0]
        dims.setdefault(group, set()).update(array.variable.dims)
    for path, axis in labels(layout).items():
        group = path.rpartition("/")[0]
        assert axis.dim in dims[group] or path == "class", path
        size = layout.sizes(group.removeprefix("layers/") if "layers/" in group else None)
        assert len(axis.values) == size[axis.dim], path
