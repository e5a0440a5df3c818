"""Where a federation stands, by its logs alone: phase, deadlines, members, and whom a round waits for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eth_abi.abi import decode

from minerva.amounts import show_amount
from minerva.miner.stake import Bonds
from minerva.protocol import events
from minerva.protocol.escrow import Escrow
from minerva.protocol.lanes import weights_of
from minerva.protocol.records import Address, indices, mask_of
from minerva.protocol.reward_events import RewardsFunded
from minerva.protocol.schedule import order, proposer
from minerva.protocol.stake import Stakes
from minerva.protocol.stake_events import StakeSlashed
from minerva.protocol.state import Drop, FederationConfig, MinerInfo, Phase, Status

_PUZZLE_BYTES = 64
"""Length of the parameters of a proof of work (W2)."""


@dataclass(slots=True)
class _Binding:
    miner: Address
    from_round: int
    seen: int


@dataclass(slots=True)
class _Moving:
    """What the logs move; made anew when a re-organisation takes logs back.

    Sets of miners are masks over indices. ``weights`` are the voters' (K2); ``turn``: how often Mining was
    opened again in the round (K4); ``seeded``: the last round whose order was drawn, and with what (K5).
    ``missing``: devices that the round waits for still, and the miner's contract of each; ``expected``: how
    many it waited for at its opening; ``fetch_deadline``: until when content may come (rule 1). ``returns``: how
    often each miner came back from dormancy; ``funded``: what was paid into the escrow.
    """

    status: Status = Status.WAITING
    phase: Phase = Phase.PENDING
    round: int = 0
    deadline: int = 0
    fetch_deadline: int = 0
    snapshot: int = 0
    weights: Mapping[int, int] = field(default_factory=dict)
    turn: int = 0
    voted: int = 0
    barred: int = 0
    dormant: int = 0
    leaving: int = 0
    attested: int = 0
    height: int = 0
    difficulty: int = 1
    waiting_since: int = 0
    paused_at: int = 0
    paused_seconds: int = 0
    funded: int = 0
    returns: dict[int, int] = field(default_factory=dict)
    candidate: events.BlockProposed | None = None
    seeded: tuple[int, bytes] = (0, b"")
    module: Address = ""
    parameters: bytes = b""
    members: dict[int, MinerInfo] = field(default_factory=dict)
    devices: dict[Address, _Binding] = field(default_factory=dict)
    missing: dict[Address, Address] = field(default_factory=dict)
    expected: int = 0
    updates: int = 0


class Situation:
    """The moving state of one federation, without a call to the chain.

    It is a view for decisions that a contract checks again; `History` is what derives and checks hashes.

    Parameters
    ----------
    config, stakes, escrow
        What the federation was created with, what is staked there, and what pays for it.
    """

    def __init__(
        self,
        federation: Address,
        config: FederationConfig,
        stakes: Stakes | None = None,
        escrow: Escrow | None = None,
    ) -> None:
        self.federation, self.config = federation, config
        self._stakes, self._escrow = stakes, escrow
        self._logs: list[events.Log] = []
        self._reset()

    def _reset(self) -> None:
        self.now, self.bonds = _Moving(module=self.config.consensus), Bonds(self._stakes)
        self._configure(self.config.consensus, self.config.consensus_parameters)

    def apply(self, logs: Iterable[events.Log]) -> None:
        """Take logs in, in chain order."""
        for log in logs:
            self._logs.append(log)
            self._take(log)

    def rewind(self, block_number: int) -> None:
        """Forget every log from block ``block_number`` on."""
        kept = [log for log in self._logs if log.block_number < block_number]
        self._logs = []
        self._reset()
        self.apply(kept)

    def index_of(self, owner: Address) -> int | None:
        """Index of the miner that ``owner`` has here; None when it has none."""
        return next((i for i, info in self.now.members.items() if info.owner == owner), None)

    def counting(self, round_: int, miners: int) -> dict[Address, Address]:
        """Devices that count in ``round_`` with this snapshot, and the miner's contract of each (M7)."""
        now, earliest = self.now, round_ - self.config.silent_rounds
        contracts = {now.members[i].contract for i in indices(miners) if i in now.members}
        return {
            device: bound.miner
            for device, bound in now.devices.items()
            if bound.miner in contracts and bound.from_round <= round_ and earliest <= bound.seen < round_
        }

    @property
    def voters(self) -> int:
        """Miners whose word counts in the running round."""
        return mask_of(self.now.weights)

    @property
    def takes_turns(self) -> bool:
        """Whether the running round has an order of proposers; else they race."""
        return self.now.seeded[0] == self.now.round > 0

    @property
    def proposer(self) -> int | None:
        """Index of the miner whose turn it is; None where there are no turns, or it is nobody's (K5)."""
        if not self.takes_turns:
            return None
        now = self.now
        return proposer(order(now.seeded[1], now.weights), now.turn, self.voters & ~now.barred)

    def weigh(self, mask: int) -> int:
        """Return what the voters in ``mask`` weigh together."""
        return sum(weight for index, weight in self.now.weights.items() if mask >> index & 1)

    @property
    def eligible(self) -> int:
        """Miners that would count at the next opening: members neither leaving nor dormant."""
        now = self.now
        return mask_of(now.members) & ~now.leaving & ~now.dormant

    @property
    def unfunded(self) -> str:
        """What the escrow lacks before round 1 may open (Y2), in words; empty when nothing is."""
        escrow, now = self._escrow, self.now
        if escrow is None or now.round or now.funded >= escrow.required:
            return ""
        return f"its escrow, which lacks {show_amount(escrow.required - now.funded, escrow.terms.token)}"

    def _configure(self, module: Address, parameters: bytes) -> None:
        """K10: a module decides from now on."""
        self.now.module, self.now.parameters = module, parameters
        if len(parameters) == _PUZZLE_BYTES:
            self.now.difficulty = int(decode(("uint64", "uint32"), parameters)[0])

    def _take(self, log: events.Log) -> None:
        event, now = log.event, self.now
        if now.status is Status.WAITING:
            now.waiting_since = log.timestamp  # whatever happens now may be what was waited for
        match event:
            case events.UpdateSubmitted():
                now.updates += 1
                now.missing.pop(event.device, None)
                self._seen(event.device, event.round)
            case events.BallotCast():
                now.voted |= 1 << event.index
            case events.Attested():
                now.attested |= 1 << event.index
            case events.BlockProposed():
                now.phase, now.deadline = Phase.ATTESTATION, event.deadline
                now.candidate, now.attested = event, 1 << event.index
            case events.TrainingClosed():
                now.phase, now.deadline = Phase.VERIFICATION, event.deadline
                now.fetch_deadline = (
                    event.deadline - self.config.verification_seconds + self.config.fetch_seconds
                )
            case events.VerificationClosed():
                now.phase, now.deadline = Phase.MINING, event.deadline
                now.dormant |= event.absent
            case events.MiningReopened():
                now.phase, now.deadline, now.candidate = Phase.MINING, event.deadline, None
                now.turn += 1
            case events.VotersReplaced():
                now.weights = weights_of(event.voters, event.lanes)
                now.dormant |= event.silent
            case events.ScheduleSeeded():
                now.seeded = (event.round, event.seed)
            case events.ConsensusConfigured():
                self._configure(log.emitter, event.parameters)
            case events.CandidateDropped():
                now.candidate, now.attested = None, 0
                now.barred |= 1 << event.index if event.reason is Drop.REJECTED else 0
            case events.PhaseExtended():
                now.deadline = event.deadline
            case events.DifficultyChanged():
                now.difficulty = event.difficulty
            case events.RoundOpened():
                self._open(event)
            case events.BlockFinalized() | events.RoundSkipped():
                self._end(event)
            case StakeSlashed():
                self.bonds.take(event)
                index = self.index_of(event.account)
                if index is not None and not self.bonds.is_sufficient(event.account):  # S6
                    now.dormant |= 1 << index
            case RewardsFunded():
                now.funded = event.funded
            case _:
                self.bonds.take(event)
                self._take_membership(log)

    def _take_membership(self, log: events.Log) -> None:
        event, now = log.event, self.now
        match event:
            case events.MinerJoined():
                now.members[event.index] = MinerInfo(event.index, event.owner, event.miner, event.endpoint)
            case events.EndpointChanged():
                for info in [m for m in now.members.values() if m.contract == log.emitter]:
                    now.members[info.index] = MinerInfo(info.index, info.owner, info.contract, event.endpoint)
            case events.MinerLeaving():
                now.leaving |= 1 << event.index
                if now.status is Status.WAITING:
                    self._remove_leaving()
            case events.MinerReturned():
                now.dormant &= ~(1 << event.index)
                now.returns[event.index] = now.returns.get(event.index, 0) + 1
            case events.DeviceBound():
                now.missing.pop(event.device, None)
                now.devices[event.device] = _Binding(event.miner, event.from_round, event.from_round - 1)
            case events.DeviceUnbound():
                now.missing.pop(event.device, None)
                bound = now.devices.get(event.device)
                if bound is not None and bound.miner == event.miner:
                    del now.devices[event.device]
            case events.DeviceCheckedIn():
                self._seen(event.device, event.round)
            case events.FederationPaused():
                now.status, now.paused_at = Status.PAUSED, event.at
            case events.FederationUnpaused():
                running = now.phase in (Phase.TRAINING, Phase.VERIFICATION, Phase.MINING, Phase.ATTESTATION)
                now.status = Status.RUNNING if running else Status.WAITING
                moved = event.deadline - now.deadline
                now.fetch_deadline, now.deadline = now.fetch_deadline + moved, event.deadline
                now.paused_seconds += moved
            case events.FederationClosed():
                self._remove_leaving()
                now.status = Status.CLOSED
            case _:
                pass

    def _open(self, event: events.RoundOpened) -> None:
        now = self.now
        now.status, now.phase, now.round = Status.RUNNING, Phase.TRAINING, event.round
        now.deadline, now.fetch_deadline, now.snapshot = event.deadline, event.deadline, event.snapshot
        now.voted = now.barred = now.attested = now.updates = now.turn = 0
        now.weights = weights_of(event.voters, event.lanes)
        now.candidate, now.missing = None, self.counting(event.round, event.snapshot)
        now.expected = len(now.missing)

    def _end(self, event: events.BlockFinalized | events.RoundSkipped) -> None:
        now = self.now
        if isinstance(event, events.BlockFinalized):
            now.phase, now.height = Phase.FINALIZED, event.number
        else:
            now.phase = Phase.SKIPPED
            if (
                event.phase is Phase.VERIFICATION
            ):  # M3: who did not vote is dormant, whether it closes or is skipped
                now.dormant |= self.voters & ~now.voted
        now.status, now.candidate = Status.WAITING, None
        self._remove_leaving()

    def _remove_leaving(self) -> None:
        now = self.now
        for index in indices(now.leaving):
            now.members.pop(index, None)
        now.dormant &= ~now.leaving
        now.leaving = 0

    def _seen(self, device: Address, round_: int) -> None:
        bound = self.now.devices.get(device)
        if bound is not None:
            bound.seen = max(bound.seen, round_)
