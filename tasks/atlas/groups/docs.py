"""The tables of ``docs/atlas.md``, read off the groups.

After a change of a group: ``python -m spikeatlas.tasks.atlas.groups.docs docs/atlas.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import get_args

from spikeatlas.snn.generators import Naturalness
from spikeatlas.tasks.atlas.groups import GROUPS
from spikeatlas.tasks.atlas.groups.arrays import SMALLEST
from spikeatlas.tasks.atlas.groups.base import Group, Variable

LAYER = "<layer>"

ALL = [
    replace(
        SMALLEST,
        layers={LAYER: (0,)},
        blocks={LAYER: 1},
        latent_dtype="int32 or float32",
        naturalness=source,
        test_labels=(0,),
        natural_images=(0,),
        diverse=1,
        position="centre",
        lengths=(1,),
        scaled_steps=1,
        desires=True,
        life=True,
        certified=True,
        acts=True,
    )
    for source in get_args(Naturalness)
]
"""Layouts that have, together, every variable there is."""


MARKS = "<!-- {name}: print(docs.{name}()) -->", "<!-- end of {name} -->"
"""Lines around a part of the page that is made here."""


def groups() -> str:
    """Return the table of the groups."""
    head = ["| group | dimensions | committed by | there with | what |", "| --- | --- | --- | --- | --- |"]  # fmt: skip
    return "\n".join([*head, *map(_summary, _paths())])


def variables() -> str:
    """Return the tables of every group's variables."""
    return "\n".join(line for path in _paths() for line in _section(path)).strip()


def page(text: str) -> str:
    """Return the page with those two parts made anew."""
    for name, part in (("groups", groups()), ("variables", variables())):
        start, end = (mark.format(name=name) for mark in MARKS)
        before, _, rest = text.partition(start)
        text = f"{before}{start}\n{part}\n{end}{rest.partition(end)[2]}"
    return text


def _paths() -> list[str]:
    return list(dict.fromkeys(group.path for group in GROUPS))


def _summary(path: str) -> str:
    """Return the row of one group of the store."""
    groups = _at(path)
    dims = dict.fromkeys(
        dim for group in groups for v in _variables(group).values() for dim in v.dims
    )
    marks = dict.fromkeys(f"`{group.mark}`" for group in groups if group.mark)
    first = groups[0]
    return f"| `{_name(path)}` | {_code(dims)} | {', '.join(marks)} | {first.condition} | {first.about} |"


def _section(path: str) -> Iterable[str]:
    """Yield the lines on the variables of one group of the store."""
    yield from ("", f"### `{_name(path)}`")
    for group in _at(path):
        condition = f" (with {group.condition})" if group.condition else ""
        yield from ("", f"{group.about[0].upper()}{group.about[1:]}{condition}:", "")
        yield from (
            "| variable | dimensions | type | unit | what |",
            "| --- | --- | --- | --- | --- |",
        )
        for name, variable in _variables(group).items():
            kind = "string" if variable.dtype is str else variable.dtype
            yield f"| `{name}` | {_code(variable.dims)} | {kind} | {variable.units} | {_text(variable)} |"


def _at(path: str) -> list[Group]:
    return [group for group in GROUPS if group.path == path]


def _name(path: str) -> str:
    return f"/{path.replace('*', LAYER)}"


def _variables(group: Group) -> dict[str, Variable]:
    """Return all variables that a group may have."""
    variables: dict[str, Variable] = {}
    for layout in ALL:
        variables = {**group.variables(layout, LAYER), **variables}
    return variables


def _code(dims: Iterable[str]) -> str:
    return f"`{', '.join(dims)}`"


def _text(variable: Variable) -> str:
    """Return what a variable is, with the meanings of its values where it has some."""
    meanings = str(variable.extra.get("flag_meanings", "")).split()
    values = ", ".join(f"{value}: {meaning}" for value, meaning in enumerate(meanings))
    return f"{variable.meaning} ({values})" if values else variable.meaning


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(page(file.read_text(encoding="utf-8")), encoding="utf-8")
