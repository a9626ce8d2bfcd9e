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


def _data(context, builder, kind, array, offset, vector):
    """Return the pointer to the vector that begins at an offset of an array of any shape, C order."""
    first = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(first, [offset]), vector.as_pointer())


def _mask(places):
    return ir.Constant(ir.VectorType(ir.IntType(32), len(places)), places)


# Places of what two vectors become: every other lane, then pairs of lanes, then halves.
_TURNS: Final = (
    (1, _mask([0, 8, 2, 10, 4, 12, 6, 14]), _mask([1, 9, 3, 11, 5, 13, 7, 15])),
    (2, _mask([0, 1, 8, 9, 4, 5, 12, 13]), _mask([2, 3, 10, 11, 6, 7, 14, 15])),
    (4, _mask([0, 1, 2, 3, 8, 9, 10, 11]), _mask([4, 5, 6, 7, 12, 13, 14, 15])),
)


@intrinsic
def turn_tile(typingctx, rows, start, width, columns, to):  # noqa: ARG001
    """Write eight figures of eight rows, `width` apart in f64 `rows` from `start` on, as columns 64 apart from `to` on."""

    def generate(context, builder, signature, args):
        of_rows, _, _, of_columns, _ = signature.args
        tile, at = [], args[1]
        for _ in range(8):
            pointer = _data(context, builder, of_rows, args[0], at, _FIGURES)
            tile.append(builder.load(pointer, align=8))
            at = builder.add(at, args[2])
        for apart, lower, upper in _TURNS:
            for first in (lane for lane in range(8) if not lane & apart):
                one, other = tile[first], tile[first + apart]
                tile[first] = builder.shuffle_vector(one, other, lower)
                tile[first + apart] = builder.shuffle_vector(one, other, upper)
        for column, figures in enumerate(tile):
            place = builder.add(args[4], context.get_constant(types.intp, column * LANES))
            pointer = _data(context, builder, of_columns, args[3], place, _FIGURES)
            builder.store(figures, pointer, align=8)
        return context.get_dummy_value()

    number = types.intp
    return types.void(rows, number, number, columns, number), generate


def _every(vector, figure):
    return ir.Constant(vector, [figure] * 8)


@intrinsic
def ask(typingctx, cuts, start, value, is_missing, answers, below, above):  # noqa: ARG001
    """Write into u8 `answers` whether each of f64 cuts[start : start + 8] is below a value, from `below` and from `above` on.

    For a missing value (u8 1) the first are 0, the others 1.
    """

    def generate(context, builder, signature, args):
        of_cuts, of_answers = signature.args[0], signature.args[4]
        pointer = _data(context, builder, of_cuts, args[0], args[1], _FIGURES)
        cuts = builder.load(pointer, align=8)
        figure = builder.insert_element(_UNKNOWN, args[2], ir.IntType(32)(0))
        figure = builder.shuffle_vector(figure, _UNKNOWN, _FIRST)
        found = builder.zext(builder.fcmp_ordered("<", cuts, figure), _SMALL)
        nothing = ir.Constant(_SMALL, ir.Undefined)
        missing = builder.insert_element(nothing, args[3], ir.IntType(32)(0))
        missing = builder.shuffle_vector(missing, nothing, _FIRST)
        known = builder.xor(missing, ir.Constant(_SMALL, [1] * 8))
        for place, answer in (
            (args[5], builder.and_(found, known)),
            (args[6], builder.or_(found, missing)),
        ):
            to = _data(context, builder, of_answers, args[4], place, _SMALL)
            builder.store(answer, to, align=1)
        return context.get_dummy_value()

    number = types.intp
    given = (cuts, number, types.float64, types.uint8, answers, number, number)
    return types.void(*given), generate


_FLAGS: Final = ir.VectorType(_BIT, 8)
_TOP: Final = 255


def _missing(builder, kind, is_nan, is_nought):
    """Return which values are missing: of kind 1 what is nought or no number, of kind 2 what is no number, else none."""
    nothing = _every(_FLAGS, 0)
    is_two = builder.icmp_signed("==", kind, kind.type(2))
    is_one = builder.icmp_signed("==", kind, kind.type(1))
    return builder.select(is_two, is_nan, builder.select(is_one, is_nought, nothing))


