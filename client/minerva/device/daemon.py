"""The device's round: train from the global model, commit, publish once the commitment is deep, follow the block, go on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from minerva.chain.port import Actor, Chain, Change
from minerva.device.journal import Journal, Prepared
from minerva.device.training import Trainer
from minerva.device.transport import Transport
from minerva.errors import ContractReverted, MinervaError, StoreError, UserError, VerificationFailed
from minerva.learning.weights import state_to_bytes
from minerva.protocol.actions import CheckInDevice, RegisterDevice, SubmitUpdate
from minerva.protocol.blocks import MAX_BODY_BYTES, Body
from minerva.protocol.events import BlockFinalized, BlockProposed, FederationClosed, RoundOpened, RoundSkipped
from minerva.protocol.header import Header
from minerva.protocol.manifest import Manifest
from minerva.protocol.reasons import words
from minerva.protocol.records import Address, indices
from minerva.protocol.state import DeviceInfo, FederationState, MinerInfo, Phase, Status
from minerva.store.cid import cid_of

log = logging.getLogger(__name__)

MAX_MANIFEST_BYTES = 1 << 24



@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """How a device behaves.

    ``fetch_seconds``: deadline of one download or publication. ``poll_seconds``: the longest wait between two looks at the chain when
    nothing is heard. ``rebind``: move to another miner when the own one is out of the snapshot. ``rounds``: stop after so many
    submissions (0: until the federation closes).
    """

    fetch_seconds: float = 60.0
    poll_seconds: float = 5.0
    rebind: bool = True
    rounds: int = 0


class Device:
    """One device of one federation.

    Parameters
    ----------
    chain, actor
        The chain, and the account that acts on it.
    transport
        How bytes leave and arrive.
    trainer
        Task and private data.
    journal
        Where prepared updates and the status are kept.
    """

    def __init__(
        self,
        chain: Chain,
        actor: Actor,
        transport: Transport,
        federation: Address,
        trainer: Trainer,
        journal: Journal,
        settings: DeviceSettings | None = None,
    ) -> None:
        self.chain, self.actor, self.transport = chain, actor, transport
        self.federation, self.trainer, self.journal = federation, trainer, journal
        self.settings = settings or DeviceSettings()
        self.config = chain.config(federation)
        self._headers: dict[bytes, Header] = {}
        self._finalized: dict[int, bytes] = {}
        self._submitted: dict[int, Prepared] = {}
        self._closed = False
        self._base: tuple[object, bytes] | None = None
        self._base_seconds = 0

    # -- joining ---------------------------------------------------------------------------------------------------

    def manifest(self) -> Manifest:
        """Fetch, check and return the federation's manifest; raises `TaskError` when the task is another one."""
        data = self.transport.fetch(
            self.config.manifest,
            self._endpoints,
            max_bytes=MAX_MANIFEST_BYTES,
            timeout=self.settings.fetch_seconds,
        )
        manifest = Manifest.from_bytes(data)
        self.trainer.check(manifest)
        return manifest

    def register(self, miner: Address | None = None) -> DeviceInfo:
        """Join with a miner (the one given, else one chosen by this device's address); no-op when bound already.

        Raises
        ------
        UserError
            There is no such miner.
        ContractReverted
            The federation refuses, e.g. it is full.
        """
        bound = self.chain.device(self.federation, self.actor.address)
        if bound is not None and miner in (None, bound.miner):
            return bound
        self.manifest()
        chosen = self._choose(miner)
        root, size, rate_ns = self.trainer.commitment()
        self.actor.send(RegisterDevice(self.federation, chosen.contract, root, size, rate_ns))
        info = self.chain.device(self.federation, self.actor.address)
        if info is None:
            raise MinervaError("the registration did not take effect", value=self.actor.address)
        log.info("registered with miner %s, counting from round %d", info.miner, info.from_round)
        return info

    def _choose(self, wanted: Address | None) -> MinerInfo:
        state = self.chain.state(self.federation)
        alive = state.members & ~state.leaving & ~state.dormant
        miners = [m for m in self.chain.miners(self.federation) if alive >> m.index & 1]
        if wanted is not None:
            miners = [m for m in miners if wanted in (m.contract, m.owner)]
        if not miners:
            raise UserError(
                "no such miner is active in this federation",
                value=wanted or "none is",
                remedy="'minerva federation show' lists the miners.",
            )
        return miners[int(self.actor.address, 16) % len(miners)]

    def _endpoints(self) -> list[str]:
        return [m.endpoint for m in self.chain.miners(self.federation) if m.endpoint]

    # -- the loop --------------------------------------------------------------------------------------------------

    def run(self, stop: threading.Event | None = None, on_watch: Callable[[Callable[[], None]], None] | None = None) -> int:
        """Take part until the federation closes, ``rounds`` updates were submitted, or ``stop`` is set.

        Parameters
        ----------
        stop
            Set from another thread or a signal handler to end at the next event.
        on_watch
            Called once with a function that makes the wait for events return at once.

        Returns
        -------
        int
            How many updates this run submitted.
        """
        stop = stop or threading.Event()
        self.actor.recover()
        info = self.register()
        submitted = 0
        with self.chain.watch(self.federation, from_block=self._start_block()) as watch:
            if on_watch is not None:
                on_watch(watch.wake)
            timeout = 0.0
            while not stop.is_set():
                interesting = self._follow(watch.wait(timeout))
                first, timeout = timeout == 0.0, self.settings.poll_seconds
                if not (interesting or first or self._overdue()):
                    continue
                state = self.chain.state(self.federation)
                self._report(state)
                if state.status is Status.CLOSED:
                    break
                info = self._presence(state, info)
                if self._mine(state, info) and self._participate(state, info, stop):
                    submitted += 1
                self._settle_results()
                if self.settings.rounds and submitted >= self.settings.rounds:
                    break
        self._settle_results()
        return submitted

    def _start_block(self) -> int:
        head = self.chain.head().number
        return max(0, head - 256)

    def _overdue(self) -> bool:
        return True  # a quiet wait ended by its time-out: look at the chain itself

    def _follow(self, change: Change) -> bool:
        """Take the logs in; whether one of them can mean something to do."""
        interesting = not change.added and not change.removed
        for log_ in change.added:
            event = log_.event
            match event:
                case BlockProposed():
                    self._headers[event.hash] = event.header
                case BlockFinalized():
                    self._finalized[event.round] = event.hash
                    interesting = True
                case RoundOpened() | RoundSkipped() | FederationClosed():
                    interesting = True
        return interesting or bool(change.removed)

    def _mine(self, state: FederationState, info: DeviceInfo) -> bool:
        """Whether this device still owes, or may give, an update of the open round."""
        return (
            state.status is Status.RUNNING
            and state.phase is Phase.TRAINING
            and state.round not in self._submitted
            and info.from_round <= state.round
            and self._miner_in(state, info) is not None
        )

    def _miner_in(self, state: FederationState, info: DeviceInfo) -> MinerInfo | None:
        mine = [m for m in self.chain.miners(self.federation) if m.contract == info.miner]
        return mine[0] if mine and mine[0].index in indices(state.snapshot) else None

    def _presence(self, state: FederationState, info: DeviceInfo) -> DeviceInfo:
        """Come back after a silence, and leave a miner that is gone."""
        if state.status is Status.PAUSED:
            return info
        current = self.chain.device(self.federation, self.actor.address)
        if current is None:
            return self.register()
        gone = state.status is Status.RUNNING and state.round >= current.from_round
        if self.settings.rebind and gone and self._miner_in(state, current) is None:
            return self._rebind(current)
        silent = state.round + 1 - current.seen > self.config.silent_rounds
        if silent and state.status is Status.WAITING:
            self._try(lambda: self.actor.send(CheckInDevice(self.federation, current.miner, state.round)))
        return current

    def _rebind(self, info: DeviceInfo) -> DeviceInfo:
        try:
            other = self._choose(None)
        except UserError:
            return info
        if other.contract == info.miner:
            return info
        log.warning("miner %s is not in the snapshot: re-binding to %s", info.miner, other.contract)
        self._try(lambda: self.register(other.contract))
        return self.chain.device(self.federation, self.actor.address) or info

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except ContractReverted as error:
            log.info("%s", error)

    # -- one round -------------------------------------------------------------------------------------------------

    def _participate(self, state: FederationState, info: DeviceInfo, stop: threading.Event) -> bool:
        miner = self._miner_in(state, info)
        if miner is None:
            return False
        if info.submitted == state.round:
            prepared = self.journal.load(state.round, state.model)
            if prepared is not None:
                self._publish(prepared, miner)
                self._submitted[state.round] = prepared
            return False
        try:
            prepared = self.journal.load(state.round, state.model)
            if prepared is None or prepared.action.miner != miner.contract:
                prepared = self.prepare(state, miner)
                self.journal.save(prepared)
            if stop.is_set():
                return False
            self.actor.send(prepared.action)
        except ContractReverted as error:
            if error.name != "MinerDuplicateUpdate":
                log.warning("round %d: the update was not taken: %s", state.round, error)
                return False
        except StoreError as error:
            log.error("round %d: %s", state.round, error)
            return False
        self._submitted[state.round] = prepared
        log.info("round %d: submitted %s (%d samples)", state.round, prepared.action.cid, prepared.action.samples)
        self._publish(prepared, miner)
        return True

    def prepare(self, state: FederationState, miner: MinerInfo) -> Prepared:
        """Train this round and make the update that will be submitted; nothing has left the device yet."""
        result = self.trainer.train(self.base(state), state.round)
        metadata = {"federation": self.federation, "round": str(state.round), "device": self.actor.address}
        content = state_to_bytes(result.state, metadata)
        action = SubmitUpdate(
            self.federation, miner.contract, state.round, cid_of(content),
            samples=result.samples, epochs=result.epochs, compute_us=result.compute_us,
            loss_before=result.loss_before, loss_after=result.loss_after,
        )  # fmt: skip
        return Prepared(action, content, state.model)

    def base(self, state: FederationState) -> bytes:
        """The global model's bytes, checked against the CID that the chain names."""
        if self._base is None or self._base[0] != state.model:
            data = self.transport.fetch(
                state.model,
                self._endpoints,
                max_bytes=self.config.max_model_bytes,
                timeout=self.settings.fetch_seconds,
            )
            self._base = (state.model, data)
        return self._base[1]

    def _publish(self, prepared: Prepared, miner: MinerInfo) -> None:
        """Serve the bytes, now that their commitment lies deep enough: before, another could re-wrap them."""
        self.actor.settle(self.config.confirmations, timeout=self.settings.fetch_seconds)
        try:
            by = self.transport.publish(
                prepared.action.cid, prepared.content, miner.endpoint, timeout=self.settings.fetch_seconds
            )
            log.info("round %d: content served by %s", prepared.action.round, by)
        except StoreError as error:
            log.error("round %d: %s", prepared.action.round, error)

    # -- results ---------------------------------------------------------------------------------------------------

    def _settle_results(self) -> None:
        """Read the blocks that ended our rounds: was our update accepted, and if not, why."""
        for round_ in sorted(set(self._submitted) & set(self._finalized)):
            prepared = self._submitted.pop(round_)
            header = self._headers.get(self._finalized[round_])
            if header is None or header.hash() != self.chain.block_of(self.federation, round_):
                continue
            try:
                self._log_verdict(round_, prepared, header)
            except (StoreError, VerificationFailed) as error:
                log.warning("round %d: the block's body cannot be read: %s", round_, error)
            for hash_ in [h for h, kept in self._headers.items() if kept.round <= round_]:
                del self._headers[hash_]
            self._finalized = {r: h for r, h in self._finalized.items() if r > round_}

    def _log_verdict(self, round_: int, prepared: Prepared, header: Header) -> None:
        data = self.transport.fetch(
            header.body, self._endpoints, max_bytes=MAX_BODY_BYTES, timeout=self.settings.fetch_seconds
        )
        body = Body.from_bytes(data)
        for update, outcome in zip(body.updates, body.outcomes, strict=True):
            if update.device == self.actor.address and update.cid == prepared.action.cid:
                if outcome.accepted:
                    log.info("round %d: accepted", round_)
                else:
                    log.warning("round %d: refused: %s", round_, words(outcome.reason))

    def _report(self, state: FederationState) -> None:
        self.journal.write_status(
            device=self.actor.address, federation=self.federation, status=state.status.name, phase=state.phase.name,
            round=state.round, submitted=sorted(self._submitted), model=str(state.model), deadline=state.deadline,
        )  # fmt: skip
