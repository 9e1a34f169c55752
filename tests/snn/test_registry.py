"""Families: names, fields, a user's own, and what is said about what does not fit."""

from __future__ import annotations

from abc import ABC
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError
from pydantic.dataclasses import dataclass

from spikeatlas.snn.registry import SPEC, Contract, Family


class Shape(Contract, ABC):
    kind: str


@dataclass(frozen=True, config=SPEC)
class Square(Shape):
    kind: Literal["square"] = "square"
    side: Annotated[int, Field(ge=1)] = 1


@dataclass(frozen=True, config=SPEC)
class Circle(Shape):
    kind: Literal["circle"] = "circle"
    radius: float = 1.0
    inner: Shape | None = None


@dataclass(frozen=True, config=SPEC)
class Star(Shape):
    kind: str
    points: int = 5


SHAPES: Family[Shape] = Family(
    "shape", Shape, {"square": Square, "circle": Circle}, default="square"
)
OWN = f"{__name__}:Star"


class Picture(BaseModel):
    shape: Shape = Square()
    more: tuple[Shape, ...] = ()


@pytest.mark.parametrize(
    ("value", "member"),
    [
        ("square", Square()),
        ({"kind": "square", "side": 3}, Square(side=3)),
        ({"side": 3}, Square(side=3)),
        ({"kind": "circle", "inner": "square"}, Circle(inner=Square())),
        (Circle(radius=2), Circle(radius=2)),
        (OWN, Star(kind=OWN)),
        ({"kind": OWN, "points": 7}, Star(kind=OWN, points=7)),
    ],
)
def test_a_member_is_read(value: Any, member: Shape) -> None:
    assert SHAPES.read(value) == member
    assert Picture(shape=value).shape == member


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            "sqare",
            r"'sqare' is not known \(did you mean square\?\); allowed: square, circle, or module:object",
        ),
        (3, "3 names no shape; write its name, or a mapping with its kind: square, circle"),
        ({"kind": 3}, "names no shape"),
        ({"kind": "cirle"}, r"did you mean circle\?"),
        (
            {"kind": "circle", "radus": 1},
            r"there is no such field \(did you mean radius\?\); allowed are kind, radius, inner",
        ),
        ({"side": 0}, "greater than or equal to 1"),
        ("nowhere:Star", "nowhere:Star cannot be imported .* is the module on PYTHONPATH"),
        (f"{__name__}:Moon", "has no Moon"),
        ("pathlib:Path", r"pathlib:Path is no shape; it must be a subclass of .*\.Shape"),
        ("pathlib:Path.exists", "is no shape"),
    ],
)
def test_what_does_not_fit_is_said(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SHAPES.read(value)


def test_a_field_of_another_member_is_told_where_none_is_named() -> None:
    with pytest.raises(
        ValidationError, match="without a kind there is no such field; kind: circle has it"
    ):
        SHAPES.read({"radius": 2})


def test_errors_name_the_field() -> None:
    with pytest.raises(ValidationError) as caught:
        Picture.model_validate(
            {
                "shape": {"kind": "circle", "inner": {"kind": "cirle"}, "radius": "x"},
                "more": ["square", {"kind": "square", "sid": 2}],
            }
        )
    places = {".".join(map(str, error["loc"])): error["msg"] for error in caught.value.errors()}
    assert set(places) == {"shape.inner.kind", "shape.radius", "more.1.sid"}
    assert "did you mean circle?" in places["shape.inner.kind"]
    assert "did you mean side" in places["more.1.sid"]


def test_what_is_written_is_read_again() -> None:
    picture = Picture(
        shape=Circle(radius=2, inner=Square(side=4)), more=(Star(kind=OWN, points=3),)
    )
    assert Picture.model_validate_json(picture.model_dump_json()) == picture
    assert picture.model_dump(mode="json")["more"] == [{"kind": OWN, "points": 3}]


def test_a_form_knows_the_members_fields() -> None:
    schema = Picture.model_json_schema()
    assert {"Square", "Circle"} <= set(schema["$defs"])
    assert {"type": "string"} in schema["properties"]["shape"]["anyOf"]


def test_another_field_may_name_the_member() -> None:
    @dataclass(frozen=True, config=SPEC)
    class Red(Shape):
        colour: Literal["red"] = "red"
        deep: bool = False

    reds: Family[Shape] = Family("colour", Shape, {"red": Red}, key="colour")
    try:
        assert (
            reds.read("red") == reds.read({"colour": "red"}) == reds.read({"kind": "red"}) == Red()
        )
        with pytest.raises(ValueError, match="with its colour: red"):
            reds.read({"deep": True})
    finally:
        Shape.family = SHAPES


def test_a_confined_host_reads_only_what_is_built_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKEATLAS_ROOTS", "/srv")
    assert SHAPES.read("square") == Square()
    with pytest.raises(ValueError, match="code of your own, which this host does not run"):
        SHAPES.read(OWN)
