"""Operations on vectors in registers, for compiled loops that cannot hold them there otherwise."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
from llvmlite import ir
from numba.extending import intrinsic

LANES = 16
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_HALF = ir.VectorType(ir.IntType(32), LANES // 2)
_WHOLE = ir.IntType(64)


class _Pointers(NamedTuple):
    """Beginnings of the arrays of a sum of rows."""

    rows: Any
    events: Any
    begins: Any
    lines: Any


def _add_rows(
    typing: Any, arrays: Any, count: Any, columns: Any, lanes: Any, target: Any, place: Any
) -> Any:
    """Add the sum of some rows, each of 16, 32 or 64 numbers (``lanes``), to a place of an array.

    ``arrays``: rows float32, events int32, begins int32, and of ``count`` lines where their begins and their rows start,
    int64 (lines, 2). Of each line the events from begin ``columns[0]`` to ``columns[1]``, in this order; an event plus
    ``columns[2]`` is its row in the line.
    """
    del typing

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds, values = signature.args, arguments
        pointers = _Pointers(
            *(
                _pointer(context, builder, kind, builder.extract_value(values[0], number))
                for number, kind in enumerate(kinds[0])
            )
        )
        reach = [builder.extract_value(values[2], number) for number in range(3)]
        goal = builder.gep(_pointer(context, builder, kinds[4], values[4]), [values[5]])
        for vectors in (1, 2, 4):
            as_wide = builder.icmp_signed("==", values[3], _WHOLE(LANES * vectors))
            with builder.if_then(as_wide):
                _add(builder, goal, _sum_of_lines(builder, pointers, values[1], reach, vectors))
        return context.get_dummy_value()

    return numba.void(arrays, count, columns, lanes, target, place), generate


def _add(builder: Any, row: Any, sums: list[Any]) -> None:
    """Add vectors to a row."""
    for number, value in enumerate(sums):
        place = _vector(builder, row, number)
        builder.store(builder.fadd(builder.load(place, align=4), value), place, align=4)


def _sum_of_lines(
    builder: Any, pointers: _Pointers, count: Any, reach: list[Any], vectors: int
) -> list[Any]:
    """Emit the loop over the lines of a window; the sums stay in registers."""
    entry, loop = builder.block, builder.append_basic_block("line")
    builder.branch(loop)
    builder.position_at_end(loop)
    line = _phi(builder, _WHOLE, (_WHOLE(0), entry))
    before = [_phi(builder, _FLOATS, (_FLOATS(None), entry)) for _ in range(vectors)]
    begin, shift = (
        builder.load(
            builder.gep(pointers.lines, [builder.add(builder.shl(line, _WHOLE(1)), field)])
        )
        for field in (_WHOLE(0), _WHOLE(1))
    )
    first = builder.gep(pointers.begins, [begin])
    events = [_load_whole(builder, first, column) for column in reach[:2]]
    row = _row(builder, pointers.rows, builder.add(shift, reach[2]), vectors)
    after = _sum_of_events(builder, pointers.events, row, events, before)
    following = builder.add(line, _WHOLE(1))
    for phi, value in zip((line, *before), (following, *after), strict=True):
        phi.add_incoming(value, builder.block)
    end = builder.append_basic_block("end")
    builder.cbranch(builder.icmp_signed("<", following, count), loop, end)
    builder.position_at_end(end)
    return after


def _sum_of_events(
    builder: Any, events: Any, rows: Any, reach: list[Any], before: list[Any]
) -> list[Any]:
    """Emit the loop over some events, whose rows are added to the sums before them."""
    begin, stop = reach
    entry = builder.block
    loop, end = builder.append_basic_block("event"), builder.append_basic_block("next")
    builder.cbranch(builder.icmp_signed("<", begin, stop), loop, end)
    builder.position_at_end(loop)
    place = _phi(builder, _WHOLE, (begin, entry))
    sums = [_phi(builder, _FLOATS, (value, entry)) for value in before]
    row = _row(builder, rows, _load_whole(builder, events, place), len(before))
    after = [
        builder.fadd(value, builder.load(_vector(builder, row, number), align=4))
        for number, value in enumerate(sums)
    ]
    following = builder.add(place, _WHOLE(1))
    for phi, value in zip((place, *sums), (following, *after), strict=True):
        phi.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", following, stop), loop, end)
    builder.position_at_end(end)
    return [
        _phi(builder, _FLOATS, (old, entry), (new, loop))
        for old, new in zip(before, after, strict=True)
    ]


def _phi(builder: Any, kind: Any, *values: tuple[Any, Any]) -> Any:
    """Return a value that depends on the block before."""
    phi = builder.phi(kind)
    for value, block in values:
        phi.add_incoming(value, block)
    return phi


def _load_whole(builder: Any, pointer: Any, place: Any) -> Any:
    """Return a 32-bit whole number of an array, as 64 bits."""
    return builder.sext(builder.load(builder.gep(pointer, [place])), _WHOLE)


def _row(builder: Any, rows: Any, number: Any, vectors: int) -> Any:
    """Return where a row of so many vectors begins."""
    return builder.gep(rows, [builder.mul(number, _WHOLE(LANES * vectors))])


def _vector(builder: Any, row: Any, number: int) -> Any:
    """Return where a row's vector of this number stands."""
    place = builder.gep(row, [_WHOLE(LANES * number)])
    return builder.bitcast(place, _FLOATS.as_pointer())


def _pointer(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    """Return where the numbers of an array argument begin."""
    return context.make_array(kind)(context, builder, array).data


def _active(typing: Any, values: Any, place: Any) -> Any:
    """Return the bits of 16 values from a place on: 1 where one is not 0."""
    del typing

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, start = arguments
        first = builder.gep(_pointer(context, builder, signature.args[0], array), [start])
        numbers = builder.load(_vector(builder, first, 0), align=4)
        flags = builder.fcmp_unordered("!=", numbers, _FLOATS(None))
        return builder.zext(builder.bitcast(flags, ir.IntType(LANES)), _WHOLE)

    return numba.int64(values, place), generate


def _copy_shifted(typing: Any, source: Any, begin: Any, shift: Any, target: Any, place: Any) -> Any:
    """Copy eight whole numbers (int32), each with a shift, from a place of an array to one of another."""
    del typing

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = signature.args
        first, goal = (
            builder.bitcast(
                builder.gep(
                    _pointer(context, builder, kinds[array], arguments[array]), [arguments[start]]
                ),
                _HALF.as_pointer(),
            )
            for array, start in ((0, 1), (3, 4))
        )
        number = builder.trunc(arguments[2], ir.IntType(32))
        shifts = _HALF(ir.Undefined)
        for lane in range(LANES // 2):
            shifts = builder.insert_element(shifts, number, ir.IntType(32)(lane))
        builder.store(builder.add(builder.load(first, align=4), shifts), goal, align=4)
        return context.get_dummy_value()

    return numba.void(source, begin, shift, target, place), generate


# numba takes the first argument away, which its types do not say
active_bits: Any = intrinsic(_active)
copy_shifted: Any = intrinsic(_copy_shifted)
add_rows: Any = intrinsic(_add_rows)
