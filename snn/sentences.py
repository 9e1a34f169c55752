"""Mistakes of a user, as sentences."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Callable, Iterable

_LONGEST = 300


def caught(field: str, call: Callable[[], object]) -> list[str]:
    """Return the sentence with which ``call`` refuses its input, if it does; it begins with ``field``."""
    try:
        call()
    except (ValueError, OSError) as error:
        return [in_field(field, sentence_of(error))]
    return []


REMEDIES = {
    errno.ENOSPC: "free some space, or choose another disk",
    errno.EDQUOT: "free some space, or choose another disk",
    errno.EROFS: "choose a folder on a writable disk",
    errno.EACCES: "choose a place that you may use, or have its owner allow it",
    errno.EPERM: "choose a place that you may use, or have its owner allow it",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "a file stands where a folder is needed: move it away, or choose another place",
    errno.EISDIR: "a folder stands where a file is needed: move it away, or choose another place",
    errno.EEXIST: "something stands where a folder is needed: move it away, or choose another place",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "its links lead round in a circle: correct them",
    errno.EMFILE: "allow this process more open files (ulimit -n)",
    errno.ESTALE: "mount the network disk anew",
    errno.EIO: "check the disk",
}
"""Advice for errors of the operating system, by their number."""


def os_sentence(error: OSError) -> str:
    """Return an error of the operating system as a sentence: the path, what happened, what to do.

    One that was raised with a sentence of its own keeps it.
    """
    if error.errno is None or error.strerror is None:
        return str(error)
    places = [str(place) for place in (error.filename, error.filename2) if place is not None]
    happened = f"{' and '.join(places)}: {error.strerror}" if places else error.strerror
    remedy = REMEDIES.get(error.errno)
    return happened if remedy is None else f"{happened}; {remedy}"


def sentence_of(error: Exception) -> str:
    """Return what a mistake of a user raised, as a sentence."""
    return os_sentence(error) if isinstance(error, OSError) else str(error)


def in_field(field: str, sentence: str) -> str:
    """Return a sentence that begins with a field of the study: this one, or one of the same section that it names."""
    section = field.partition(".")[0]
    is_there = sentence.startswith((f"{section}.", f"{section}:", f"{field} "))
    return sentence if is_there else f"{field}: {sentence}"


def near(name: str, names: Iterable[str]) -> str:
    """Hint at the names that look like ``name``; empty where none does."""
    close = difflib.get_close_matches(name, list(names), n=2, cutoff=0.5)
    return f" (did you mean {' or '.join(close)}?)" if close else ""


def kind_of(value: object) -> str:
    """Return the type of a value as a sentence has it: ``an int``, ``None``."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeio' or name == 'ndarray' else 'a'} {name}"


def reason_of(error: BaseException) -> str:
    """Return what a user's code raised, as the end of a sentence: in one line, which may be cut, without a full stop."""
    if isinstance(error, SystemExit):
        return f"exit({'' if error.code is None else repr(error.code)}), which would end the program: raise an error instead"
    text = " ".join(str(error).split()).rstrip(".")
    name = type(error).__name__
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]} ..."
    return f"{name}: {text}" if text else name
