"""From a round's accepted updates to the next global model, and to what the rule remembers (B8, section G)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from minerva.errors import UserError, VerificationFailed
from minerva.learning.aggregation import aggregator, rule
from minerva.learning.aggregation.memory import read_state, state_bytes
from minerva.learning.weights import Buffer, UpdateRefused, check_update, parse
from minerva.protocol.cid import Cid
from minerva.protocol.history import RoundRecord
from minerva.protocol.records import PlacedUpdate
from minerva.store.cid import cid_of
from minerva.verification.spool import Spool

if TYPE_CHECKING:
    from minerva.verification.derive import Decision, Genesis

Content = Callable[[PlacedUpdate], bytes]
"""Gives an update's bytes, which hash to its CID; raises a `StoreError` when it cannot."""
STATE = "state"
"""Key of a global model's metadata that names the state of the rule after its block."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A global model's bytes, and the bytes of the rule's state after it; None where nothing is remembered."""

    model: bytes
    state: bytes | None


def state_named(model: Buffer) -> Cid | None:
    """Return the CID of the rule's state that a global model names, None when it names none.

    Raises
    ------
    VerificationFailed
        The bytes are not a model, or what they name is not a CID.
    """
    try:
        named = parse(model).metadata.get(STATE)
        return None if named is None else Cid.parse(named)
    except (UpdateRefused, UserError) as error:
        raise VerificationFailed("the model names no state of a rule", value=error) from None


def most_state_bytes(genesis: Genesis) -> int:
    """Return the most bytes that a state of the federation's rule may have; 0 for a rule without memory."""
    named = rule(genesis.manifest.aggregation)
    return state_bytes(named, _floating(genesis)) if named.remembers else 0


def aggregate(
    genesis: Genesis,
    record: RoundRecord,
    decision: Decision,
    base: bytes,
    content: Content,
    *,
    state: bytes | None = None,
    spool: Path | None = None,
    threads: int = 1,
) -> Aggregate:
    """Make the global model of the accepted updates, fetched one at a time.

    Memory is O(model) for FedAvg, and for every other rule with a ``spool``.

    Parameters
    ----------
    genesis, record, decision
        As for and from `decide`.
    base
        The parent's model; with the ``state`` carried over when nothing was accepted.
    content
        Called once for each accepted update, in update order.
    state
        What ``base`` names as the rule's state; None when it names none.
    spool
        A folder on disk for the contents, which most rules read more than once. Without one they stay in memory.
    threads
        Threads that share the arithmetic; they change nothing in the result.

    Raises
    ------
    VerificationFailed
        An accepted update breaks rule 2, or base or state are not this federation's: no block follows from
        this round.
    StoreError
        From ``content``: the bytes are not to be had, so nothing can be said of the block. From the spool.
    """
    if not decision.accepted:
        return Aggregate(base, state)
    spec, named = genesis.manifest.tensors, rule(genesis.manifest.aggregation)
    simple = named.text == "fedavg"
    try:
        total = aggregator(named.text)(
            spec,
            base=None if simple else parse(base),
            state=read_state(state, named, _floating(genesis), federation=genesis.federation)
            if state is not None
            else None,
            threads=threads,
        )
    except (UpdateRefused, ValueError) as error:
        raise VerificationFailed("no block follows from the parent's model or state", value=error) from None
    kept = Spool(spool) if spool is not None and not simple else None
    for placed, weight in zip(decision.accepted, decision.weights, strict=True):
        data: Buffer = content(placed)
        try:
            weights = check_update(
                kept.keep(bytes(data)) if kept else data, spec, federation=genesis.federation,
                round=record.round, device=placed.update.device, max_bytes=genesis.max_model_bytes,
            )  # fmt: skip
        except UpdateRefused as refusal:
            raise VerificationFailed(
                f"an accepted update of round {record.round} is refused by rule 2",
                value=f"{placed.update.device}: {refusal}",
            ) from None
        total.accept(weights, weight)
    metadata = {"federation": genesis.federation, "round": str(record.round)}
    after = total.state(metadata)
    if after is not None:
        metadata[STATE] = str(cid_of(after))
    return Aggregate(total.aggregate(metadata), after)


def _floating(genesis: Genesis) -> int:
    return sum(tensor.size for tensor in genesis.manifest.tensors if tensor.floating)
