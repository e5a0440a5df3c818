"""Eight float64 numbers as one value of compiled code, so that a sum of lanes is one instruction.

LLVM finds vectors by itself in simple loops only. Here they are spelled out; on a processor with shorter ones
each operation becomes several, with the same result. Operations are IEEE 754's, without fast-math.
Importing this module imports numba.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending, types

intrinsic: Callable[[Any], Any] = extending.intrinsic
_VECTOR = ir.VectorType(ir.DoubleType(), 8)


class _Eight(types.Type):
    def __init__(self) -> None:
        super().__init__(name="Eight")


@extending.register_model(_Eight)
class _Model(extending.models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]


_EIGHT = _Eight()


@intrinsic
def load(_: Any, values: Any, index: Any) -> Any:
    """Read eight neighbours of a one-dimensional array of float64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_address(context, builder, signature, arguments), align=8)

    return _EIGHT(values, types.intp), generate


@intrinsic
def store(_: Any, values: Any, index: Any, eight: Any) -> Any:
    """Write eight neighbours of a one-dimensional array of float64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _address(context, builder, signature, arguments), align=8)
        return context.get_dummy_value()

    return types.void(values, types.intp, _EIGHT), generate


@intrinsic
def plus(_: Any, one: Any, other: Any) -> Any:
    """Add lane by lane."""
    return _EIGHT(_EIGHT, _EIGHT), lambda context, builder, signature, pair: builder.fadd(*pair)


@intrinsic
def times(_: Any, one: Any, other: Any) -> Any:
    """Multiply lane by lane."""
    return _EIGHT(_EIGHT, _EIGHT), lambda context, builder, signature, pair: builder.fmul(*pair)


def _address(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.bitcast(builder.gep(array.data, [arguments[1]]), _VECTOR.as_pointer())
