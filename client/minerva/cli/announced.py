"""What was decided about a federation and has not taken effect yet, as its events tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from minerva.protocol import events
from minerva.protocol.events import Log


@dataclass(frozen=True, slots=True)
class Announced:
    """What is to come: another consensus module (K10), and the indices of miners that were expelled (A3)."""

    consensus: events.ConsensusChangeAnnounced | None
    expelled: frozenset[int]


def announced(logs: Iterable[Log]) -> Announced:
    """Return what of the federation's logs is to come still."""
    change, expelled = None, set[int]()
    for log in logs:
        match log.event:
            case events.ConsensusChangeAnnounced():
                change = log.event
            case events.ConsensusChanged() | events.ConsensusChangeFailed():
                change = None
            case events.MinerExpelled():
                expelled.add(log.event.index)
            case events.MinerLeaving() | events.MinerJoined():
                expelled.discard(log.event.index)
            case events.FederationClosed():
                change, expelled = None, set()
            case _:
                pass
    return Announced(change, frozenset(expelled))
