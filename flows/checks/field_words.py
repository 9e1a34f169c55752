"""Pydantic's errors of form in our words: what a field of a study should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spikeatlas.snn.sentences import near

_GROUP = "a group of fields, {{name: value}}"
_LIST = "a list, [first, second, ...]"
_WORDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "string_pattern_mismatch": "text of the form {pattern}",
    "string_too_short": "text, not an empty one",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "path_type": "a path",
    "none_required": "left out",
    "dict_type": _GROUP,
    "mapping_type": _GROUP,
    "model_type": _GROUP,
    "model_attributes_type": _GROUP,
    "dataclass_type": _GROUP,
    "dataclass_exact_type": _GROUP,
    "tuple_type": _LIST,
    "list_type": _LIST,
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "too_short": "a {sort} or more",
    "too_long": "a list of {max_length} entries",
}
_LONGEST = 80

Path = tuple[str | int, ...]
Errors = Sequence[tuple[Path, Mapping[str, Any]]]
"""Errors, each with the keys that lead to it in the file."""


def form_errors(errors: Errors) -> Errors:
    """Return the errors that are meant: of what is wrong within a field, but not that the field is no other thing.

    Pydantic tells an error of each alternative of a field, and each entry that a list of fixed length lacks.
    """
    lengths: dict[Path, int] = {}
    for path, error in errors:
        if _is_lacking(path, error):
            lengths[path[:-1]] = max(lengths.get(path[:-1], 0), int(path[-1]) + 1)
    meant = [
        (path[:-1], {**error, "type": "too_long", "ctx": {"max_length": lengths[path[:-1]]}})
        if _is_lacking(path, error)
        else (path, error)
        for path, error in errors
    ]
    return [
        (path, error)
        for path, error in meant
        if error["type"] not in (*_WORDS, "literal_error")
        or not any(len(other) > len(path) and other[: len(path)] == path for other, _ in meant)
    ]


def form_sentence(field: str, errors: Sequence[Mapping[str, Any]]) -> str | None:
    """Return what a field should be, where all that is wrong with it is its form; None where something else is."""
    if any(error["type"] not in (*_WORDS, "literal_error") for error in errors):
        return None
    value = errors[0].get("input")
    names = [name for error in errors if error["type"] == "literal_error" for name in _names(error)]
    words = [_words(error) for error in errors if error["type"] != "literal_error"]
    if not words:
        return (
            f"{field}: {value!r} is not known{near(str(value), names)}; allowed: {', '.join(names)}"
        )
    start = "nothing stands there" if value is None else f"{_cut(value)} is not allowed"
    return f"{field}: {start}; it should be {' or '.join(dict.fromkeys([*names, *words]))}"


def _is_lacking(path: Path, error: Mapping[str, Any]) -> bool:
    """Tell whether an error is that of an entry which a list lacks."""
    return error["type"] == "missing" and bool(path) and isinstance(path[-1], int)


def _words(error: Mapping[str, Any]) -> str:
    values = dict(error.get("ctx", {}))
    least = values.get("min_length", 1)
    entries = "field" if values.get("field_type") == "Dictionary" else "entry"
    values["sort"] = f"{'group' if entries == 'field' else 'list'} of {least} {entries}"
    return _WORDS[error["type"]].format(**values)


def _names(error: Mapping[str, Any]) -> list[str]:
    """Names that are allowed."""
    expected = str(error["ctx"]["expected"])
    return [name.strip(" '") for name in expected.replace(" or ", ",").split(",")]


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
