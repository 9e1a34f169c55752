"""Vectors of float32 in registers, for compiled loops that cannot hold them there otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba.extending import intrinsic

LANES = 16
_FLOATS = ir.VectorType(ir.FloatType(), LANES)
_HALF = ir.VectorType(ir.IntType(32), LANES // 2)
_BITS = ir.IntType(LANES)


def _row_sum(vectors: int) -> Any:
    """Return the operation that adds rows of so many vectors, one after the other."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows, events, begins, lines, target = (
            _pointer(context, builder, signature, arguments, place) for place in (0, 1, 2, 3, 6)
        )
        reach = [builder.extract_value(arguments[5], field) for field in range(3)]
        sums = _summed(builder, (rows, events, begins, lines), arguments[4], reach, vectors)
        first = builder.gep(target, [arguments[7]])
        places = [_vector_at(builder, first, number) for number in range(vectors)]
        for place, value in zip(places, sums, strict=True):
            builder.store(builder.fadd(builder.load(place, align=4), value), place, align=4)
        return context.get_dummy_value()

    def add_rows(typing, rows, events, begins, lines, count, reach, target, place):
        return numba.void(rows, events, begins, lines, count, reach, target, place), generate

    return intrinsic(add_rows)


def _summed(
    builder: Any, pointers: tuple[Any, ...], count: Any, reach: Any, vectors: int
) -> list[Any]:
    """Emit the two loops, over spans and over the events of each; the sums stay in registers."""
    rows, events, begins, lines = pointers
    low, high, offset = reach
    entry, whole = builder.block, count.type
    outer, inner, latch, end = (
        builder.append_basic_block(name) for name in ("span", "event", "next", "end")
    )
    builder.branch(outer)
    builder.position_at_end(outer)
    span = _phi(builder, whole, (whole(0), entry))
    before = [_phi(builder, _FLOATS, (_FLOATS(None), entry)) for _ in range(vectors)]
    line, shift = (
        builder.load(builder.gep(lines, [builder.add(builder.mul(span, whole(2)), whole(field))]))
        for field in range(2)
    )
    first = builder.gep(begins, [line])
    begin, stop = (builder.sext(builder.load(builder.gep(first, [x])), whole) for x in (low, high))
    shift = builder.add(shift, offset)
    builder.cbranch(builder.icmp_signed("<", begin, stop), inner, latch)
    builder.position_at_end(inner)
    place = _phi(builder, whole, (begin, outer))
    sums = [_phi(builder, _FLOATS, (value, outer)) for value in before]
    event = builder.sext(builder.load(builder.gep(events, [place])), whole)
    row = builder.gep(rows, [builder.mul(builder.add(event, shift), whole(LANES * vectors))])
    added = [
        builder.fadd(value, builder.load(_vector_at(builder, row, number), align=4))
        for number, value in enumerate(sums)
    ]
    following = builder.add(place, whole(1))
    for phi, value in zip((place, *sums), (following, *added), strict=True):
        phi.add_incoming(value, inner)
    builder.cbranch(builder.icmp_signed("<", following, stop), inner, latch)
    builder.position_at_end(latch)
    after = [
        _phi(builder, _FLOATS, (old, outer), (new, inner))
        for old, new in zip(before, added, strict=True)
    ]
    above = builder.add(span, whole(1))
    for phi, value in zip((span, *before), (above, *after), strict=True):
        phi.add_incoming(value, latch)
    builder.cbranch(builder.icmp_signed("<", above, count), outer, end)
    builder.position_at_end(end)
    return after


def _phi(builder: Any, kind: Any, *incoming: tuple[Any, Any]) -> Any:
    """Return a value that depends on the block that was before."""
    phi = builder.phi(kind)
    for value, block in incoming:
        phi.add_incoming(value, block)
    return phi


def _vector_at(builder: Any, pointer: Any, number: int) -> Any:
    """Return where a row's vector of this number stands."""
    place = builder.gep(pointer, [ir.IntType(64)(LANES * number)])
    return builder.bitcast(place, _FLOATS.as_pointer())


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any, place: int) -> Any:
    """Return the pointer to the first number of an array argument."""
    return context.make_array(signature.args[place])(context, builder, arguments[place]).data


def _active(typing: Any, values: Any, place: Any) -> Any:
    """Return the bits of 16 values from a place on: 1 where one is not 0."""
    del typing

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments, 0)
        start = builder.bitcast(builder.gep(pointer, [arguments[1]]), _FLOATS.as_pointer())
        flags = builder.fcmp_unordered("!=", builder.load(start, align=4), _FLOATS(None))
        return builder.zext(builder.bitcast(flags, _BITS), ir.IntType(64))

    return numba.int64(values, place), generate


def _copy_shifted(typing: Any, table: Any, begin: Any, shift: Any, target: Any, place: Any) -> Any:
    """Write eight whole numbers of a table, each shifted, to a place of an array."""
    del typing

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, goal = (
            builder.bitcast(
                builder.gep(
                    _pointer(context, builder, signature, arguments, array), [arguments[index]]
                ),
                _HALF.as_pointer(),
            )
            for array, index in ((0, 1), (3, 4))
        )
        number = builder.trunc(arguments[2], ir.IntType(32))
        shifts = _HALF(ir.Undefined)
        for lane in range(LANES // 2):
            shifts = builder.insert_element(shifts, number, ir.IntType(32)(lane))
        builder.store(builder.add(builder.load(source, align=4), shifts), goal, align=4)
        return context.get_dummy_value()

    return numba.void(table, begin, shift, target, place), generate


# numba takes the first argument away, which its types do not say
active_bits: Any = intrinsic(_active)
copy_shifted: Any = intrinsic(_copy_shifted)
add_rows_1: Any = _row_sum(1)
add_rows_2: Any = _row_sum(2)
add_rows_4: Any = _row_sum(4)
