"""YAML as a person means it: nothing is dropped, and no word or number is turned into another in silence."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import yaml
from yaml.nodes import MappingNode, ScalarNode

from spikeatlas.tasks.study.study import StudyError

_OCTAL = re.compile(r"[-+]?0[0-9_]+")
_READINGS = (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?[0-9][0-9_]*|0x[0-9a-fA-F_]+", "-+0123456789"),
    (
        "float",
        (
            r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
        ),
        "-+.0123456789",
    ),
    ("merge", "<<", "<"),
)
"""Words that stand for something else than text, by their type, with the letters that they begin with.

Those of YAML 1.2: in 1.1, which PyYAML reads, ``no`` is false, ``1:20`` is 80, ``1e5`` is text and ``2024-01-01`` a date.
"""


class _Loader(yaml.SafeLoader):
    """Notes, with their lines, keys that stand twice and numbers that have two readings."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.problems: list[str] = []

    def compose_scalar_node(self, anchor: dict[Any, Any]) -> ScalarNode:
        node = super().compose_scalar_node(anchor)
        assert isinstance(node, ScalarNode)
        if node.style is None and _OCTAL.fullmatch(node.value):
            decimal = re.sub(r"^([-+]?)0[0_]*(?=[0-9])", r"\1", node.value)
            self.problems.append(
                f"line {_line(node)}: {node.value} begins with 0, which some read as octal: write {decimal} for the "
                f"number, or '{node.value}' for the text"
            )
        return node

    def compose_mapping_node(self, anchor: dict[Any, Any]) -> MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], list[int]] = defaultdict(list)
        for name, _ in node.value:
            if isinstance(name, ScalarNode):
                lines[name.tag, name.value].append(_line(name))
        for (_, word), places in lines.items():
            if len(places) > 1:
                self.problems.append(_twice(word, places))
        return node


for _name, _pattern, _letters in _READINGS:
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}",
        re.compile(f"^(?:{_pattern})$"),
        ["" if letter == "\0" else letter for letter in _letters],
    )


def load_yaml(text: str) -> Any:
    """Return the plain values of a document, as YAML 1.2 reads them.

    Raises yaml.YAMLError for what is no YAML, and StudyError, with its lines, for keys that stand twice in one mapping
    (what ``<<`` merges may be overridden) and for numbers that begin with 0.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if loader.problems:
            raise StudyError(loader.problems)
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _line(node: ScalarNode) -> int:
    return int(node.start_mark.line) + 1


def _twice(word: str, lines: list[int]) -> str:
    times = "twice" if len(lines) == 2 else f"{len(lines)} times"
    if len(set(lines)) == 1:
        return f"{word} stands {times} in line {lines[0]}: the last would replace the others; leave one"
    places = f"{', '.join(map(str, lines[:-1]))} and {lines[-1]}"
    return f"{word} stands {times}, in lines {places}: the last would replace the others; leave one"
