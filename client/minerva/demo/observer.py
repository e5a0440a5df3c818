"""What anybody can see of a federation.

Rounds, verdicts and gas, folded from the chain's logs and the blocks' bodies.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from minerva.amounts import show_amount
from minerva.chain.port import Chain, Change
from minerva.protocol.blocks import MAX_BODY_BYTES, Body
from minerva.protocol.cid import Cid
from minerva.protocol.events import (
    BallotCast,
    BlockFinalized,
    BlockProposed,
    CandidateDropped,
    Event,
    FederationClosed,
    MinerReturned,
    PhaseExtended,
    RoundOpened,
    RoundSkipped,
    TrainingClosed,
    UpdateSubmitted,
    VerificationClosed,
)
from minerva.protocol.header import Header
from minerva.protocol.reasons import Reason, words
from minerva.protocol.records import ZERO_ADDRESS, Address, indices
from minerva.protocol.stake_events import StakeDeposited, StakeSlashed
from minerva.store.port import Store

FETCH_SECONDS = 60.0


@dataclass
class RoundView:
    """One round as an onlooker sees it; times in seconds since the round opened, by this machine's clock."""

    number: int
    phase: str = "Training"
    updates: int = 0
    ballots: int = 0
    winner: Address = ""
    header: Header | None = None
    accepted: list[Address] = field(default_factory=list)
    rejected: list[tuple[Address, str, str]] = field(default_factory=list)
    accuracy: float | None = None
    loss: float | None = None
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    @property
    def over(self) -> bool:
        """Whether it ended."""
        return self.phase in ("Finalized", "Skipped")


class Observer:
    """Follow one federation.

    Parameters
    ----------
    evaluate
        From a global model's bytes to (accuracy, loss) on the task's test split.
    tell
        Told each event worth a line, in words.
    """

    def __init__(
        self,
        chain: Chain,
        store: Store,
        federation: Address,
        evaluate: Callable[[bytes], tuple[float, float]],
        tell: Callable[[str], None],
        names: dict[Address, str],
    ) -> None:
        self.chain, self.store, self.federation = chain, store, federation
        self._evaluate, self._tell, self.names = evaluate, tell, names
        self._config, stakes = chain.config(federation), chain.stakes(federation)
        self._token = stakes.terms.token if stakes else ZERO_ADDRESS
        self.rounds: dict[int, RoundView] = {}
        self.dropped: list[tuple[int, str, str]] = []
        self.closed = False
        self._headers: dict[bytes, Header] = {}
        self._miners: dict[int, Address] = {}
        self._pending: list[RoundView] = []

    def name(self, address: Address) -> str:
        """Return what the story calls an address."""
        return self.names.get(address, address)

    def miner_name(self, index: int) -> str:
        """Return what the story calls the miner at ``index`` of the running round."""
        return self.name(self._miners.get(index, f"miner at {index}"))

    def take(self, change: Change) -> list[Event]:
        """Fold new logs; returns their events."""
        for log in change.added:
            self._fold(log.event)
        return [log.event for log in change.added]

    def settle(self) -> list[RoundView]:
        """Read the bodies and models of the rounds that ended, in order; returns these rounds."""
        done, self._pending = self._pending, []
        for view in done:
            self._read(view)
        return done

    def _fold(self, event: Event) -> None:
        match event:
            case RoundOpened():
                self._miners = {m.index: m.contract for m in self.chain.miners(self.federation)}
                self.rounds[event.round] = RoundView(event.round)
                members = [self.name(self._miners[i]) for i in indices(event.snapshot) if i in self._miners]
                self._tell(f"round {event.round} opens with {', '.join(members)}")
            case UpdateSubmitted():
                self.rounds[event.round].updates += 1
            case TrainingClosed():
                self.rounds[event.round].phase = "Verification"
            case BallotCast():
                self.rounds[event.round].ballots += 1
            case VerificationClosed():
                self.rounds[event.round].phase = "Mining"
                for index in indices(event.absent):
                    self._tell(f"round {event.round}: {self.miner_name(index)} did not vote; a quorum did")
            case BlockProposed():
                self._headers[event.hash] = event.header
                self.rounds[event.round].phase = "Attestation"
            case CandidateDropped():
                proposer = self.miner_name(event.index)
                reason = event.reason.name.lower()
                self.dropped.append((event.round, proposer, reason))
                self._tell(f"round {event.round}: the candidate of {proposer} was dropped ({reason})")
            case PhaseExtended():
                self._tell(f"round {event.round}: {event.phase.name.title()} is extended")
            case MinerReturned():
                self._tell(f"{self.miner_name(event.index)} is back")
            case BlockFinalized():
                view = self.rounds[event.round]
                view.header = self._headers[event.hash]
                view.winner = view.header.proposer
                self._end(view, "Finalized")
            case RoundSkipped():
                self._tell(
                    f"round {event.round} is skipped in {event.phase.name.title()}: the model is carried over"
                )
                self._end(self.rounds[event.round], "Skipped")
            case FederationClosed():
                self.closed = True
            case StakeDeposited():
                staked = show_amount(event.bonded, self._token)
                self._tell(f"{self.name(event.account)} has {staked} at stake")
            case StakeSlashed():
                lost, left = (show_amount(sum_, self._token) for sum_ in (event.amount, event.bonded))
                why = event.offence.name.lower().replace("_", " ")
                self._tell(
                    f"round {event.round}: {self.name(event.account)} is slashed by {lost} ({why}), {left} left"
                )

    def _end(self, view: RoundView, phase: str) -> None:
        view.phase, view.seconds = phase, time.monotonic() - view.started
        self._pending.append(view)

    def _read(self, view: RoundView) -> None:
        if view.header is None:
            return
        body = Body.from_bytes(self._fetch(view.header.body, MAX_BODY_BYTES))
        for update, outcome in zip(body.updates, body.outcomes, strict=True):
            if outcome.accepted:
                view.accepted.append(update.device)
            else:
                view.rejected.append((update.device, Reason(outcome.reason).name, words(outcome.reason)))
        model = self._fetch(view.header.model, self._config.max_model_bytes)
        view.accuracy, view.loss = self._evaluate(model)
        refused = "; ".join(f"{self.name(device)} refused: {text}" for device, _, text in view.rejected)
        self._tell(
            f"round {view.number}: {self.name(view.winner)} mined block {view.header.number}, "
            f"{len(view.accepted)} updates accepted, accuracy {view.accuracy:.4f}"
            + (f"; {refused}" if refused else "")
        )

    def _fetch(self, cid: Cid, limit: int) -> bytes:
        return self.store.get(cid, max_bytes=limit, timeout=FETCH_SECONDS)
