"""Miners that cheat, each in one way: whole daemons with one duty done wrong (docs/robustness/miners.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from minerva.learning.numbers import Array
from minerva.learning.weights import pack, parse
from minerva.miner.conductor import Conductor
from minerva.miner.daemon import Miner
from minerva.miner.duties import Readiness
from minerva.miner.signing import Signing
from minerva.miner.updates import RoundUpdates
from minerva.miner.work import RoundWork
from minerva.protocol.actions import Action, Propose, Vote
from minerva.protocol.ballots import ACCEPT
from minerva.protocol.evidence import Signed
from minerva.protocol.header import Header
from minerva.protocol.reasons import Reason
from minerva.protocol.records import Address, PlacedUpdate
from minerva.protocol.statements import Statement, StatementKind, statement_digest
from minerva.store.cid import cid_of


class Cheating(Conductor):
    """An honest conductor until a subclass says otherwise.

    Attributes
    ----------
    miner
        Whose conductor it is.
    """

    miner: CheatingMiner

    def ballot(self, updates: Sequence[PlacedUpdate], honest: bytes) -> bytes | None:
        """Return what to vote; None to wait."""
        return honest

    def forge(self, header: Header) -> Header:
        """Return what to propose."""
        return header

    def _vote(self, key: str, work: RoundWork, updates: RoundUpdates) -> bool:
        verdicts = self.ballot(updates.ordered, work.intake.verdicts(updates.ordered))
        if verdicts is None:
            return True  # looks again when something happens
        vote = Vote(self._situation.federation, work.round, updates.root, verdicts)
        return self._sender.send(key, lambda: vote, work.round)

    def _make(self, action: Action) -> Any:
        if isinstance(action, Propose):
            action = replace(action, header=self.forge(action.header))
        return super()._make(action)


class _LazyVoter(Cheating):
    def ballot(self, updates: Sequence[PlacedUpdate], honest: bytes) -> bytes | None:
        record = self._follower.history.current
        others = [] if record is None else list(record.ballots.values())
        return others[0] if others and len(others[0]) == len(updates) else None


class _AlwaysYes(Cheating):
    def ballot(self, updates: Sequence[PlacedUpdate], honest: bytes) -> bytes:
        return bytes([ACCEPT]) * len(updates)


class _AlwaysNo(Cheating):
    def ballot(self, updates: Sequence[PlacedUpdate], honest: bytes) -> bytes:
        return bytes([Reason.COPY]) * len(updates)


class _Censor(Cheating):
    def ballot(self, updates: Sequence[PlacedUpdate], honest: bytes) -> bytes:
        verdicts = zip(updates, honest, strict=True)
        return bytes(Reason.UNAVAILABLE if u.update.device in self.miner.victims else v for u, v in verdicts)


class _WrongModel(Cheating):
    def forge(self, header: Header) -> Header:
        model = parse(self.miner.content(header.model))
        wrong: list[Array] = [array + array.dtype.type(1) for array in model.arrays]
        data = pack(zip(model.specs, wrong, strict=True), model.metadata)
        self.miner.keep(data)
        return replace(header, model=cid_of(data))


class _WrongRewards(Cheating):
    def forge(self, header: Header) -> Header:
        return replace(header, rewards_root=bytes(31) + b"\1")


class _SilentProposer(Cheating):
    def _readiness(self, work: RoundWork | None) -> Readiness:
        return replace(super()._readiness(work), candidate=None)


class _Colluder(_Censor, _WrongModel):
    """Votes against the victims, proposes a model of its own, approves what the ring proposes and nothing else."""

    def _readiness(self, work: RoundWork | None) -> Readiness:
        ready, candidate = super()._readiness(work), self._situation.now.candidate
        if candidate is None or work is None:
            return ready
        ring = {m.contract for m in self._situation.now.members.values() if m.owner in self.miner.ring}
        return replace(ready, agrees=candidate.header.proposer in ring)

    def _make(self, action: Action) -> Any:
        if isinstance(action, Propose):
            action = replace(action, header=self.forge(action.header))
        return lambda: action  # signs nothing, so that nothing holds it to what it said


class _TwoFaced(Signing):
    """Signs a second candidate beside the one that it sends, and serves both."""

    def propose(self, action: Propose) -> Propose:
        signed, book = super().propose(action), self._book
        other = Statement.of(
            self._federation, replace(action.header, accepted_root=bytes(32)), StatementKind.PROPOSED
        )
        signature = self._actor.sign(statement_digest(other, book.chain_id, book.vault))
        book.add(Signed(self._actor.address, other, signature))
        return signed


class CheatingMiner(Miner):
    """A miner whose conductor or signing is another's.

    Parameters
    ----------
    victims
        Devices that it votes against, where it does.
    ring
        Owners of the miners that it colludes with, itself among them.
    """

    conducting: ClassVar[type[Cheating]] = Cheating
    signs: ClassVar[type[Signing]] = Signing

    def __init__(
        self,
        *arguments: Any,
        victims: frozenset[Address] = frozenset(),
        ring: frozenset[Address] = frozenset(),
        **keywords: Any,
    ) -> None:
        self.victims, self.ring = victims, ring
        super().__init__(*arguments, **keywords)

    def keep(self, data: bytes) -> None:
        """Store bytes, so that others can fetch them."""
        self._keeper.put(cid_of(data), data, "model", 0)

    def _restart(self) -> None:
        self._signing = self.signs(self.federation, self._actor, self._protection, self.statements)
        super()._restart()
        conductor = self.conducting(
            self._follower, self._chronicle, self._sender, self._signing, self._clock,
            self._actor.address, self.settings,
        )  # fmt: skip
        conductor.miner = self
        self._conductor = conductor


class LazyVoter(CheatingMiner):
    """Judges nothing: copies the first ballot on the chain."""

    conducting = _LazyVoter


class AlwaysYes(CheatingMiner):
    """Accepts every update."""

    conducting = _AlwaysYes


class AlwaysNo(CheatingMiner):
    """Refuses every update."""

    conducting = _AlwaysNo


class Censor(CheatingMiner):
    """Says of the victims' updates, as nobody can disprove, that they were not to be had; judges the others honestly."""

    conducting = _Censor


class WrongModel(CheatingMiner):
    """Proposes another model than the updates give, and serves it."""

    conducting = _WrongModel


class WrongRewards(CheatingMiner):
    """Proposes another table of rewards than the round gives."""

    conducting = _WrongRewards


class SilentProposer(CheatingMiner):
    """Votes and attests, but never proposes."""

    conducting = _SilentProposer


class TwoCandidates(CheatingMiner):
    """Signs two candidates for one round."""

    signs = _TwoFaced


class Colluder(CheatingMiner):
    """One of a ring: see `ring` and `victims`."""

    conducting = _Colluder


MINERS: Mapping[str, type[CheatingMiner]] = {
    "lazy-voter": LazyVoter,
    "always-yes": AlwaysYes,
    "always-no": AlwaysNo,
    "censor": Censor,
    "wrong-aggregate": WrongModel,
    "wrong-rewards": WrongRewards,
    "silent-proposer": SilentProposer,
    "two-candidates": TwoCandidates,
    "collusion": Colluder,
}
"""The attacks by name."""
