"""What a miner says of itself: one immutable value for each moment, read by any thread."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from minerva.miner.stake import StakeStatus


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the miner waits for, and until when (seconds of the chain; None: until something happens)."""

    what: str
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of health, and the words for it."""

    name: str
    ok: bool
    words: str


@dataclass(frozen=True, slots=True)
class Participants:
    """Who takes part in the round: devices that count, updates, devices missing, miners, ballots."""

    expected: int = 0
    submitted: int = 0
    missing: tuple[str, ...] = ()
    miners: int = 0
    voted: int = 0


@dataclass(frozen=True, slots=True)
class MinerStatus:
    """Where the miner and its federation stand.

    ``index`` is None while the miner is no member; ``deadline`` is the phase's, in seconds of the chain;
    ``weight`` is what its word weighs in the round (None: it has none), ``stake`` what it has staked (None where nothing is);
    ``warnings`` are sentences that a person should see.
    """

    federation: str
    owner: str
    miner: str = ""
    index: int | None = None
    status: str = "Waiting"
    phase: str = "Pending"
    round: int = 0
    height: int = 0
    deadline: int = 0
    in_snapshot: bool = False
    weight: int | None = None
    stake: StakeStatus | None = None
    waiting: Waiting = Waiting("the first look at the chain")
    participants: Participants = field(default_factory=Participants)
    warnings: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Make a JSON object of it."""
        return asdict(self)
