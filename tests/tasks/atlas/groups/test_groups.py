"""The tables of the groups: what is made of them, and what they may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.atlas import GROUPS, layout_of, open_store
from spikeatlas.tasks.atlas.groups import docs
from spikeatlas.tasks.atlas.groups.arrays import arrays, labels, path_of
from spikeatlas.tasks.atlas.groups.base import HEADINGS, Group

PAGE = Path(__file__).parents[4] / "docs" / "atlas.md"


def test_the_page_says_what_the_groups_say() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert docs.page(text) == text, "python -m spikeatlas.tasks.atlas.groups.docs docs/atlas.md"
    assert "### `/layers/<layer>`" in text


def test_the_page_is_made_anew_where_a_group_changed() -> None:
    text = PAGE.read_text(encoding="utf-8").replace("| test accuracy |", "| accuracy |")

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
    variables = {name for layout in docs.ALL for name in group.variables(layout, "fc1")}

    assert {column.name for column in group.columns} | set(group.beside) <= variables
    assert {column.heading for column in group.columns} <= set(HEADINGS)
    assert not {column.name for column in group.columns} & set(group.beside)


def test_marks_are_arrays() -> None:
    listed = {array.path for layout in docs.ALL for array in arrays(layout)}
    pairs = {"cross/crossed", "borrowed/compared"}
    marks = {group.mark for group in GROUPS} - {"", "status", *pairs, "progress/ablated"}

    assert marks <= listed
    assert not pairs & listed  # of studies that compare epochs only


def test_labels_are_of_the_dimensions_of_their_group(made: Checked) -> None:
    layout = layout_of(open_store(made.run.atlas))
    sizes: dict[str, dict[str, int]] = {}
    for array in arrays(layout):
        group = array.path.rpartition("/")[0]
        known = sizes.setdefault(group, {})
        for dim, size in zip(array.variable.dims, array.shape, strict=True):
            assert known.setdefault(dim, size) == size, array.path
    for path, label in labels(layout).items():
        group, _, name = path.rpartition("/")
        assert len(label.values) == (sizes[group][label.dim] if label.dim else 1), path
        assert label.dim or name == "network", path
    for group, known in sizes.items():
        assert all(f"{group}/{dim}" in labels(layout) for dim in known), group


def test_a_group_has_one_set_of_dimensions() -> None:
    """But for the best images, whose pixels stand beside what is said of them."""
    for layout in docs.ALL:
        dims: dict[str, set[tuple[str, ...]]] = {}
        for array in arrays(layout):
            group = array.path.rpartition("/")[0]
            dims.setdefault(group, set()).add(array.variable.dims)
        several = {group for group, sets in dims.items() if len(sets) > 1}
        assert several == {f"best/{layer}" for layer in layout.layers}


def test_names_of_a_layer_s_variables_differ_between_its_groups() -> None:
    """So that they can be merged, and a name says where it is."""
    listed = [group for group in GROUPS if group.of_layer and group.path != "best/*"]
    names = [name for group in listed for name in group.variables(docs.ALL[0], docs.LAYER)]

    assert len(names) == len(set(names))
    assert path_of("mei", "fc1") == "image/fc1/mei"
    assert path_of("status", "fc1") == "layers/fc1/status"


def test_long_names_fit_on_an_axis() -> None:
    """Plots take them as labels; what else is to be said is a comment."""
    for layout in docs.ALL:
        for array in arrays(layout):
            assert 0 < len(array.variable.long_name) <= 40, array.path
        for path, label in labels(layout).items():
            assert 0 < len(label.long_name) <= 40, path


def test_what_may_be_none_is_filled() -> None:
    """A whole number whose -1 says that there is none is NaN to readers."""
    known = {
        array.path.rpartition("/")[2]: array.variable.attributes() for array in arrays(docs.ALL[0])
    }

    assert known["preferred_class"]["_FillValue"] == -1
    assert known["natural_top"]["_FillValue"] == -1
    assert "_FillValue" not in known["mei"]
    assert "_FillValue" not in known["seed"]
