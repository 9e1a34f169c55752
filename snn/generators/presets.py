"""Fields of generators' specifications: their ranges, and presets that fill many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from pydantic_core import ArgsKwargs

AtLeastOne = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def with_preset(fields: Any, published: Mapping[str, Any]) -> Any:
    """Fill the fields that ``preset: published`` sets and ``fields`` (before validation) do not name."""
    values = fields.kwargs if isinstance(fields, ArgsKwargs) else fields
    if not isinstance(values, Mapping) or values.get("preset") != "published":
        return fields
    filled = {**published, **values}
    return ArgsKwargs(fields.args, filled) if isinstance(fields, ArgsKwargs) else filled
