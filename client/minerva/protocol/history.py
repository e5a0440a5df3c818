"""What a federation's logs say, round by round, every hash derived again (docs/SPECIFICATION.md, B1-B3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from minerva.errors import VerificationFailed
from minerva.protocol import events
from minerva.protocol.header import Header
from minerva.protocol.records import Address, indices
from minerva.protocol.rounds import Candidate, RoundBuilder, RoundRecord
from minerva.protocol.state import MinerInfo

__all__ = ["Candidate", "History", "Registration", "RoundRecord"]


_NO_MODULE: tuple[Address, bytes] = ("", b"")


@dataclass(frozen=True, slots=True)
class Registration:
    """What a device committed to: its data (Merkle root, samples) and its rate (ns per sample and epoch)."""

    device: Address
    miner: Address
    dataset_root: bytes
    dataset_size: int
    rate_ns: int
    from_round: int


@dataclass(slots=True)
class _Segment:
    """The logs from one opening up to the next, and what was known when it began."""

    builder: RoundBuilder | None
    members: Mapping[int, MinerInfo]
    consensus: tuple[Address, bytes]
    height: int
    logs: list[events.Log] = field(default_factory=list)


class History:
    """The rounds and blocks of one federation, kept up with its logs.

    Parameters
    ----------
    chain_id
        EIP-155 chain id.
    federation
        The federation's contract. Its events count only if it emitted them, a miner's only if a member did.

    Notes
    -----
    Memory is O(logs): a re-organisation may reach back as far as the chain allows.
    """

    def __init__(self, chain_id: int, federation: Address) -> None:
        self.chain_id, self.federation = chain_id, federation
        self._consensus = _NO_MODULE
        self._segments = [_Segment(None, {}, self._consensus, 0)]
        self._blocks: list[Header] = []
        self._registrations: dict[Address, list[tuple[int, Registration | None]]] = {}
        self._seat({})

    def apply(self, logs: Iterable[events.Log]) -> None:
        """Add logs in chain order.

        Raises
        ------
        VerificationFailed
            A log is not later than the one before, or states a hash, mask or number that the logs before it
            do not give. The history then holds all logs before that one.
        """
        for log in logs:
            if (log.block_number, log.log_index) <= self._position():
                raise VerificationFailed(
                    "a log does not follow the one before",
                    value=f"block {log.block_number}, log {log.log_index}",
                    remedy="Rewind to its block first.",
                )
            handlers = _OF_FEDERATION if log.emitter == self.federation else _OF_MINERS
            if isinstance(log.event, events.ConsensusConfigured) and log.event.federation == self.federation:
                self._consensus = (log.emitter, log.event.parameters)
            if handlers is _OF_FEDERATION or log.emitter in self._contracts:
                handler = handlers.get(type(log.event))
                if handler is not None:
                    handler(self, log, log.event)
            self._segments[-1].logs.append(log)

    def rewind(self, block_number: int) -> None:
        """Forget every log from block ``block_number`` on, as after a re-organisation."""
        while len(self._segments) > 1 and self._segments[-1].logs[0].block_number >= block_number:
            self._segments.pop()
        segment = self._segments.pop()
        last = len(self._segments) - 1
        self._blocks = self._blocks[: segment.height]
        self._registrations = {
            device: kept
            for device, entries in self._registrations.items()
            if (kept := [entry for entry in entries if entry[0] <= last + 1])
        }
        self._seat(segment.members)
        self._consensus = segment.consensus
        if not self._segments:
            self._segments.append(_Segment(None, {}, self._consensus, 0))
        self.apply(log for log in segment.logs if log.block_number < block_number)

    def round(self, number: int) -> RoundRecord:
        """Return round ``number`` as far as the logs go; raises `VerificationFailed` if it did not open."""
        builder = self._segments[number].builder if 0 < number < len(self._segments) else None
        if builder is None:
            raise VerificationFailed("no such round in the logs", value=number)
        return builder.record()

    def endpoints(self, round: int, before: tuple[int, int]) -> dict[Address, tuple[str, ...]]:
        """Return, by their contracts, the endpoints that a round's miners gave at its opening and later in it.

        ``before`` is a place on the chain (block, log index): later ones are left out. Empty without such a round.
        """
        builder = self._segments[round].builder if 0 < round < len(self._segments) else None
        return builder.endpoints(before) if builder else {}

    @property
    def current(self) -> RoundRecord | None:
        """The last opened round, over or not; None before the first."""
        builder = self._segments[-1].builder
        return builder.record() if builder else None

    @property
    def blocks(self) -> tuple[Header, ...]:
        """The finalised headers; block n at n − 1."""
        return tuple(self._blocks)

    def registration(self, device: Address, round: int) -> Registration:
        """Return the registration in force in ``round``; raises `VerificationFailed` when there is none."""
        registration = self.registered(device, round)
        if registration is None:
            raise VerificationFailed(f"the device is not registered in round {round}", value=device)
        return registration

    def registered(self, device: Address, round: int) -> Registration | None:
        """Return the latest registration with ``from_round`` ≤ ``round``, or None; a departure ends it."""
        for from_round, registration in reversed(self._registrations.get(device, ())):
            if from_round <= round:
                return registration
        return None

    def _position(self) -> tuple[int, int]:
        logs = self._segments[-1].logs
        return (logs[-1].block_number, logs[-1].log_index) if logs else (-1, -1)

    def _seat(self, members: Mapping[int, MinerInfo]) -> None:
        self._members = members
        self._contracts = {info.contract: index for index, info in members.items()}

    def _running(self, log: events.Log, round: int) -> RoundBuilder:
        builder = self._segments[-1].builder
        if builder is None or builder.number != round or builder.over:
            raise VerificationFailed(
                f"{type(log.event).__name__} speaks of a round that is not open",
                value=f"round {round} in block {log.block_number}",
            )
        return builder

    def _joined(self, log: events.Log, event: events.MinerJoined) -> None:
        info = MinerInfo(event.index, event.owner, event.miner, event.endpoint)
        self._seat({**self._members, event.index: info})

    def _endpoint(self, log: events.Log, event: events.EndpointChanged) -> None:
        index = self._contracts[log.emitter]
        old = self._members[index]
        self._seat({**self._members, index: MinerInfo(index, old.owner, old.contract, event.endpoint)})
        builder = self._segments[-1].builder
        if builder is not None:
            builder.move(log, event.endpoint)

    def _opened(self, log: events.Log, event: events.RoundOpened) -> None:
        before = self._segments[-1].builder
        if event.round != len(self._segments) or (before is not None and not before.over):
            raise VerificationFailed("a round opened out of turn", value=event.round)
        unknown = [index for index in indices(event.snapshot) if index not in self._members]
        if unknown:
            raise VerificationFailed(
                f"a miner in the snapshot of round {event.round} never joined", value=unknown[0]
            )
        miners = {index: self._members[index] for index in indices(event.snapshot)}
        builder = RoundBuilder(self.federation, event, log.timestamp, miners, self._consensus)
        self._segments.append(_Segment(builder, self._members, self._consensus, len(self._blocks)))

    def _registered(self, log: events.Log, event: events.DeviceRegistered) -> None:
        if event.from_round != len(self._segments):
            raise VerificationFailed(
                "a device counts from another round than the next", value=event.from_round
            )
        registration = Registration(
            event.device, log.emitter, event.dataset_root, event.dataset_size, event.rate_ns, event.from_round
        )
        self._registrations.setdefault(event.device, []).append((event.from_round, registration))

    def _unbound(self, log: events.Log, event: events.DeviceUnbound) -> None:
        entries = self._registrations.get(event.device, [])
        if entries and (latest := entries[-1][1]) is not None and latest.miner == event.miner:
            entries.append((len(self._segments), None))  # else: released by the miner it re-bound from

    def _submitted(self, log: events.Log, event: events.UpdateSubmitted) -> None:
        builder = self._running(log, event.round)
        index = self._contracts[log.emitter]
        if index in builder.miners:
            builder.submit(index, log, event)

    def _training_closed(self, log: events.Log, event: events.TrainingClosed) -> None:
        self._running(log, event.round).close_training(event)

    def _ballot(self, log: events.Log, event: events.BallotCast) -> None:
        self._running(log, event.round).cast(event)

    def _verification_closed(self, log: events.Log, event: events.VerificationClosed) -> None:
        self._running(log, event.round).close_verification(event)

    def _proposed(self, log: events.Log, event: events.BlockProposed) -> None:
        parent = self._blocks[-1].hash() if self._blocks else None
        self._running(log, event.round).propose(event, len(self._blocks) + 1, parent)

    def _attested(self, log: events.Log, event: events.Attested) -> None:
        self._running(log, event.round).attest(event)

    def _dropped(self, log: events.Log, event: events.CandidateDropped) -> None:
        self._running(log, event.round).drop(event)

    def _finalized(self, log: events.Log, event: events.BlockFinalized) -> None:
        self._blocks.append(self._running(log, event.round).finalize(event))

    def _replaced(self, log: events.Log, event: events.VotersReplaced) -> None:
        self._running(log, event.round).replace(event)

    def _skipped(self, log: events.Log, event: events.RoundSkipped) -> None:
        self._running(log, event.round).skip(event)

    def _closed(self, log: events.Log, event: events.FederationClosed) -> None:
        head = self._blocks[-1].hash() if self._blocks else event.head
        if (event.height, event.head) != (len(self._blocks), head):
            raise VerificationFailed(
                "the federation closed on a head that its blocks do not give", value=event.height
            )


_Handler = Callable[[History, events.Log, Any], None]
_OF_FEDERATION: dict[type[object], _Handler] = {
    events.MinerJoined: History._joined,
    events.RoundOpened: History._opened,
    events.DeviceUnbound: History._unbound,
    events.TrainingClosed: History._training_closed,
    events.BallotCast: History._ballot,
    events.VerificationClosed: History._verification_closed,
    events.BlockProposed: History._proposed,
    events.Attested: History._attested,
    events.CandidateDropped: History._dropped,
    events.BlockFinalized: History._finalized,
    events.VotersReplaced: History._replaced,
    events.RoundSkipped: History._skipped,
    events.FederationClosed: History._closed,
}
_OF_MINERS: dict[type[object], _Handler] = {
    events.EndpointChanged: History._endpoint,
    events.DeviceRegistered: History._registered,
    events.UpdateSubmitted: History._submitted,
}