@intrinsic
def rank_column(typingctx, columns, first, nought, kind, cuts, start, count, ranks, offset):  # noqa: ARG001
    """Write the two ranks of f64 columns[first : first + 64] among cuts[start : start + count], at most 254, into u8 `ranks`.

    The first 64 from `offset` on are those where a missing value is below all, the next 64 those where it is above. What is no
    further from 0 than `nought`, and what is no number, counts as 0 where it is not missing; `kind` says which is. Every cut is
    asked of all values: up to some hundred, halving takes longer.
    """

    def generate(context, builder, signature, args):
        of_columns, of_cuts, of_ranks = (signature.args[place] for place in (0, 4, 7))
        zero, one = (context.get_constant(types.intp, number) for number in (0, 1))
        far = builder.insert_element(_UNKNOWN, args[2], ir.IntType(32)(0))
        far = builder.shuffle_vector(far, _UNKNOWN, _FIRST)
        near = builder.fsub(_every(_FIGURES, -0.0), far)
        figures, missing = [], []
        for part in range(8):
            place = builder.add(args[1], context.get_constant(types.intp, 8 * part))
            pointer = _data(context, builder, of_columns, args[0], place, _FIGURES)
            given = builder.load(pointer, align=8)
            is_far = builder.or_(
                builder.fcmp_ordered(">", given, far), builder.fcmp_ordered("<", given, near)
            )
            is_nought = builder.not_(is_far)
            is_nan = builder.fcmp_unordered("uno", given, given)
            missing.append(_missing(builder, args[3], is_nan, is_nought))
            figures.append(builder.select(is_far, given, _every(_FIGURES, 0.0)))
        before = builder.block
        body, after = builder.append_basic_block(), builder.append_basic_block()
        builder.cbranch(builder.icmp_signed(">", args[6], zero), body, after)
        builder.position_at_end(body)
        step, counts = builder.phi(_WORD), [builder.phi(_COUNTS) for _ in figures]
        pointer = cgutils.get_item_pointer(
            *(context, builder, of_cuts, context.make_array(of_cuts)(context, builder, args[4])),
            [builder.add(args[5], step)],
            wraparound=False,
        )
        cut = builder.insert_element(_UNKNOWN, builder.load(pointer), ir.IntType(32)(0))
        every = builder.shuffle_vector(cut, _UNKNOWN, _FIRST)
        is_below = [builder.fcmp_ordered("<", every, figure) for figure in figures]
        more = [
            builder.sub(total, builder.sext(found, _COUNTS))
            for total, found in zip(counts, is_below, strict=True)
        ]
        following = builder.add(step, one)
        builder.cbranch(builder.icmp_signed("<", following, args[6]), body, after)
        for number, first_one, later in [
            (step, zero, following),
            *zip(counts, [_NONE] * 8, more, strict=True),
        ]:
            number.add_incoming(first_one, before)
            number.add_incoming(later, body)
        builder.position_at_end(after)
        found = [builder.phi(_COUNTS) for _ in figures]
        for number, later in zip(found, more, strict=True):
            number.add_incoming(_NONE, before)
            number.add_incoming(later, body)
        for part, (number, is_missing) in enumerate(zip(found, missing, strict=True)):
            rank = builder.trunc(number, _SMALL)
            for side, instead in ((0, 0), (LANES, _TOP)):
                place = builder.add(args[8], context.get_constant(types.intp, side + 8 * part))
                pointer = _data(context, builder, of_ranks, args[7], place, _SMALL)
                kept = builder.select(is_missing, _every(_SMALL, instead), rank)
                builder.store(kept, pointer, align=1)
        return context.get_dummy_value()

    number = types.intp
    given = (columns, number, types.float64, number, cuts, number, number, ranks, number)
    return types.void(*given), generate


__all__ = ["LANES", "PLANES", "above", "add_leaves", "ask", "rank_column", "turn_tile"]
