"""Vectors of 32 numbers inside compiled loops, one number for each of 32 filters (or positions).

Numba turns a loop over 32 neighbours into checks and leftovers that cost more than the work. These
functions hand LLVM the vector as a whole: two registers where the processor has 512 bits, four or
eight where it has less, with the same result everywhere. No function fuses or reorders anything.

``FloatLanes``: 32 float32. ``DoubleLanes``: 32 float64. ``IntLanes``: 32 int32, which wrap around. ``TruthLanes``: 32
booleans. Places in an array are element numbers of a flat array; nothing is checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, register_model

from spikeatlas.snn.responder.kernels.tiling import LANES

_INT, _FLOAT, _DOUBLE, _BYTE = ir.IntType(32), ir.FloatType(), ir.DoubleType(), ir.IntType(8)


def _vector(element: ir.Type) -> ir.VectorType:
    return ir.VectorType(element, LANES)


class IntLanes(types.Type):
    """32 int32."""

    def __init__(self) -> None:
        super().__init__(name="int32x32")


class FloatLanes(types.Type):
    """32 float32."""

    def __init__(self) -> None:
        super().__init__(name="float32x32")


class DoubleLanes(types.Type):
    """32 float64."""

    def __init__(self) -> None:
        super().__init__(name="float64x32")


class TruthLanes(types.Type):
    """32 booleans."""

    def __init__(self) -> None:
        super().__init__(name="boolx32")


def _register(kind: type, element: ir.Type) -> None:
    class Model(models.PrimitiveModel):
        def __init__(self, manager: Any, kind: Any) -> None:
            super().__init__(manager, kind, _vector(element))

    register_model(kind)(Model)


_register(IntLanes, _INT)
_register(FloatLanes, _FLOAT)
_register(DoubleLanes, _DOUBLE)
_register(TruthLanes, ir.IntType(1))
_ints, _floats, _doubles, _truths = IntLanes(), FloatLanes(), DoubleLanes(), TruthLanes()
_KINDS = {types.int32: (_ints, _INT), types.float32: (_floats, _FLOAT)}
_KINDS[types.float64] = (_doubles, _DOUBLE)


def _pointer(context: Any, builder: Any, array: Any, values: Any, element: Any) -> Any:
    """Address of an array's vector; ``values``: the array and the place."""
    data = context.make_array(array)(context, builder, values[0]).data
    return builder.bitcast(builder.gep(data, [values[1]]), _vector(element).as_pointer())


def _load(_context: Any, array: Any, _place: Any) -> Any:
    """32 numbers of a flat int32, float32 or float64 array from ``place`` on."""
    kind, element = _KINDS[array.dtype]

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], values, element)
        return builder.load(pointer, align=4)

    return kind(array, types.intp), generate


