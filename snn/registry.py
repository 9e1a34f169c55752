"""Families: what a study names, built in by name, or a user's own as ``module:object``.

A family is a folder: ``base.py`` has its contract, each other file one member (a frozen specification with the
fields a study may set, and what is made of them), ``__init__.py`` one table. A study writes a member as its name,
as ``{kind: name, ...}`` with fields, or as ``{kind: "module:object", ...}``, where the object is a subclass of the
contract that the user wrote.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_args

from pydantic import (
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import (
    CoreSchema,
    ErrorDetails,
    InitErrorDetails,
    PydanticCustomError,
    core_schema,
)

from spikeatlas.snn.allowed_places import expand
from spikeatlas.snn.field_docstrings import describe_fields
from spikeatlas.snn.own_code import load_object
from spikeatlas.snn.sentences import near

SPEC = ConfigDict(extra="forbid", json_schema_extra=describe_fields)
"""Configuration of every specification: unknown fields are errors, docstrings describe fields."""


def _expanded(value: object) -> object:
    return expand(value) if isinstance(value, str | Path) else value


def _expanded_text(value: object) -> object:
    return str(expand(value)) if isinstance(value, str) else value


UserPath = Annotated[Path, BeforeValidator(_expanded)]
"""A path in a study or a benchmark."""
UserPattern = Annotated[str, BeforeValidator(_expanded_text)]
"""A path in which something stands for other text."""

Member = TypeVar("Member")
_LONGEST = 80
_UNKNOWN_FIELD = ("extra_forbidden", "unexpected_keyword_argument")


class Contract:
    """Base of a contract: a field annotated with the contract takes all that its family reads."""

    family: ClassVar[Family[Any]]
    """Set by the family's table."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate a member by its own fields, and what is annotated with the contract by the family."""
        # a contract may itself be a dataclass, whose fields its members have without saying so
        family = getattr(cls, "family", None)
        is_contract = Contract in cls.__bases__
        is_dataclass = dataclasses.is_dataclass(cls)
        if is_dataclass and not is_contract:
            return handler(source)
        # a member may have a field of its own contract, before there is a table
        members = () if family is None else family.members.values()
        schemas = [handler.generate_schema(member) for member in members]
        shapes: list[Any] = [core_schema.str_schema(), *schemas, core_schema.dict_schema()]
        return core_schema.no_info_plain_validator_function(
            cls._read,
            serialization=core_schema.simple_ser_schema("any"),
            json_schema_input_schema=core_schema.union_schema(shapes),
        )

    @classmethod
    def _read(cls, value: object) -> Any:
        return cls.family.read(value)


