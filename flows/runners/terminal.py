"""Standard output, for what a command answers alone: whatever else is printed goes to standard error."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TextIO

import typer

from spikeatlas.snn.sentences import os_sentence, reason_of

Arguments = ParamSpec("Arguments")

FAILED, BAD_INPUT = 1, 2
"""Exit codes of a command that failed, and of one that was asked for what cannot be."""

_answers: ContextVar[TextIO | None] = ContextVar("answers", default=None)


def tell(*parts: object, end: str = "\n") -> None:
    """Print what a command answers to standard output, at once."""
    print(*parts, end=end, file=_answers.get(), flush=True)


def complain(*sentences: str) -> None:
    """Print sentences to standard error."""
    print(*sentences, sep="\n", file=sys.stderr)


def answering(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Return a command that alone writes to standard output, by ``tell``, and that no code of a user's can end.

    What such code prints while it is asked (a factory, a forward, a library in C) goes to standard error. Its exit
    becomes a ValueError, one sentence with the line that it stands in.
    """

    @wraps(command)
    def apart(*arguments: Arguments.args, **options: Arguments.kwargs) -> None:
        with answers_apart():
            try:
                command(*arguments, **options)
            except SystemExit as error:
                raise ValueError(_exit_sentence(error)) from error

    return apart


def commands_of(app: typer.Typer) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the decorator that adds an answering command to ``app``."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        return app.command()(answering(command))

    return add


def unwritten(write: Callable[[Path], None], path: Path | None) -> list[str]:
    """Write to a path, if one is asked for; say what could not be written, for the answer is printed all the same."""
    try:
        if path is not None:
            write(path)
    except OSError as error:
        return [os_sentence(error)]
    return []


@contextmanager
def answers_apart() -> Iterator[None]:
    """Let standard output be that of ``tell`` alone while the block runs."""
    with _own_stream(sys.stdout) as stream, redirect_stdout(sys.stderr):
        token = _answers.set(stream)
        try:
            yield
        finally:
            _answers.reset(token)


@contextmanager
def _own_stream(output: TextIO) -> Iterator[TextIO]:
    """Yield a stream to where ``output`` leads, whose descriptor is meanwhile that of standard error."""
    try:
        number, error = output.fileno(), sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):
        # no file stands behind it, so no library in C can write there
        yield output
        return
    output.flush()
    with os.fdopen(os.dup(number), "w", encoding=output.encoding, errors=output.errors) as stream:
        os.dup2(error, number)
        try:
            yield stream
        finally:
            os.dup2(stream.fileno(), number)


def _exit_sentence(error: SystemExit) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{place.filename}, line {place.lineno}, calls {reason_of(error)}"
