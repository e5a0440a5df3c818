"""A miner's work on one round: judge its updates, derive its block, search for the proof, store it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from minerva.errors import ContentSealed, StoreError, VerificationFailed
from minerva.learning.holdout import Holdout
from minerva.miner.canary import Canaries
from minerva.miner.contents import Contents
from minerva.miner.intake import Intake
from minerva.miner.keeper import Keeper
from minerva.miner.ledger import Ledger
from minerva.miner.protection import Protection
from minerva.miner.search import Engine, Found, Search
from minerva.miner.settings import MinerSettings
from minerva.miner.workers import Workers
from minerva.protocol.cid import Cid
from minerva.protocol.header import Header
from minerva.protocol.history import History, RoundRecord
from minerva.protocol.machine import Claim, meets, pow_seed
from minerva.protocol.records import Address, PlacedUpdate
from minerva.protocol.statements import Branch
from minerva.sealing.reading import Reader
from minerva.store.cid import cid_of
from minerva.verification.derive import Derivation, Genesis, Parent, compare, derive_block, header_for
from minerva.verification.judge import Judge

log = logging.getLogger(__name__)

_SPOOL_FROM_BYTES = 1 << 20
"""Models from this size on are compared on disk, so that memory stays O(model)."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the work of every round shares. ``changed``, from any thread, makes the daemon look again."""

    genesis: Genesis
    history: History
    contents: Contents
    keeper: Keeper
    ledger: Ledger
    protection: Protection
    settings: MinerSettings
    engine: Engine
    fetching: Workers
    deriving: Workers
    changed: Callable[[], None]
    reader: Reader
    holdout: Holdout | None = None
    canaries: Canaries | None = None


@dataclass(frozen=True, slots=True)
class Tip:
    """A block that a round follows, the bytes of its model, and of the rule's state if the model names one."""

    parent: Parent
    model: bytes
    state: bytes | None = None


