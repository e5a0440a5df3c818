"""From what an update's CID names to the update's content: as it is, or out of its envelope (Q4 to Q6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from minerva.errors import ContentSealed, VerificationFailed
from minerva.protocol.history import History
from minerva.protocol.reasons import Reason
from minerva.protocol.records import Address, PlacedUpdate
from minerva.protocol.state import MinerInfo
from minerva.sealing.address import published
from minerva.sealing.envelope import OVERHEAD, Context, Envelope, SealRefused
from minerva.sealing.keyring import Keyring

PUBLIC = frozenset(
    (Reason.NOT_SEALED, Reason.MALFORMED_SEAL, Reason.SEALED_ELSEWHERE, Reason.WRONG_RECIPIENTS)
)
"""Refusals that anybody can derive, without a key."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How the updates of one federation are read.

    ``keys`` are the miner's, None for an observer. Where the federation is not ``confidential``, contents are
    what they are.
    """

    history: History
    confidential: bool
    keys: Keyring | None = None

    def content(self, placed: PlacedUpdate, data: bytes) -> bytes | Reason:
        """Return an update's content, or why its envelope is refused."""
        if not self.confidential:
            return data
        try:
            envelope = self._inspect(placed, data)
            if self.keys is None:
                return Reason.NOT_OPENED
            return envelope.open(self.keys)
        except SealRefused as refusal:
            return refusal.reason

    def accepted(self, placed: PlacedUpdate, data: bytes) -> bytes:
        """Return the content of an update that the ballots accepted.

        Raises
        ------
        ContentSealed
            It is sealed to others: nothing can be said of the block here.
        VerificationFailed
            Its envelope is refused by whoever opens it: no block follows.
        """
        found = self.content(placed, data)
        if found is Reason.NOT_OPENED:
            raise ContentSealed("an accepted update is sealed to other keys", value=placed.update.device)
        if isinstance(found, Reason):
            raise _accepted(placed, found)
        return found

    def check(self, placed: PlacedUpdate, data: bytes) -> None:
        """Check what everybody can of an accepted update's envelope; raises `VerificationFailed`."""
        try:
            self._inspect(placed, data)
        except SealRefused as refusal:
            raise _accepted(placed, refusal.reason) from None

    def limit(self, max_model_bytes: int) -> int:
        """Return how long what a CID names may be; the content itself is at most ``max_model_bytes`` long."""
        return content_limit(max_model_bytes, self.confidential)

    def _inspect(self, placed: PlacedUpdate, data: bytes) -> Envelope:
        """Check what everybody can; raises `SealRefused`."""
        envelope, update = Envelope.read(data), placed.update
        context = Context(self.history.chain_id, update.federation, update.round, update.device)
        if envelope.context != context:
            raise SealRefused(Reason.SEALED_ELSEWHERE, value=envelope.context)
        sealed = {seal.miner: seal.key for seal in envelope.seals}
        given = self.history.endpoints(update.round, placed.position)
        for miner, endpoints in given.items():
            keys = {published(endpoint) for endpoint in endpoints}
            if sealed.pop(miner, None) not in keys:  # None: not sealed to it, as it once had no key
                raise SealRefused(Reason.WRONG_RECIPIENTS, value=miner)
        if sealed:
            raise SealRefused(Reason.WRONG_RECIPIENTS, value=next(iter(sealed)))
        return envelope


def _accepted(placed: PlacedUpdate, reason: Reason) -> VerificationFailed:
    return VerificationFailed(f"an update is accepted, but {reason.words}", value=placed.update.device)


def content_limit(max_model_bytes: int, confidential: bool) -> int:
    """Return how long what an update's CID names may be."""
    return max_model_bytes + (OVERHEAD if confidential else 0)


def recipients(miners: Iterable[MinerInfo]) -> dict[Address, bytes]:
    """Return the keys of those miners that publish one, by their contracts."""
    keys = {miner.contract: published(miner.endpoint) for miner in miners}
    return {contract: key for contract, key in keys.items() if key is not None}