def _store(_context: Any, array: Any, _place: Any, vector: Any) -> Any:
    """Write 32 numbers into a flat array of their kind from ``place`` on."""
    element = _KINDS[array.dtype][1]

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], values, element)
        builder.store(values[2], pointer, align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


def _store_bytes(_context: Any, array: Any, _place: Any, vector: Any) -> Any:
    """Write the lowest 8 bits of 32 numbers into a flat uint8 array from ``place`` on."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], values, _BYTE)
        builder.store(builder.trunc(values[2], _vector(_BYTE)), pointer, align=1)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


def _none(_context: Any) -> Any:
    """32 int32 of 0."""
    return _ints(), lambda *_: ir.Constant(_vector(_INT), [0] * LANES)


def _zeros(_context: Any) -> Any:
    """32 float32 of 0."""
    return _floats(), lambda *_: ir.Constant(_vector(_FLOAT), [0.0] * LANES)


def _wide_zeros(_context: Any) -> Any:
    """32 float64 of 0."""
    return _doubles(), lambda *_: ir.Constant(_vector(_DOUBLE), [0.0] * LANES)


def _never(_context: Any) -> Any:
    """32 times False."""
    return _truths(), lambda *_: ir.Constant(_vector(ir.IntType(1)), [0] * LANES)


def _same(a: Any, b: Any, operation: str) -> Any:
    return a(a, b), lambda _c, builder, _s, values: getattr(builder, operation)(*values)


def _add(_context: Any, a: Any, b: Any) -> Any:
    """Work out a + b, of one kind."""
    return _same(a, b, "add" if isinstance(a, IntLanes) else "fadd")


def _subtract(_context: Any, a: Any, b: Any) -> Any:
    """Work out a - b, of one kind."""
    return _same(a, b, "sub" if isinstance(a, IntLanes) else "fsub")


def _divide(_context: Any, a: Any, b: Any) -> Any:
    """Work out a / b, of one kind of floats."""
    return _same(a, b, "fdiv")


def _multiply(_context: Any, a: Any, b: Any) -> Any:
    """Work out a * b, of one kind of floats."""
    return _same(a, b, "fmul")


def _unite(_context: Any, a: Any, b: Any) -> Any:
    """Bits of IntLanes that are set in a or b."""
    return _same(a, b, "or_")


def _larger(_context: Any, a: Any, b: Any) -> Any:
    """The larger of two FloatLanes, lane by lane."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *values), *values)

    return _floats(a, b), generate


def _above(_context: Any, a: Any, b: Any) -> Any:
    """True for a > b, of FloatLanes; False for NaN."""
    return _truths(a, b), lambda _c, builder, _s, values: builder.fcmp_ordered(">", *values)


def _reaches(_context: Any, a: Any, b: Any) -> Any:
    """True for a >= b, of FloatLanes; False for NaN."""
    return _truths(a, b), lambda _c, builder, _s, values: builder.fcmp_ordered(">=", *values)


def _choose(_context: Any, truths: Any, a: Any, b: Any) -> Any:
    """The first where true, the second elsewhere."""
    return a(truths, a, b), lambda _c, builder, _s, values: builder.select(*values)


def _widen(_context: Any, vector: Any) -> Any:
    """FloatLanes or IntLanes as DoubleLanes."""
    name = "sitofp" if isinstance(vector, IntLanes) else "fpext"
    wide = _vector(_DOUBLE)
    return _doubles(vector), lambda _c, builder, _s, values: getattr(builder, name)(*values, wide)


def _narrow(_context: Any, vector: Any) -> Any:
    """DoubleLanes as FloatLanes, rounded to the nearest."""
    return _floats(vector), lambda _c, builder, _s, values: builder.fptrunc(
        *values, _vector(_FLOAT)
    )


def _whole(_context: Any, vector: Any) -> Any:
    """DoubleLanes below 2^51 rounded to whole numbers, their lowest 32 bits as IntLanes.

    Adding 1.5 * 2^52 leaves the number in the lowest bits of the sum.
    """

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        magic = ir.Constant(_vector(_DOUBLE), [1.5 * 2.0**52] * LANES)
        moved = builder.bitcast(builder.fadd(values[0], magic), _vector(ir.IntType(64)))
        return builder.trunc(moved, _vector(_INT))

    return _ints(vector), generate


def _spread(_context: Any, number: Any) -> Any:
    """FloatLanes or DoubleLanes that all hold one float32 or float64."""
    kind, element = _KINDS[number]
    return kind(number), lambda _c, builder, _s, values: _repeat(builder, values[0], element)


def _repeat(builder: Any, value: Any, element: Any) -> Any:
    vector = ir.Constant(_vector(element), ir.Undefined)
    for lane in range(LANES):
        vector = builder.insert_element(vector, value, ir.Constant(_INT, lane))
    return vector


def _bits(_context: Any, truths: Any, _place: Any) -> Any:
    """IntLanes with bit ``place`` (0 to 31) set where true."""

    def generate(_context: Any, builder: Any, _signature: Any, values: Any) -> Any:
        ones = builder.zext(values[0], _vector(_INT))
        shift = builder.trunc(values[1], _INT)
        return builder.shl(ones, _repeat(builder, shift, _INT))

    return _ints(truths, types.intp), generate


def _inline(definition: Any) -> Any:
    return intrinsic(definition)


load, store, store_bytes = _inline(_load), _inline(_store), _inline(_store_bytes)
none, never = _inline(_none), _inline(_never)
zeros, wide_zeros, spread = _inline(_zeros), _inline(_wide_zeros), _inline(_spread)
add, subtract = _inline(_add), _inline(_subtract)
multiply, divide = _inline(_multiply), _inline(_divide)
larger, choose = _inline(_larger), _inline(_choose)
above, reaches = _inline(_above), _inline(_reaches)
widen, narrow, whole = _inline(_widen), _inline(_narrow), _inline(_whole)
bits, unite = _inline(_bits), _inline(_unite)
