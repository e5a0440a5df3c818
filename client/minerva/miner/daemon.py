"""The miner's daemon: one thread takes the chain's logs in and acts; what blocks runs beside it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from minerva.chain.port import Actor, Chain, Change, Watch
from minerva.errors import ChainError, ChainUnreachable, MinervaError, VerificationFailed, WrongChain
from minerva.learning.aggregation import aggregator
from minerva.learning.holdout import Holdout
from minerva.miner.broadcast import Broadcaster
from minerva.miner.canary import Canaries
from minerva.miner.chronicle import Chronicle
from minerva.miner.clock import ChainClock
from minerva.miner.conductor import Conductor
from minerva.miner.contents import Contents
from minerva.miner.desk import Desk
from minerva.miner.follower import Follower
from minerva.miner.keeper import Keeper
from minerva.miner.ledger import Ledger
from minerva.miner.protection import Protection
from minerva.miner.pulse import Pulse
from minerva.miner.search import Engine
from minerva.miner.sender import Sender
from minerva.miner.settings import MinerSettings
from minerva.miner.signing import Signing
from minerva.miner.situation import Situation
from minerva.miner.statement_book import StatementBook
from minerva.miner.status import Check, MinerStatus, Waiting
from minerva.miner.witness import Witness, outlook, shifts
from minerva.miner.work import Tools
from minerva.miner.workers import Workers
from minerva.protocol.cid import Cid
from minerva.protocol.history import History
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.sealing.keyring import Keyring
from minerva.sealing.reading import Reader, content_limit
from minerva.store.port import Store
from minerva.verification.combining import most_state_bytes
from minerva.verification.derive import Genesis

log = logging.getLogger(__name__)

_MANIFEST_BYTES = 1 << 24
_FAILURES = 3
"""Answers in a row that are errors, before everything is read afresh."""


class Miner:
    """One miner of one federation; a `minerva.miner.view.MinerView` for its API.

    Parameters
    ----------
    chain, store, actor
        The chain, where contents are kept, and who signs.
    federation
        Its address; a miner that is no member yet follows and waits.
    settings
        How it behaves.
    ledger
        Its diary; the caller closes it.

    Raises
    ------
    StoreError
        The store does not answer, or nobody serves the federation's manifest.
    VerificationFailed
        The manifest is not one.
    WrongChain
        The federation has another consensus module.
    TaskError, DataError
        The task or the data of its holdout cannot be used.
    """

    def __init__(
        self,
        chain: Chain,
        store: Store,
        actor: Actor,
        federation: Address,
        *,
        settings: MinerSettings,
        ledger: Ledger,
    ) -> None:
        self._chain, self._actor, self.federation = chain, actor, federation
        self.settings, self._ledger = settings, ledger
        self.config = chain.config(federation)
        if self.config.consensus not in chain.modules.values():
            raise WrongChain(
                "the federation's consensus module is none of the deployment's",
                value=self.config.consensus,
                remedy="Use a client and a deployment file that know it.",
            )
        self._stakes, self._escrow = chain.stakes(federation), chain.escrow(federation)
        self._contents = Contents(store, settings.cache_bytes)
        self._broadcaster = Broadcaster(clients=settings.event_clients, size=settings.event_queue)
        self._keeper = Keeper(self._contents, ledger, settings)
        self._genesis = self._load_genesis()
        confidential = self._genesis.manifest.confidential
        self.keys = Keyring.at(settings.state) if confidential else None
        self._desk = Desk(
            self._contents, self._keeper, ledger, self.config, settings,
            self.max_content_bytes, most_state_bytes(self._genesis),
        )  # fmt: skip
        self._holdout = self._load_holdout()
        vault = self._stakes.vault if self._stakes else ZERO_ADDRESS
        self._protection = Protection(
            settings.state / "protection.sqlite", federation=federation, chain_id=chain.chain_id,
            vault=vault, address=actor.address,
        )  # fmt: skip
        self.statements = StatementBook(
            settings.state / "statements.sqlite", chain_id=chain.chain_id, vault=vault
        )
        self._signing = Signing(federation, actor, self._protection, self.statements)
        self._witness: Witness | None = None
        if vault != ZERO_ADDRESS:
            self._witness = Witness(chain, actor, federation, self.statements, ledger, settings)
        self._sender = Sender(actor, ledger, settings, self._changed)
        self._pulse = Pulse(chain, store, federation, actor.address, settings, self._looked)
        self._engine = Engine(settings.kernel_cache)
        self._fetching, self._deriving = Workers("fetch", settings.fetch_workers), Workers("derive")
        self.canaries = Canaries(
            ledger, self._contents, self._fetching, settings, self.config, federation, chain.chain_id,
            actor.address,
        )  # fmt: skip
        self._clock = ChainClock()
        self._inbox: deque[Callable[[], None]] = deque()
        self._watch: Watch | None = None
        self._caught_up, self._began, self._pauses = False, False, 0
        self._status = MinerStatus(federation, actor.address)
        self._restart()

    def _load_genesis(self) -> Genesis:
        manifest, _ = self._contents.fetch(
            self.config.manifest, max_bytes=_MANIFEST_BYTES, timeout=self.settings.content_seconds
        )
        genesis = Genesis.at(self._chain, self.federation, manifest)
        aggregator(genesis.manifest.aggregation)
        return genesis

    def _load_holdout(self) -> Holdout | None:
        own = self.settings
        if not own.holdout:
            return None
        return Holdout.load(
            own.holdout, own.holdout_data, own.holdout_part, own.holdout_parts, self._genesis.manifest
        )

    def _restart(self) -> None:
        """Know nothing of the chain, as before its first log."""
        owner, history = self._actor.address, History(self._chain.chain_id, self.federation)
        self._situation = Situation(self.federation, self.config, self._stakes, self._escrow)
        self._chronicle = Chronicle(self._situation, self._ledger, self._broadcaster, owner)
        tools = Tools(
            self._genesis,
            history,
            self._contents,
            self._keeper,
            self._ledger,
            self._protection,
            self.settings,
            self._engine,
            self._fetching,
            self._deriving,
            self._changed,
            Reader(history, self._genesis.manifest.confidential, self.keys),
            self._holdout,
            self.canaries,
        )
        self._follower = Follower(tools, self._chronicle, self._situation, owner, self._post)
        self._conductor = Conductor(
            self._follower, self._chronicle, self._sender, self._signing, self._clock, owner, self.settings
        )

    # -- running ---------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event) -> None:
        """Take part until ``stop`` is set; a closed federation is still served.

        Raises
        ------
        VerificationFailed, ChainError
            The chain's logs contradict themselves, even when read afresh, or cannot be read to begin with, or it
        is another chain. Whatever else the node answers later is waited out.
        """
        self._engine.warm_up()
        self._recover()
        self._pulse.start()
        if self._witness is not None:
            self._witness.start()
        threading.Thread(target=self._wake_at, args=(stop,), name="stop", daemon=True).start()
        try:
            for cid in (self.config.manifest, self.config.model):
                self._keeper.pin_later(cid, "genesis", 0)
            while not stop.is_set():
                try:
                    self._follow(stop)
                except (VerificationFailed, ChainError) as error:
                    patient = isinstance(error, ChainError) and self._began
                    if isinstance(error, WrongChain) or not (patient or self._caught_up):
                        raise
                    log.error("reading the chain afresh: %s", error)
                    self._follower.stop()
                    self._restart()
                    if patient:
                        self._pause(error, stop)
        finally:
            self._close()

    def _follow(self, stop: threading.Event) -> None:
        timeout, failures, self._caught_up = 0.0, 0, False
        with self._chain.watch(self.federation) as watch:
            self._watch = watch
            while not stop.is_set():
                try:
                    change = watch.wait(timeout)
                except ChainError as error:
                    unreachable = isinstance(error, ChainUnreachable)
                    failures += not unreachable
                    if isinstance(error, WrongChain) or not (unreachable or self._caught_up):
                        raise
                    if failures > _FAILURES:
                        raise  # what the watch remembers may be the trouble
                    log.error("%s", error)
                    self._pause(error, stop)
                    continue
                failures, self._pauses = 0, 0
                self._absorb(change, live=self._caught_up)
                self._caught_up = self._began = True
                duty, timeout = self._conductor.step()
                self._tell(duty.waiting)
                self._ledger.flush()

    def _pause(self, error: MinervaError, stop: threading.Event) -> None:
        """Wait for the chain, longer each time in a row."""
        self._tell(Waiting(f"the chain ({error})"))
        shortest, longest = self.settings.retry_seconds, self.settings.retry_most_seconds
        stop.wait(min(longest, shortest * 2 ** min(self._pauses, 16)))
        self._pauses += 1

    def _absorb(self, change: Change, *, live: bool) -> None:
        self._pulse.heard()
        if not live:
            log.info("caught up with the chain: %d events, block %d", len(change.added), change.head.number)
        if change.removed:
            self._sender.put_back()
        self._conductor.heard(change)
        self._follower.absorb(change, live=live)
        while self._inbox:
            self._inbox.popleft()()
        follower = self._follower
        if self._witness is not None and shifts(change):
            members, parent = self._situation.now.members, self._genesis.parent.hash
            self._witness.look(outlook(follower.history, members, parent, self._actor.address))
        self._desk.moved(follower.updates, follower.work, follower.finalized, change.head.number)

    def _looked(self, now: int, due: bool) -> None:
        self._post(lambda: self._conductor.looked(now, due))

    def _recover(self) -> None:
        try:
            for receipt in self._actor.recover():
                log.info("sent again: transaction 0x%s", receipt.transaction.hex())
        except MinervaError as error:
            log.error("what was on its way before the restart could not be sent: %s", error)

    def _wake_at(self, stop: threading.Event) -> None:
        stop.wait()
        self._changed()

    def _close(self) -> None:
        deadline = time.monotonic() + self.settings.stop_seconds
        self._follower.stop()
        self._pulse.stop()
        self._broadcaster.close()
        self._fetching.stop()
        self._deriving.stop()
        parts: list[Sender | Keeper | Witness] = [self._sender, self._keeper]
        parts += [] if self._witness is None else [self._witness]
        for part in parts:
            part.stop(max(0.1, deadline - time.monotonic()))
        self._ledger.flush()

    def close(self) -> None:
        """Close what it keeps, once it runs no more."""
        self._protection.close()
        self.statements.close()

    def _changed(self) -> None:
        """From any thread: look again."""
        if self._watch is not None:
            self._watch.wake()

    def _post(self, job: Callable[[], None]) -> None:
        self._inbox.append(job)
        self._changed()

    # -- what it says ----------------------------------------------------------------------------------------

    def _tell(self, waiting: Waiting) -> None:
        problems = (
            self._ledger.problem,
            self._sender.problem,
            self._keeper.problem,
            self._follower.preparation.problem,
        )
        status = self._chronicle.status(waiting, [problem for problem in problems if problem])
        if status != self._status:
            self._status = status
            if self._broadcaster.listeners:
                self._broadcaster.publish("status", status.document())

    # -- what its API asks, from any thread ------------------------------------------------------------------

    @property
    def ledger(self) -> Ledger:
        """What was seen, decided and paid."""
        return self._ledger

    @property
    def broadcaster(self) -> Broadcaster:
        """Where events come from."""
        return self._broadcaster

    @property
    def status(self) -> MinerStatus:
        """Where it stands at this moment."""
        return self._status

    @property
    def max_content_bytes(self) -> int:
        """Longest update that the federation allows, with its envelope."""
        return content_limit(self.config.max_model_bytes, self._genesis.manifest.confidential)

    def checks(self) -> list[Check]:
        """Tell whether it is registered, follows the chain, can sign, and its store answers."""
        status, (synced, can_sign, store) = self._status, self._pulse.checks()
        registered = status.index is not None
        words = (
            f"miner {status.index}, round {status.round}"
            if registered
            else "this account owns no miner of the federation"
        )
        if self._sender.problem and can_sign.ok:
            can_sign = Check("can_sign", False, self._sender.problem)
        return [Check("registered", registered, words), synced, can_sign, store]

    def expect(self, cid: Cid) -> None:
        """See `minerva.miner.view.MinerView`."""
        self._desk.expect(cid)

    def take(self, cid: Cid, content: bytes) -> None:
        """See `minerva.miner.view.MinerView`."""
        self._desk.take(cid, content)

    def kind_of(self, cid: Cid) -> str | None:
        """See `minerva.miner.view.MinerView`."""
        return self._desk.kind_of(cid)

    def content(self, cid: Cid) -> bytes:
        """See `minerva.miner.view.MinerView`."""
        return self._desk.content(cid)
