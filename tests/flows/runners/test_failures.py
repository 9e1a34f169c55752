from __future__ import annotations

import pytest

from spikeatlas.flows.runners.failures import WorkError, working


@pytest.mark.parametrize(
    "error",
    [ValueError("a sentence"), OSError("a sentence"), FloatingPointError("a sentence")],
)
def test_what_refuses_to_go_on_is_told_in_its_own_words(error: Exception) -> None:
    with pytest.raises(WorkError, match=r"^a sentence$"), working():
        raise error


def test_a_lack_of_memory_says_what_to_lower() -> None:
    with (
        pytest.raises(WorkError, match=r"^memory ran out \(no more is to be had\): .*runner"),
        working(),
    ):
        raise MemoryError
    with (
        pytest.raises(WorkError, match=r"\(Unable to allocate 9 GiB\).*responder\.memory"),
        working(),
    ):
        raise MemoryError("Unable to allocate 9 GiB")


def test_a_fault_of_the_program_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), working():
        _ = 1 // 0
