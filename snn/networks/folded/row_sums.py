"""Sums of multiples of rows, in vector registers, for compiled loops that cannot hold them there otherwise."""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 16
"""Numbers of a vector."""
VECTORS = 4
"""Most vectors that are summed at a time: with fewer, a processor waits for each sum."""
WIDE = LANES * VECTORS
"""Numbers of the widest row."""
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_WHOLE, _INT = ir.IntType(64), ir.IntType(32)


def filled_up(size: int) -> int:
    """Return a size filled up to whole vectors."""
    return -(-size // LANES) * LANES


def _add_multiples(
    typing: Any,
    rows: Any,
    numbers: Any,
    factors: Any,
    reach: Any,
    step: Any,
    vectors: Any,
    target: Any,
    place: Any,
) -> Any:
    """Add multiples of some rows of 16 to 64 numbers (``vectors`` times 16) to a place of an array, one after the other.

    ``rows``, ``factors``, ``target``: float32; ``numbers``: int32. Of the entries from ``reach[0]`` to before
    ``reach[1]``, at least one: the factor, and the row, which begins at ``(number + step[0]) step[1] + step[2]``.
    Nothing is checked.
    """
    del typing

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = {
            name: context.make_array(signature.args[place])(context, builder, arguments[place]).data
            for name, place in (("rows", 0), ("numbers", 1), ("factors", 2), ("target", 6))
        }
        ends = [builder.extract_value(arguments[3], number) for number in range(2)]
        steps = [builder.extract_value(arguments[4], number) for number in range(3)]
        goal = builder.gep(arrays["target"], [arguments[7]])
        for count in range(1, VECTORS + 1):
            as_wide = builder.icmp_signed("==", arguments[5], _WHOLE(count))
            with builder.if_then(as_wide):
                _emit_loop(
                    builder, arrays, ends, steps, [_vector(builder, goal, n) for n in range(count)]
                )
        return context.get_dummy_value()

    return numba.void(rows, numbers, factors, reach, step, vectors, target, place), generate


def _emit_loop(
    builder: Any, arrays: dict[str, Any], ends: list[Any], steps: list[Any], goals: list[Any]
) -> None:
    """Emit the loop over the entries, whose sums stay in registers, one a goal."""
    entry, loop = builder.block, builder.append_basic_block("entry")
    before = [builder.load(goal, align=4) for goal in goals]
    builder.branch(loop)
    builder.position_at_end(loop)
    place = builder.phi(_WHOLE)
    place.add_incoming(ends[0], entry)
    sums = [builder.phi(_FLOATS) for _ in goals]
    row, factor = _entry(builder, arrays, steps, place)
    after = [
        _fused(builder, factor, builder.load(_vector(builder, row, number), align=4), total)
        for number, total in enumerate(sums)
    ]
    following = builder.add(place, _WHOLE(1))
    place.add_incoming(following, loop)
    for total, old, new in zip(sums, before, after, strict=True):
        total.add_incoming(old, entry)
        total.add_incoming(new, loop)
    end = builder.append_basic_block("end")
    builder.cbranch(builder.icmp_signed("<", following, ends[1]), loop, end)
    builder.position_at_end(end)
    for goal, total in zip(goals, after, strict=True):
        builder.store(total, goal, align=4)


def _entry(builder: Any, arrays: dict[str, Any], steps: list[Any], place: Any) -> tuple[Any, Any]:
    """Return where the row of an entry begins, and its factor in all lanes."""
    number = builder.sext(builder.load(builder.gep(arrays["numbers"], [place])), _WHOLE)
    start = builder.add(builder.mul(builder.add(number, steps[0]), steps[1]), steps[2])
    factor = builder.load(builder.gep(arrays["factors"], [place]))
    lane = builder.insert_element(_FLOATS(ir.Undefined), factor, _INT(0))
    lanes = ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES)
    spread = builder.shuffle_vector(lane, _FLOATS(ir.Undefined), lanes)
    return builder.gep(arrays["rows"], [start]), spread


def _fused(builder: Any, one: Any, two: Any, total: Any) -> Any:
    """Return one * two + total, rounded once where the processor can."""
    kind = ir.FunctionType(_FLOATS, [_FLOATS] * 3)
    name = f"llvm.fmuladd.v{LANES}f32"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, [one, two, total])


def _vector(builder: Any, row: Any, number: int) -> Any:
    """Return where a row's vector of this number stands."""
    place = builder.gep(row, [_WHOLE(LANES * number)])
    return builder.bitcast(place, _FLOATS.as_pointer())


# numba takes the first argument away, which its types do not say
add_multiples: Any = intrinsic(_add_multiples)
