"""The bytes that the page may have, and the parts that it leaves out to stay below."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

LIMIT = 25_000_000
"""Bytes of a page: what a mail or a chat still takes, and a telephone opens."""


@dataclass
class PageBudget:
    """The parts of the page, in the order of their importance."""

    limit: int = LIMIT
    spent: int = 0
    parts: dict[str, str] = field(default_factory=dict)
    """Text of each part by its id."""
    left_out: dict[str, list[str]] = field(default_factory=dict)
    """The parts that are not in the page, by their kind."""

    def must(self, name: str, text: str) -> None:
        """Put a part into the page without which there is none."""
        self.parts[name] = text
        self.spent += len(text)

    def may(self, kind: str, which: str, name: str, texts: Iterable[str]) -> int | None:
        """Put texts into the page as ``name/0``, ``name/1`` ... if all fit; else note what is left out.

        Returns their number, None if they do not fit. After the first of a kind that does not, no
        other of it is tried: what comes first matters most.
        """
        fitting: list[str] = []
        size = 0
        for text in () if kind in self.left_out else texts:
            size += len(text)
            if self.spent + size > self.limit:
                break
            fitting.append(text)
        else:
            if kind not in self.left_out:
                self.parts |= {f"{name}/{at}": text for at, text in enumerate(fitting)}
                self.spent += size
                return len(fitting)
        self.left_out.setdefault(kind, []).append(which)
        return None

    def sentences(self) -> list[str]:
        """Return what is left out, in words."""
        size = f"{self.limit / 1e6:g} MB"
        return [
            f"To stay below {size} this page leaves out {kind}: {', '.join(dict.fromkeys(which))}. The atlas holds them."
            for kind, which in self.left_out.items()
        ]
