"""Search methods as a study names them, and the entries of the atlas's search axis that they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from pydantic import PlainSerializer, PlainValidator
from pydantic.dataclasses import dataclass

Sign: TypeAlias = Literal[1, -1, "both"]
"""``search.sign`` of a study."""


@dataclass(frozen=True)
class SearchMethod:
    """A search method with options of its own."""

    kind: str
    options: dict[str, Any]


def _read_method(value: object) -> str | SearchMethod:
    """Return a method in its shortest form. ValueError where it has no name."""
    if isinstance(value, str | SearchMethod):
        return value
    fields = value if isinstance(value, Mapping) else {}
    if "kind" not in fields:
        raise ValueError(
            f"{value!r} names no search method; write its name, or a mapping with its kind: a method's name, "
            "or module:object of your own"
        )
    options = {str(name): option for name, option in fields.items() if name != "kind"}
    kind = str(fields["kind"])
    return SearchMethod(kind, options) if options else kind


def _write_method(method: str | SearchMethod) -> str | dict[str, Any]:
    return method if isinstance(method, str) else {"kind": method.kind, **method.options}


Method = Annotated[
    str | SearchMethod,
    PlainValidator(_read_method, json_schema_input_type=str | dict[str, Any]),
    PlainSerializer(_write_method),
]

LEAST = "-least"
"""End of the label of a search for the least exciting image, where a study looks for both."""


class SearchEntry(NamedTuple):
    """One entry of the atlas's search axis."""

    label: str
    """Its name on the axis."""
    method: str
    """Name of the method, from which its seeds derive: two entries of one method have the same."""
    sign: Literal[1, -1]
    """1: it looks for the most exciting image; -1: for the least exciting one."""


def entries_of(labels: Iterable[str], sign: Sign) -> tuple[SearchEntry, ...]:
    """Return the entries of methods: one each, and with both signs, after all of these, one for its least exciting image."""
    methods = tuple(labels)
    if sign != "both":
        return tuple(SearchEntry(method, method, sign) for method in methods)
    most = (SearchEntry(method, method, 1) for method in methods)
    least = (SearchEntry(f"{method}{LEAST}", method, -1) for method in methods)
    return (*most, *least)
