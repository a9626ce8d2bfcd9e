"""Ask the processor for an array element before it is needed. A hint: it changes no value and cannot fail."""

# mypy: disable-error-code="no-untyped-def,misc"
from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

AHEAD = 12
"""Events between the request and the use: 8 to 16 measured equal on two machines."""


@intrinsic
def prefetch(typingctx, array, index):  # noqa: ARG001
    """Fetch `array[index]` (one-dimensional, contiguous) for writing; `index` must lie inside."""
    signature = types.void(array, types.intp)

    def generate(context, builder, signature_, args):
        value, position = args
        array_type = signature_.args[0]
        struct = context.make_array(array_type)(context, builder, value)
        pointer = cgutils.get_item_pointer(
            context, builder, array_type, struct, [position], wraparound=False
        )
        byte_pointer = builder.bitcast(pointer, ir.IntType(8).as_pointer())
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte_pointer.type, i32, i32, i32])
        name = (
            "llvm.prefetch.p0i8"
            if not getattr(byte_pointer.type, "is_opaque", False)
            else "llvm.prefetch.p0"
        )
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        builder.call(function, [byte_pointer, i32(1), i32(3), i32(1)])
        return context.get_dummy_value()

    return signature, generate