@dataclass(frozen=True)
class Family(Generic[Member]):
    """Members of one contract, by name."""

    name: str
    """Of one member in a sentence, e.g. ``neuron``."""
    base: type[Member]
    """The contract, which every member is a subclass of."""
    members: Mapping[str, type[Member]]
    """Those built in."""
    key: str = "kind"
    """The field that names the member."""
    default: str | None = None
    """The member that fields without a name belong to, if there is one."""

    def __post_init__(self) -> None:
        """Tell the contract its family."""
        if issubclass(self.base, Contract):
            self.base.family = self

    def find(self, kind: str) -> type[Member]:
        """Return the class that ``kind`` names. ValueError, with the near names, where there is none."""
        if ":" in kind:
            return self._own(kind)
        if kind not in self.members:
            raise ValueError(
                f"{kind!r} is not known{near(kind, self.members)}; allowed: {', '.join(self.members)}, "
                "or module:object of your own"
            )
        return self.members[kind]

    def read(self, value: object) -> Member:
        """Make the member of a name, of ``{kind: ..., fields}``, or return the member that ``value`` is.

        ValueError (pydantic's ValidationError for what is wrong in a mapping) where that is none.
        """
        if isinstance(value, self.base):
            return value
        if isinstance(value, str):
            return self._make(self.find(value), {self.key: value})
        fields = self._fields(value)
        if fields is None:
            raise self._nameless(value)
        try:
            member = self.find(fields[self.key])
        except ValueError as error:
            raise _error_at(self.name, self.key, fields[self.key], str(error)) from None
        is_default = isinstance(value, Mapping) and not {self.key, "kind"} & set(value)
        return self._make(member, fields, is_default=is_default)

    def _nameless(self, value: object) -> ValueError:
        """Return the error of what names no member: of the name, where that is no text."""
        names = f"{', '.join(self.members)}, or module:object of your own"
        fields: Mapping[Any, Any] = value if isinstance(value, Mapping) else {}
        for key in {self.key, "kind"} & fields.keys():
            sentence = f"{fields[key]!r} names no {self.name}; allowed: {names}"
            return _error_at(self.name, key, fields[key], sentence)
        text = repr(value)
        start = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
        return ValueError(
            f"{start} names no {self.name}; write its name, or a mapping with its {self.key}: {names}"
        )

    def _fields(self, value: object) -> dict[str, Any] | None:
        """Return the fields of a mapping, the member's name under ``key``; None where there is none."""
        if not isinstance(value, Mapping):
            return None
        fields = dict(value)
        if "kind" in fields:
            fields.setdefault(self.key, fields.pop("kind"))
        if self.default is not None:
            fields.setdefault(self.key, self.default)
        return fields if isinstance(fields.get(self.key), str) else None

    def _make(
        self, member: type[Member], fields: dict[str, Any], *, is_default: bool = False
    ) -> Member:
        """``is_default``: nobody named the member, so a field of another may be meant."""
        try:
            instance: Member = TypeAdapter(member).validate_python(fields)
        except ValidationError as error:
            others = {} if not is_default else self.members
            raise _with_near_names(error, member, others) from None
        return instance

    def _own(self, kind: str) -> type[Member]:
        member = load_object(kind)
        fits = isinstance(member, type) and issubclass(member, self.base)
        if not fits:
            raise ValueError(
                f"{kind} is no {self.name}; it must be a subclass of "
                f"{self.base.__module__}.{self.base.__qualname__}"
            )
        user_class: type[Member] = member
        return user_class


def _error_at(title: str, field: str, value: object, sentence: str) -> ValidationError:
    """Return the error that names a field of a mapping."""
    kind = PydanticCustomError("no_member", "{sentence}", {"sentence": sentence})
    return ValidationError.from_exception_data(
        title, [InitErrorDetails(type=kind, loc=(field,), input=value)]
    )


def _with_near_names(
    error: ValidationError, member: type[Any], others: Mapping[str, type[Any]]
) -> ValidationError:
    """Return the same error, a field that does not exist told with those that do, or with the members that have it."""
    details = []
    for problem in error.errors():
        field = str(problem["loc"][0]) if problem["loc"] else ""
        owners = [kind for kind, other in others.items() if field in _field_names(other)]
        details.append(_detail(problem, _names_beside(member, problem["loc"]), owners))
    return ValidationError.from_exception_data(error.title, details)


def _names_beside(member: type[Any], loc: tuple[int | str, ...]) -> list[str]:
    """Return the fields that there are where an error's field was looked for; none where that is no specification."""
    specification: Any = member
    for part in loc[:-1]:
        fields = getattr(specification, "__pydantic_fields__", {})
        # pydantic names the alternative of a union, too
        specification = _specification(fields[part].annotation) if part in fields else specification
    return [] if specification is None else _field_names(specification)


def _specification(annotation: Any) -> Any:
    """Return the specification that an annotation names; None where there is none."""
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return annotation
    inner = (_specification(part) for part in get_args(annotation))
    return next((part for part in inner if part is not None), None)


def _field_names(member: type[Any]) -> list[str]:
    return [field.name for field in dataclasses.fields(member)]


def _detail(problem: ErrorDetails, names: list[str], owners: list[str]) -> InitErrorDetails:
    name = problem["type"]
    kind: str | PydanticCustomError = name
    if name in _UNKNOWN_FIELD and names:
        hint = near(str(problem["loc"][-1]), names)
        sentence = f"there is no such field{hint}; allowed are {', '.join(names)}"
        if owners and len(problem["loc"]) == 1:
            sentence = f"without a kind there is no such field; kind: {' or '.join(owners)} has it"
        kind = PydanticCustomError("no_field", "{sentence}", {"sentence": sentence})
    elif name not in get_args(core_schema.ErrorType):
        kind = PydanticCustomError(name, "{sentence}", {"sentence": problem["msg"]})
    return InitErrorDetails(
        type=kind, loc=problem["loc"], input=problem["input"], ctx=problem.get("ctx", {})
    )
