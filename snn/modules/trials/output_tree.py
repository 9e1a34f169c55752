"""Outputs of a module as a tree: tensors in lists, tuples and dicts, each by the keys that lead to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

Keys = tuple[str, ...]
"""Keys of dicts and numbers of lists, from the outside to the inside; () for what is returned itself."""

_MOST = 8
_NAME = re.compile(r"output((?:\[[^\[\]]+\])*)")


def shape_tree(output: object) -> object:
    """Return an output with a tuple for each tensor, its shape, and the name of its type for what else there is."""
    if isinstance(output, Tensor):
        return tuple(output.shape)
    if isinstance(output, Mapping):
        return {str(key): shape_tree(item) for key, item in output.items()}
    if isinstance(output, list | tuple):
        return [shape_tree(item) for item in output]
    return "None" if output is None else f"a {type(output).__name__}"


def part_of(output: Any, keys: Keys) -> Any:
    """Return the part of an output, or of its tree of shapes, that keys lead to; None where there is none."""
    for key in keys:
        if isinstance(output, Mapping):
            output = {str(name): item for name, item in output.items()}.get(key)
        elif isinstance(output, list | tuple) and key.isdigit() and int(key) < len(output):
            output = output[int(key)]
        else:
            return None
    return output


def tensor_keys(tree: object, keys: Keys = ()) -> Iterator[Keys]:
    """Yield the keys of every tensor of a tree of shapes, in its order."""
    if isinstance(tree, tuple):
        yield keys
    for key, item in _items(tree):
        yield from tensor_keys(item, (*keys, key))


def output_name(keys: Keys) -> str:
    """Return the name of a part of an output in a study: ``output``, ``output[1]``, ``output[spk]``."""
    return "output" + "".join(f"[{key}]" for key in keys)


def output_keys(name: str) -> Keys | None:
    """Read the name of a part of an output; quotes around a key count for nothing. None for what is no such name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return tuple(key.strip("'\"") for key in match[1][1:-1].split("][")) if match[1] else ()


def described(tree: object) -> str:
    """Say what there is in a tree of shapes for two images: each tensor by its name, with its shape."""
    if isinstance(tree, tuple):
        return f"for two images it returns a tensor of shape {tree}"
    parts = [f"{output_name(keys)} of shape {part_of(tree, keys)}" for keys in tensor_keys(tree)]
    if not parts:
        return f"it returns {tree if isinstance(tree, str) else 'no tensor'}"
    more = f" and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
    return f"for two images it returns {', '.join(parts[:_MOST])}{more}"


def _items(tree: object) -> Iterator[tuple[str, object]]:
    if isinstance(tree, dict):
        yield from tree.items()
    elif isinstance(tree, list):
        yield from ((str(place), item) for place, item in enumerate(tree))
