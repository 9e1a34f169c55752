"""Families: what a study names, built in by name, or a user's own as ``module:object``.

A family is a folder: ``base.py`` has its contract, each other file one member (a frozen specification with the
fields a study may set, and what is made of them), ``__init__.py`` one table. A study writes a member as its name,
as ``{kind: name, ...}`` with fields, or as ``{kind: "module:object", ...}``, where the object is a subclass of the
contract that the user wrote.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import importlib
import inspect
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter

SPEC = ConfigDict(extra="forbid", use_attribute_docstrings=True)
"""Configuration of every specification: unknown fields are errors, docstrings describe fields."""

ROOTS = "SPIKEATLAS_ROOTS"
"""Environment variable that confines the studies of a host to its folders, and to our own code."""

Member = TypeVar("Member")


@dataclass(frozen=True)
class Family(Generic[Member]):
    """Members of one contract, by name."""

    name: str
    """Of one member in a sentence, e.g. ``neuron``."""
    base: type[Member]
    """The contract, which every member is a subclass of."""
    members: Mapping[str, type[Member]]
    """Those built in."""

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

        ValueError (pydantic's ValidationError for its fields) where that is none.
        """
        if isinstance(value, self.base):
            return value
        fields = {"kind": value} if isinstance(value, str) else value
        if not isinstance(fields, Mapping) or not isinstance(fields.get("kind"), str):
            raise ValueError(
                f"{value!r} names no {self.name}; write its name, or a mapping with its kind: "
                f"{', '.join(self.members)}, or module:object of your own"
            )
        member: Member = TypeAdapter(self.find(fields["kind"])).validate_python(dict(fields))
        return member

    def _own(self, kind: str) -> type[Member]:
        member = load_object(kind)
        if not (isinstance(member, type) and issubclass(member, self.base)):
            raise ValueError(
                f"{kind} is no {self.name}; it must be a subclass of "
                f"{self.base.__module__}.{self.base.__qualname__}"
            )
        return member


def load_object(path: str) -> Any:
    """Import ``module:object`` of a user. ValueError where that cannot be, or where a host is confined."""
    if os.environ.get(ROOTS):
        raise ValueError(
            f"{path} is code of your own, which this host does not run: {ROOTS} confines its studies; "
            "choose a built-in one, or run the study elsewhere"
        )
    module, _, name = path.partition(":")
    try:
        return functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except ImportError as error:
        raise ValueError(
            f"{path} cannot be imported ({error}): is the module on PYTHONPATH?"
        ) from error
    except AttributeError as error:
        raise ValueError(f"{path}: module {module} has no {name}") from error


def source_digest(member: object) -> str:
    """SHA-256 (hex) of the file that defines a member's class (or a function)."""
    definition = member if isinstance(member, type) or inspect.isroutine(member) else type(member)
    return hashlib.sha256(Path(inspect.getfile(definition)).read_bytes()).hexdigest()


def near(name: str, names: Iterable[str]) -> str:
    """Hint at the names that look like ``name``; empty where none does."""
    close = difflib.get_close_matches(name, list(names), n=2, cutoff=0.5)
    return f" (did you mean {' or '.join(close)}?)" if close else ""