class RoundWork:
    """One round as one miner works on it; made anew when a re-organisation changes the round.

    Methods are the daemon's thread's, but for `Intake.offer`.
    """

    def __init__(self, tools: Tools, tip: Tip, record: RoundRecord) -> None:
        self._tools, self.tip, self.round = tools, tip, record.round
        genesis, settings = tools.genesis, tools.settings
        self._spool = settings.state if len(tip.model) >= _SPOOL_FROM_BYTES else None
        judge = Judge(
            genesis.federation, record.round, genesis.manifest.tensors, genesis.manifest.rules, tip.model,
            genesis.max_model_bytes, spool=self._spool, holdout=tools.holdout,
        )  # fmt: skip
        self.intake = Intake(
            judge, tools.contents, tools.fetching, tools.ledger, settings, opened_at=record.opened_at,
            max_bytes=tools.reader.limit(genesis.max_model_bytes), reader=tools.reader,
            keep=self._keep_update, changed=tools.changed,
        )  # fmt: skip
        self.derivation: Derivation | None = None
        self.problem = ""
        self._finalized: tuple[Header, Callable[[bool], None]] | None = None
        self._kept: set[Cid] = set()
        self._underivable = False
        self._agreed: dict[bytes, bool | None] = {}
        self._hindrance = ""
        self._deriving_root: bytes | None = None
        self._derive_again_at: float | None = None
        self._search: Search | None = None
        self._found: Found | None = None
        self._over = threading.Event()

    def see(self, placed: PlacedUpdate) -> None:
        """Take an update of the round in; one that was seen changes nothing."""
        if not self.intake.knows(placed):
            registration = self._tools.history.registration(placed.update.device, self.round)
            self.intake.see(placed, registration, self.tip.parent.rate(registration))

    def stop(self) -> None:
        """Give everything up: the round is over, or not what it was."""
        self._over.set()
        self.intake.stop()
        self.halt()

    # -- deriving --------------------------------------------------------------------------------------------

    def derive(self, record: RoundRecord, miner: Address) -> None:
        """Start deriving the block of ``miner`` (its contract) once Verification closed, again if bytes were lacking."""
        again = self._derive_again_at is not None and time.monotonic() >= self._derive_again_at
        if record.ballots_root is None or (self._deriving_root == record.ballots_root and not again):
            return
        self._deriving_root, self._derive_again_at = record.ballots_root, None
        self._tools.deriving.submit(lambda: self._derive(record, miner))

    def again_in(self) -> float | None:
        """Seconds until something is tried again; None when nothing waits for that."""
        waits = [self.intake.retry()]
        if self._derive_again_at is not None:
            waits.append(self._derive_again_at - time.monotonic())
        return min((max(0.0, wait) for wait in waits if wait is not None), default=None)

    def agrees(self, hash_: bytes, header: Header) -> bool | None:
        """Whether a candidate is the block that was derived here; None while none is derived, or it said otherwise."""
        if hash_ in self._agreed:
            return self._agreed[hash_]
        if self.derivation is None and not self._underivable:
            return None
        difference = compare(header, self.derivation) if self.derivation else self.problem
        if difference is not None:
            log.warning("round %d: rejects the candidate of %s: %s", self.round, header.proposer, difference)
        agrees: bool | None = difference is None
        if self._tools.protection.attested(hash_) not in (None, agrees):
            log.error("round %d: derives now what it signed the opposite of before, and abstains", self.round)
            agrees = None
        self._agreed[hash_] = agrees
        return agrees

    def compare_later(self, header: Header, tell: Callable[[bool], None]) -> None:
        """Call ``tell`` once it is known whether a final block is the one that follows; also after `stop`."""
        self._finalized = (header, tell)
        self._compare()

    def _compare(self) -> None:
        if self._finalized is not None and self.derivation is not None:
            header, tell = self._finalized
            tell(compare(header, self.derivation) is None)

    @property
    def stored(self) -> bool:
        """Whether the own candidate's body and model, and the rule's state if it has one, lie in the store."""
        derivation = self.derivation
        return derivation is not None and len(self._kept) == (2 if derivation.state is None else 3)

    def keeps(self, header: Header) -> bool:
        """Whether a final block's body and model lie in the store."""
        return self.stored and header.body in self._kept and header.model in self._kept

    @property
    def working(self) -> str:
        """What of the own candidate is not there yet, in words."""
        if self.derivation is None:
            return self.problem or "its own derivation of the block"
        if not self.stored:
            return self.problem or "its store to take body and model"
        if self._hindrance:
            return self._hindrance
        return "a nonce, or another miner's candidate"

    def _derive(self, record: RoundRecord, miner: Address) -> None:
        if self._over.is_set() and self._finalized is None:
            return
        tools, began = self._tools, time.perf_counter()
        try:
            derivation = derive_block(
                tools.genesis, record, self.tip.parent, tools.history, self.tip.model, self._content,
                state=self.tip.state, spool=self._spool, threads=tools.settings.aggregation_threads,
            )  # fmt: skip
        except ContentSealed as error:  # for good: another miner's block is neither approved nor rejected
            self.problem = f"another miner's block, as {error.what}"
            log.error("round %d: cannot derive the block, and abstains: %s", self.round, error)
        except StoreError as error:
            self.problem = f"the content of an accepted update ({error.what})"
            log.warning("round %d: cannot derive the block yet: %s", self.round, error)
            self._derive_again_at = time.monotonic() + tools.settings.retry_seconds
        except VerificationFailed as error:
            self.problem, self._underivable = str(error), True
            log.error("round %d: no block follows: %s", self.round, error)
        except Exception as fault:
            self.problem = f"nothing: deriving the block failed ({type(fault).__name__}), the log says why"
            raise
        else:
            if record.ballots_root == self._deriving_root:
                self.derivation, self.problem = derivation, ""
            tools.ledger.timing(self.round, "derive", 1000 * (time.perf_counter() - began))
            self._compare()
            own, model = derivation.proposed(miner), derivation.model_cid
            tools.keeper.submit(lambda: self._store(own.body_cid, own.body, "body"))
            tools.keeper.submit(lambda: self._store(model, derivation.model, "model"))
            if (state := derivation.state) is not None:
                tools.keeper.submit(lambda: self._store(cid_of(state), state, "state"))
        tools.changed()

    def _content(self, placed: PlacedUpdate) -> bytes:
        tools = self._tools
        content, _ = tools.contents.fetch(
            placed.update.cid,
            max_bytes=tools.reader.limit(tools.genesis.max_model_bytes),
            timeout=tools.settings.fetch_slice_seconds,
        )
        if not self.intake.holds(placed):
            self._keep_update(placed)
        return tools.reader.accepted(placed, content)

    def _store(self, cid: Cid, data: bytes, kind: str) -> None:
        """Store and pin body, model or state: the winner can publish at once, others keep what they agree with."""
        tools, began = self._tools, time.perf_counter()
        pause = tools.settings.retry_seconds
        while not self._over.is_set():
            try:
                tools.keeper.put(cid, data, kind, self.round)
            except StoreError as error:
                self.problem = f"its store to take the block's {kind} ({error.what})"
                log.error("round %d: %s", self.round, error)
                tools.changed()
                self._over.wait(pause)
                pause = min(2 * pause, tools.settings.retry_most_seconds)
                continue
            self._kept.add(cid)
            tools.ledger.timing(self.round, f"store {kind}", 1000 * (time.perf_counter() - began))
            if self.stored:
                self.problem = ""
                tools.changed()
            return

    def _keep_update(self, placed: PlacedUpdate) -> None:
        self._tools.keeper.pin_later(placed.update.cid, "update", self.round)

    # -- mining ----------------------------------------------------------------------------------------------

    def search(self, record: RoundRecord, miner: Address, difficulty: int) -> None:
        """Search for the proof of a candidate of ``miner`` (its contract), unless that is under way, or one is signed."""
        branch = self._branch(record)
        if branch is None:
            return
        if self._tools.protection.proposed(branch) is not None:
            self.halt()
            return
        seed = self._seed(branch, miner)
        if self._search is not None and (self._search.seed, self._search.difficulty) == (seed, difficulty):
            return
        self.halt()
        settings = self._tools.settings

        def found(nonce: Found) -> None:
            self._found = nonce
            self._tools.ledger.timing(self.round, "search", 1000 * nonce.seconds)
            log.info(
                "round %d: found a nonce after %d hashes in %.0f ms",
                self.round,
                nonce.hashes,
                1000 * nonce.seconds,
            )
            self._tools.changed()

        self._search = Search(self._tools.engine, seed, difficulty, found, threads=settings.search_threads)

    def halt(self) -> None:
        """Stop searching, and forget what was found: a dropped candidate sent again is the same action."""
        if self._search is not None:
            self._search.stop()
        self._search, self._found = None, None

    def candidate(self, record: RoundRecord, miner: Address, *, difficulty: int | None) -> Header | None:
        """Return the own candidate, once its content is stored and, where there is a ``difficulty``, its proof found.

        The one that was signed before is the only one there can be (docs/SPECIFICATION.md, S7).
        """
        branch = self._branch(record)
        if self.derivation is None or not self.stored or branch is None:
            return None
        signed = self._tools.protection.proposed(branch)
        if signed is not None:
            hindrance = self._hinders(signed, miner, branch, difficulty)
            if hindrance and hindrance != self._hindrance:
                log.error("round %d: waits for %s", self.round, hindrance)
            self._hindrance = hindrance
            return None if hindrance else signed
        if difficulty is not None and self._found is None:
            return None
        proof = self._found.proof if self._found is not None and difficulty is not None else b""
        return header_for(self.derivation, record, self.tip.parent, miner, proof)

    def _hinders(self, signed: Header, miner: Address, branch: Branch, difficulty: int | None) -> str:
        """Why the candidate that was signed cannot be proposed now; empty when it can."""
        assert self.derivation is not None
        difference = compare(signed, self.derivation)
        if difference is not None or signed.proposer != miner:
            return f"another miner's candidate, having signed another one before ({difference or signed.proposer})"
        nonce = int.from_bytes(signed.proof)
        if difficulty is not None and not meets(self._seed(branch, miner), nonce, difficulty):
            return "an easier puzzle, which the candidate that it signed before solves"
        return ""

    def _branch(self, record: RoundRecord) -> Branch | None:
        if record.updates_root is None or record.ballots_root is None:
            return None
        return (record.round, self.tip.parent.hash, record.updates_root, record.ballots_root)

    def _seed(self, branch: Branch, miner: Address) -> bytes:
        genesis = self._tools.genesis
        return pow_seed(genesis.chain_id, genesis.federation, Claim(*branch, miner))
