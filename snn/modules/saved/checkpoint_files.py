"""Files of checkpoints, by a pattern with their epoch, or one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from spikeatlas.snn.allowed_places import require_place

_NUMBER = r"(\d+(?:\.\d+)?)"


def checkpoint_files(
    checkpoints: str | Mapping[float, Path] | None, first_epoch: float = 0
) -> dict[float, Path | None]:
    """Return the files of epochs, ascending; {0: None}, the module as its factory makes it, without checkpoints.

    ``checkpoints``: a path in which ``{epoch}`` stands for a number such as 12 or 0.5 and ``*`` for any other text,
    or the path of each epoch. ``first_epoch`` is added to the number: libraries that count from 0 call the state after
    the first epoch 0, which is 1 here. ValueError for a pattern without number, two files of one epoch, or, on a
    confined host, one outside of its roots, links followed.
    """
    if checkpoints is None:
        return {0.0: None}
    if isinstance(checkpoints, str):
        pairs = _matches(checkpoints)
    else:
        pairs = [(float(epoch), Path(path)) for epoch, path in checkpoints.items()]
    files: dict[float, Path | None] = {}
    for number, path in sorted(pairs):
        epoch = number + first_epoch
        if epoch in files:
            raise ValueError(
                f"network.checkpoints: {files[epoch]} and {path} are both epoch {epoch:g}; move one away, or make "
                "the pattern narrower."
            )
        require_place(path)
        files[epoch] = path
    return files


def checkpoint_folder(checkpoints: str) -> Path:
    """Return the deepest folder of a pattern that is the same for all its files."""
    parts = Path(checkpoints).parts
    plain = list(parts[:-1])
    for place, part in enumerate(plain):
        if _is_pattern(part):
            return Path(*plain[:place])
    return Path(*plain)


def checkpoint_paths(checkpoints: str | Mapping[float, Path] | None) -> dict[str, Path]:
    """Return the paths that a study's ``network.checkpoints`` holds, by their fields: a pattern's folder, or each file."""
    if isinstance(checkpoints, str):
        return {"network.checkpoints": checkpoint_folder(checkpoints)}
    return {f"network.checkpoints.{epoch:g}": path for epoch, path in (checkpoints or {}).items()}


def place_of(
    factory: str, checkpoints: str | Mapping[float, Path] | None
) -> tuple[str, Path | None]:
    """Return the name of where the epochs are, for a sentence, and the folder of their files, if they have one."""
    if checkpoints is None:
        return factory, None
    if isinstance(checkpoints, str):
        return checkpoints, checkpoint_folder(checkpoints)
    return ", ".join(map(str, checkpoints.values())), None


def pattern_problem(checkpoints: str) -> str | None:
    """Say what is wrong with a pattern; None if nothing is."""
    count = checkpoints.count("{epoch}")
    if count == 1:
        return _climb_problem(checkpoints)
    return (
        f"network.checkpoints: {checkpoints!r} has {{epoch}} {count} times; write it once, where the file's name has "
        "its number, or write each epoch with its file: {0: a.pth, 10: b.pth}."
    )


def _climb_problem(checkpoints: str) -> str | None:
    """Say that a pattern leaves the folder in which it begins: all its files lie below that."""
    parts = Path(checkpoints).parts
    first = next(place for place, part in enumerate(parts) if _is_pattern(part))
    if ".." not in parts[first:]:
        return None
    return (
        f"network.checkpoints: {checkpoints!r} has .. behind {parts[first]!r}; write .. before the first * or {{epoch}} "
        "only."
    )


def _matches(checkpoints: str) -> list[tuple[float, Path]]:
    """Numbers and paths of the files that fit a pattern."""
    problem = pattern_problem(checkpoints)
    if problem is not None:
        raise ValueError(problem)
    folder = checkpoint_folder(checkpoints)
    rest = Path(checkpoints).relative_to(folder).as_posix()
    expression = re.compile(_expression(rest))
    matches = []
    for path in sorted(folder.glob(rest.replace("{epoch}", "*"))):
        match = expression.fullmatch(path.relative_to(folder).as_posix())
        if match and path.is_file():
            matches.append((float(match[1]), path))
    return matches


def _expression(pattern: str) -> str:
    """Regular expression of a pattern; its one group is the epoch."""
    pieces = {"{epoch}": _NUMBER, "*": "[^/]*"}
    return "".join(
        pieces.get(piece, re.escape(piece)) for piece in re.split(r"(\{epoch\}|\*)", pattern)
    )


def _is_pattern(part: str) -> bool:
    return "{epoch}" in part or "*" in part
