"""Operations on float32 that compiled loops cannot write otherwise: one machine instruction each."""

from __future__ import annotations

from typing import Any

import numba
from numba.extending import intrinsic


def _fused(typing: Any, x: Any, y: Any, z: Any) -> Any:
    """Return x y + z, rounded once."""
    del typing
    kind = numba.types.float32

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        return builder.fma(*arguments)

    return (kind(kind, kind, kind), generate) if {x, y, z} == {kind} else None


def _quotient(typing: Any, x: Any, y: Any) -> Any:
    """Return x / y, without the test for a zero that Python asks for and that keeps loops from becoming vectors."""
    del typing
    kind = numba.types.float32

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        return builder.fdiv(*arguments)

    return (kind(kind, kind), generate) if {x, y} == {kind} else None


# numba takes the first argument away, which its types do not say
fused: Any = intrinsic(_fused)
quotient: Any = intrinsic(_quotient)
