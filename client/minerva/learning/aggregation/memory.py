"""What a rule remembers between rounds, as a content of its own (docs/SPECIFICATION.md, G8)."""

from __future__ import annotations

from collections.abc import Mapping

from minerva.learning.aggregation.composition import Rule
from minerva.learning.aggregation.optimisers import Float32, State
from minerva.learning.numbers import all_finite
from minerva.learning.weights import Buffer, UpdateRefused, parse, serialize
from minerva.protocol.manifest import TensorSpec
from minerva.protocol.reasons import Reason

_HEADER_BYTES = 4096


def pack_state(state: State, metadata: Mapping[str, str]) -> bytes:
    """Write a state as canonical safetensors: one F32 vector by each name."""
    return serialize(state, metadata)


def state_bytes(rule: Rule, size: int) -> int:
    """Return the most bytes that a state of a rule may have, for a model of ``size`` floating elements."""
    return _HEADER_BYTES + 4 * size * len(rule.remembers)


def read_state(data: Buffer, rule: Rule, size: int, *, federation: str) -> dict[str, Float32]:
    """Read a state; raises `UpdateRefused` when it is none of this rule, model and federation.

    Its round is that of the last block that anything was accepted in, whose model names it.
    """
    if len(data) > state_bytes(rule, size):
        raise _refused("the state is too large", f"{len(data)} bytes")
    weights = parse(data)
    if weights.specs != tuple(TensorSpec(name, (size,), "F32") for name in rule.remembers):
        raise _refused(f"not a state of {rule.text}", [spec.name for spec in weights.specs])
    if not all(all_finite(array, "F32") for array in weights.arrays):
        raise _refused("a state holds NaN or infinity", rule.text)
    if weights.metadata.get("federation") != federation or set(weights.metadata) != {"federation", "round"}:
        raise _refused("the state's metadata is another's", ascii(dict(weights.metadata))[:200])
    state = dict(zip(rule.remembers, weights.arrays, strict=True))
    if "second_moment" in state and (state["second_moment"] < 0).any():
        raise _refused("a second moment is negative", rule.text)
    return state


def _refused(what: str, value: object) -> UpdateRefused:
    return UpdateRefused(Reason.MALFORMED, what, value=value)
