"""Descriptions of a specification's fields in its JSON schema: the docstrings below them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import Any


def describe_fields(schema: dict[str, Any], specification: type[Any]) -> None:
    """Describe the properties of a specification's JSON schema by the docstrings of its fields, inherited ones too.

    Not by pydantic's ``use_attribute_docstrings``: that reads every class's source as the class is made, with each start.
    """
    properties = schema.get("properties", {})
    for owner in specification.__mro__:
        for name, text in _field_docstrings(owner).items():
            if name in properties:
                properties[name].setdefault("description", text)


def _field_docstrings(owner: type[Any]) -> dict[str, str]:
    """Return the text below each annotated field of a class; none where its source cannot be read."""
    try:
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return {}
    statements = body.body if isinstance(body, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in pairwise(statements)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }
