"""The user's function of an epoch, made by the user's factory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikeatlas.snn.own_code import load_object
from spikeatlas.snn.sentences import in_field, kind_of, reason_of
from spikeatlas.snn.subjects.functions.function_respond import Function


def make_function(factory: str, options: Mapping[str, Any], checkpoint: Path | None) -> Function:
    """Call ``factory`` ("module:function") with ``options``, and with ``checkpoint`` if there is one.

    ValueError, one sentence, where it cannot be imported, fails, ends the program, or returns no function.
    """
    try:
        make = load_object(factory)
    except ValueError as error:
        raise ValueError(in_field("network.factory", str(error))) from error
    if not callable(make):
        raise ValueError(  # noqa: TRY004 - a sentence for the user, as all others
            f"network.factory: {factory} is {kind_of(make)}; it must be a function that returns a function of images."
        )
    arguments = {} if checkpoint is None else {"checkpoint": checkpoint}
    try:
        function: Function = make(**arguments, **options)
    except (Exception, SystemExit) as error:
        raise ValueError(f"network.factory: {factory} fails with {reason_of(error)}.") from error
    if not callable(function):
        raise ValueError(  # noqa: TRY004 - a sentence for the user, as all others
            f"network.factory: {factory} returns {kind_of(function)}; it must return a function "
            "of images that returns {layer: numbers (n, neurons)}."
        )
    return function
