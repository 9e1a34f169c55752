"""The pages of the documentation, and the blocks of code on them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    number: int
    """Its place on the page, from 0."""
    language: str
    text: str

    @property
    def place(self) -> str:
        """Page and first line."""
        return self.place_of(self.text)

    def place_of(self, part: str) -> str:
        """Return the page and the first line of a part of the block, without its comment."""
        return f"{name_of(self.page)}: {part.splitlines()[0].partition('  #')[0].rstrip()}"

    @property
    def file(self) -> str | None:
        """Name of the file that the block is, as its first line says."""
        name = re.match(r"# (\w+\.py)\n", self.text)
        return name[1] if name else None


def name_of(page: Path) -> str:
    """Return a page's path in the repository."""
    return str(page.relative_to(ROOT))


def blocks_of(page: Path) -> list[Block]:
    """Return all blocks of a page, in order."""
    return [
        Block(page, number, *match) for number, match in enumerate(_FENCE.findall(page.read_text()))
    ]


def blocks(page: Path, language: str) -> list[str]:
    """Return the texts of a page's blocks of a language."""
    return [block.text for block in blocks_of(page) if block.language == language]


@dataclass(frozen=True)
class Command:
    """A command of a shell block."""

    words: tuple[str, ...]
    variables: tuple[str, ...]
    """Names of the environment that it sets, for itself or, with export, for those that follow."""

    def __str__(self) -> str:
        return " ".join(self.words)


def commands(text: str) -> Iterator[Command]:
    """Yield the commands of a shell block, in order, without comments; loops, pipes and substitutions are taken apart."""
    for line in re.sub(r" \\\n\s+", " ", text).splitlines():
        for turn in _unrolled(line):
            for part in _parts(turn):
                words = shlex.split(part, comments=True)
                assigned = [word.partition("=")[0] for word in words if _ASSIGNMENT.match(word)]
                rest = words[len(assigned) :] if words[:1] != ["export"] else words
                if words:
                    yield Command(tuple(rest), tuple(assigned))


_ASSIGNMENT = re.compile(r"[A-Z_]+=")


def _parts(line: str) -> list[str]:
    """Return the commands of a line, those whose output becomes a variable's value or another's input too."""
    return re.split(r" && | \| ", re.sub(r"^\w+=\$\((.*)\)$", r"\1", line))


def _unrolled(line: str) -> list[str]:
    """Return the turns of a loop that stands on one line, or the line itself."""
    loop = re.fullmatch(r"for (\w+) in ([^;]+); do (.*); done", line)
    if not loop:
        return [line]
    return [loop[3].replace(f"${loop[1]}", value) for value in loop[2].split()]
