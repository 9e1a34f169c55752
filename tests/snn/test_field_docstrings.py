"""Docstrings of fields are in the JSON schema, and read for nothing else."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC


@dataclass(frozen=True, config=SPEC)
class Shade:
    dark: bool = False
    """True: hard to see."""
    deep: Annotated[int, Field(description="Metres.")] = 3
    """Not read: the field says it."""
    bare: int = 0


@dataclass(frozen=True, config=SPEC)
class Tint(Shade):
    dark: bool = True
    """True: harder still,
    whatever the light."""


def descriptions(specification: type[Shade]) -> dict[str, str | None]:
    properties = TypeAdapter(specification).json_schema()["properties"]
    return {name: field.get("description") for name, field in properties.items()}


def test_a_field_is_described_by_the_docstring_below_it() -> None:
    expected = {"dark": "True: hard to see.", "deep": "Metres.", "bare": None}
    assert descriptions(Shade) == expected


def test_an_inherited_field_has_its_own_or_its_parents() -> None:
    expected = {"dark": "True: harder still,\nwhatever the light.", "deep": "Metres.", "bare": None}
    assert descriptions(Tint) == expected


def test_a_class_without_source_has_no_descriptions() -> None:
    fields = {"__annotations__": {"size": int}, "size": 1}
    bare = dataclass(type("Bare", (), fields), config=SPEC)
    assert "description" not in TypeAdapter(bare).json_schema()["properties"]["size"]
