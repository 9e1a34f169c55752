"""Fields of generators' specifications: their ranges, and presets that fill many at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from pydantic_core import ArgsKwargs

AtLeastOne = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def with_preset(given: Any, published: Mapping[str, Any]) -> Any:
    """Fill the fields that ``preset: published`` sets and ``given`` (before validation) does not name."""
    values = given.kwargs if isinstance(given, ArgsKwargs) else given
    if not isinstance(values, Mapping) or values.get("preset") != "published":
        return given
    filled = {**published, **values}
    return ArgsKwargs(given.args, filled) if isinstance(given, ArgsKwargs) else filled
