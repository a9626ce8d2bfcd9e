"""Sixty-four small whole numbers compared at once, and bits laid back into them: what the kernels of blocks are made of.

A processor without so wide registers does it in several steps; what comes out is the same everywhere.
"""

# mypy: disable-error-code="no-untyped-def,misc"
from __future__ import annotations

from typing import Final

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES: Final = 64
PLANES: Final = 8

_BYTE, _BIT, _WORD = ir.IntType(8), ir.IntType(1), ir.IntType(64)
_BYTES: Final = ir.VectorType(_BYTE, LANES)
_BITS: Final = ir.VectorType(_BIT, LANES)


def _splat(builder, value):
    """Return a vector whose every lane is a value."""
    undefined = ir.Constant(_BYTES, ir.Undefined)
    one = builder.insert_element(undefined, value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, undefined, zeros)


def _at(context, builder, kind, array, offset):
    """Return the pointer to the vector that begins at an offset of an array u8."""
    struct = context.make_array(kind)(context, builder, array)
    pointer = cgutils.get_item_pointer(context, builder, kind, struct, [offset], wraparound=False)
    return builder.bitcast(pointer, _BYTES.as_pointer())


@intrinsic
def above(typingctx, ranks, offset, threshold):  # noqa: ARG001
    """Return the bits of those of `ranks[offset : offset + 64]` that are above a threshold; bit i is of place i."""

    def generate(context, builder, signature, args):
        pointer = _at(context, builder, signature.args[0], args[0], args[1])
        found = builder.load(pointer, align=1)
        is_above = builder.icmp_unsigned(">", found, _splat(builder, args[2]))
        return builder.bitcast(is_above, _WORD)

    return types.uint64(ranks, types.intp, types.uint8), generate


_FIGURES: Final = ir.VectorType(ir.DoubleType(), 8)
_COUNTS: Final = ir.VectorType(_WORD, 8)
_SMALL: Final = ir.VectorType(_BYTE, 8)
_NONE: Final = _COUNTS([_WORD(0)] * 8)
_UNKNOWN: Final = ir.Constant(_FIGURES, ir.Undefined)
_FIRST: Final = ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8)


def _pointers(context, builder, kind, array, offset, vector):
    """Return the pointers to the eight vectors of sixty-four lanes that begin at an offset of an array."""
    struct = context.make_array(kind)(context, builder, array)
    found = []
    for part in range(LANES // 8):
        place = builder.add(offset, context.get_constant(types.intp, 8 * part))
        one = cgutils.get_item_pointer(context, builder, kind, struct, [place], wraparound=False)
        found.append(builder.bitcast(one, vector.as_pointer()))
    return found


@intrinsic
def add_leaves(typingctx, scores, tables, start, a, b, c, d, e, f, g, h):  # noqa: ARG001
    """Add tables[start + n] to each of f64 scores[0:64]; bit k of n, of place i, is bit i of the k-th of eight planes."""

    def generate(context, builder, signature, args):
        of_scores, of_tables = signature.args[:2]
        nothing, ways = _BYTES([_BYTE(0)] * LANES), None
        for k, plane in enumerate(args[3:]):
            weight = _BYTES([_BYTE(1 << k)] * LANES)
            part = builder.select(builder.bitcast(plane, _BITS), weight, nothing)
            ways = part if ways is None else builder.or_(ways, part)
        table = context.make_array(of_tables)(context, builder, args[1])
        first = cgutils.get_item_pointer(
            context, builder, of_tables, table, [args[2]], wraparound=False
        )
        zero = context.get_constant(types.intp, 0)
        written = _pointers(context, builder, of_scores, args[0], zero, _FIGURES)
        for part, pointer in enumerate(written):
            lanes = ir.Constant(
                ir.VectorType(ir.IntType(32), 8), [8 * part + lane for lane in range(8)]
            )
            places = builder.zext(builder.shuffle_vector(ways, ways, lanes), _COUNTS)
            found = _gather(builder, first, places)
            before = builder.load(pointer, align=8)
            builder.store(builder.fadd(before, found), pointer, align=8)
        return context.get_dummy_value()

    word = types.uint64
    planes = (word,) * PLANES
    return types.void(scores, tables, types.intp, *planes), generate


def _gather(builder, first, places):
    """Return the eight figures at places behind a pointer."""
    found = _UNKNOWN
    for lane in range(8):
        place = builder.extract_element(places, ir.IntType(32)(lane))
        one = builder.load(builder.gep(first, [place]))
        found = builder.insert_element(found, one, ir.IntType(32)(lane))
    return found


@intrinsic
def count_below(typingctx, values, cuts, start, count, ranks, offset):  # noqa: ARG001
    """Write into u8 ranks[offset : offset + 64] how many of cuts[start : start + count] lie below each of f64 values[0:64].

    At most 255 of them. Each is asked of all values: up to some hundred, halving takes longer.
    """

    def generate(context, builder, signature, args):
        of_values, of_cuts, _, _, of_ranks, _ = signature.args
        zero, one = (context.get_constant(types.intp, number) for number in (0, 1))
        given = _pointers(context, builder, of_values, args[0], zero, _FIGURES)
        figures = [builder.load(pointer, align=8) for pointer in given]
        written = _pointers(context, builder, of_ranks, args[4], args[5], _SMALL)
        table = context.make_array(of_cuts)(context, builder, args[1])
        before = builder.block
        body, after = builder.append_basic_block(), builder.append_basic_block()
        builder.cbranch(builder.icmp_signed(">", args[3], zero), body, after)
        builder.position_at_end(body)
        step, counts = builder.phi(_WORD), [builder.phi(_COUNTS) for _ in figures]
        place = [builder.add(args[2], step)]
        pointer = cgutils.get_item_pointer(
            context, builder, of_cuts, table, place, wraparound=False
        )
        cut = builder.insert_element(_UNKNOWN, builder.load(pointer), ir.IntType(32)(0))
        every = builder.shuffle_vector(cut, _UNKNOWN, _FIRST)
        is_below = [builder.fcmp_ordered("<", every, figure) for figure in figures]
        more = [
            builder.sub(count, builder.sext(found, _COUNTS))
            for count, found in zip(counts, is_below, strict=True)
        ]
        following = builder.add(step, one)
        builder.cbranch(builder.icmp_signed("<", following, args[3]), body, after)
        for number, first, later in [
            (step, zero, following),
            *zip(counts, [_NONE] * 8, more, strict=True),
        ]:
            number.add_incoming(first, before)
            number.add_incoming(later, body)
        builder.position_at_end(after)
        found = [builder.phi(_COUNTS) for _ in figures]
        for number, later in zip(found, more, strict=True):
            number.add_incoming(_NONE, before)
            number.add_incoming(later, body)
        for number, pointer in zip(found, written, strict=True):
            builder.store(builder.trunc(number, _SMALL), pointer, align=1)
        return context.get_dummy_value()

    number = types.intp
    return types.void(values, cuts, number, number, ranks, number), generate


__all__ = ["LANES", "PLANES", "above", "add_leaves", "count_below"]
