"""The device's round: train from the global model, commit, serve once that is deep, follow the block."""

from __future__ import annotations

import logging
import threading
import time

from minerva.chain.port import Actor, Chain, Watch
from minerva.device.canary import Canaries
from minerva.device.enrolment import Enrolment
from minerva.device.journal import Journal, Prepared
from minerva.device.patience import Patience
from minerva.device.privacy import BudgetSpent, Privacy
from minerva.device.settings import DeviceSettings
from minerva.device.training import Trainer
from minerva.device.transport import Transport
from minerva.device.verdicts import Verdicts
from minerva.device.view import View
from minerva.errors import ChainError, ContractReverted, StoreError, TransactionLost, WrongChain
from minerva.learning.weights import state_to_bytes
from minerva.protocol.actions import SubmitUpdate
from minerva.protocol.cid import Cid
from minerva.protocol.records import Address
from minerva.protocol.state import DeviceInfo, FederationState, MinerInfo, Phase, Status
from minerva.sealing.sealer import Sealer
from minerva.store.cid import cid_of

__all__ = ["Device", "DeviceSettings"]

log = logging.getLogger(__name__)

_BACK_BLOCKS = 256  # read at the start, for what became of updates of before
_SLICE_SECONDS = 1.0  # longest wait for the chain at a time, so that a stop is seen


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
        self.view = View(chain, federation, actor.address)
        self._enrolment = Enrolment(self.view, actor, trainer, transport, journal, self.settings)
        self._sealer = Sealer(chain, federation, actor.address)
        self._verdicts = Verdicts(chain, self.view, transport, self.settings)
        self._prepared: Prepared | None = None
        self._kept: Prepared | None = None
        self._base: tuple[Cid, bytes] | None = None
        self._sent: set[int] = set()
        self._over = 0
        self._patience = Patience(self.settings.retry_seconds, self.settings.poll_seconds)
        self._done = False
        terms = self.settings.privacy
        self._privacy = None if terms is None else Privacy(journal.root, terms)
        self._refusal = ""
        self._canaries: Canaries | None = None
        if self.settings.canary:
            self._canaries = Canaries(chain, actor, self.view, trainer, transport, journal, self.settings)

    def check(self) -> None:
        """Look whether the device could join; see `Enrolment.check`."""
        self._enrolment.check()

    def register(self, miner: Address | None = None) -> DeviceInfo:
        """Join with a miner, unless that was done; see `Enrolment.register`."""
        return self._enrolment.register(miner)

    def run(self, stop: threading.Event | None = None) -> int:
        """Take part until the federation closes, ``rounds`` updates were submitted, or ``stop`` is set.

        What fails on the way because chain or store do not answer is tried again, with growing pauses.

        Returns
        -------
        int
            How many updates this run submitted.

        Raises
        ------
        UserError
            The task or its data fail, or the federation's task is another one.
        WrongChain
            Another chain took the place of this one.
        StoreError, ChainError
            Store or chain do not answer at the start.
        """
        stop = stop or threading.Event()
        self._recover()
        binding = self.register()
        last = self.journal.load(binding.submitted) if binding.submitted else None
        if last is not None:
            self._verdicts.expect(binding.submitted, last.action.cid)
        while not (stop.is_set() or self._done):
            try:
                with self.chain.watch(self.federation, from_block=self.start_block()) as watch:
                    self.view.forget()
                    self._follow(watch, stop)
            except WrongChain:
                raise
            except ChainError as error:
                stop.wait(self._patience.failed(error))
        return len(self._sent)

    def start_block(self) -> int:
        """Where a watch begins, so that recent rounds are known."""
        return max(0, self.chain.head().number - _BACK_BLOCKS)

    def _recover(self) -> None:
        try:
            self.actor.recover()
        except TransactionLost as error:
            log.warning("%s", error)

    def _follow(self, watch: Watch, stop: threading.Event) -> None:
        due = 0.0
        while not (stop.is_set() or self._done):
            change = watch.wait(min(_SLICE_SECONDS, max(0.0, due - time.monotonic())))
            self._verdicts.absorb(change)
            if change.removed:
                self._over = 0  # what was submitted may be gone
            stirred = self.view.absorb(change)
            if stirred or time.monotonic() >= due:
                if not stirred:
                    self.view.forget()  # a chain that lost blocks before the watch saw them tells nothing
                due = time.monotonic() + self._step(stop)

    def _step(self, stop: threading.Event) -> float:
        """Do what there is to do now; return the seconds until the next look if nothing happens before."""
        pause = self.settings.poll_seconds
        state = None
        try:
            state = self.view.state()
            if state.status is not Status.CLOSED:
                pause = self._take_part(state, stop)
                if pause > 0.0 and not stop.is_set():  # nothing of the round is to be done now
                    self._attend_canaries(state)
            self._patience.recovered()
        except WrongChain:
            raise
        except (ChainError, StoreError) as error:
            self.view.forget()
            pause = self._patience.failed(error)
        if state is not None:
            self._conclude(state)
        return pause

    def _attend_canaries(self, state: FederationState) -> None:
        """Answer for rounds that are over, now that nothing of the present one is to be done."""
        binding = self.view.binding() if self._canaries is not None else None
        if self._canaries is not None and binding is not None:
            own = (miner.endpoint for miner in self.view.miners() if miner.contract == binding.miner)
            over = state.round if state.status is Status.WAITING else state.round - 1
            self._canaries.attend(next(own, ""), over)

    def _conclude(self, state: FederationState) -> None:
        """Look what became of the updates, say where the device stands, and whether it is done."""
        try:
            self._verdicts.settle()
        except ChainError as error:
            log.info("%s", error)
        enough = 0 < self.settings.rounds <= len(self._sent) and self._over >= state.round
        self._done = enough or state.status is Status.CLOSED
        self._report(state)

    # -- one round

    def _take_part(self, state: FederationState, stop: threading.Event) -> float:
        """Train, submit and serve, each as far as it is due; return the seconds until the next look."""
        binding = self._enrolment.attend(state)
        if any(binding.submitted < round_ for round_ in self._sent if round_ >= binding.from_round):
            self._over = 0  # the chain lost it
        if state.round <= self._over:
            return self.settings.poll_seconds
        miner = self.view.in_round(state, binding.miner)
        if binding.submitted != state.round:
            open_ = state.status is Status.RUNNING and state.phase is Phase.TRAINING
            if miner is None or not open_ or binding.from_round > state.round:
                return self.settings.poll_seconds
            try:
                prepared = self._prepare_once(state, miner)
            except BudgetSpent as error:
                return self._skip(state, error)
            if stop.is_set():
                return 0.0
            if not self._submit(prepared):
                self._over = state.round
                return self.settings.poll_seconds
        return self._serve(state, miner)

    def _prepare_once(self, state: FederationState, miner: MinerInfo) -> Prepared:
        """Return this round's update, trained once and kept before anything is sent."""
        prepared = self._known(state)
        if prepared is None or prepared.action.miner != miner.contract:
            self._report(state, "training")
            prepared = self._prepared = self.prepare(state, miner)
        if self._kept is not prepared:
            self.journal.save(prepared)
            self._kept = prepared
        return prepared

    def _skip(self, state: FederationState, why: BudgetSpent) -> float:
        """Leave the round out."""
        self._over, self._refusal = state.round, str(why)
        log.warning("round %d is left out: %s", state.round, why)
        return self.settings.poll_seconds

    def _known(self, state: FederationState) -> Prepared | None:
        known = self._prepared
        if known is None or (known.action.round, known.base) != (state.round, state.model):
            known = self._prepared = self._kept = self.journal.load(state.round, state.model)
        if known is not None and self._privacy is not None and not known.private:
            known = self._prepared = self._kept = None  # prepared before privacy was asked for
        return known

    def prepare(self, state: FederationState, miner: MinerInfo) -> Prepared:
        """Train this round and make the update that will be submitted; nothing has left the device yet."""
        if self._enrolment.confidential:
            self._sealer.require_keys(state)
        metadata = {"federation": self.federation, "round": str(state.round), "device": self.actor.address}
        base = self.base(state)
        if self._privacy is not None:
            self._privacy.check(state.round)
        result = self.trainer.train(base, state.round)
        if self._privacy is not None:
            result, metadata["epsilon"] = self._privacy.release(base, result, state.round)
        private = self._privacy is not None
        if self._enrolment.momentum is not None:
            binding = self.view.binding()
            result = self._enrolment.momentum.apply(
                base, result, state.round, sent=binding.submitted if binding else 0, private=private
            )
        if self._canaries is not None:
            metadata["steps"] = self._canaries.commit(state.round, state.model, result)
        content = state_to_bytes(result.state, metadata)
        if self._enrolment.confidential:
            content = self._sealer.seal(content, state)
        action = SubmitUpdate(
            self.federation, miner.contract, state.round, cid_of(content),
            samples=result.samples, epochs=result.epochs, compute_us=result.compute_us,
            loss_before=result.loss_before, loss_after=result.loss_after,
        )  # fmt: skip
        return Prepared(action, content, state.model, private)

    def base(self, state: FederationState) -> bytes:
        """Return the global model's bytes, checked against the CID that the chain names."""
        if self._base is None or self._base[0] != state.model:
            data = self.transport.fetch(
                state.model,
                self.view.endpoints,
                max_bytes=self.view.config.max_model_bytes,
                timeout=self.settings.fetch_seconds,
            )
            self._base = (state.model, data)
        return self._base[1]

    def _submit(self, prepared: Prepared) -> bool:
        """Commit to the update; return False when the contract refuses, as after the round's close.

        Raises
        ------
        ContractReverted
            The chain lost the round's opening meanwhile: it may open again.
        """
        action = prepared.action
        try:
            self.actor.send(action)
            log.info("round %d: submitted %s (%d samples)", action.round, action.cid, action.samples)
        except ContractReverted as error:
            if error.name != "MinerDuplicateUpdate":  # else a former run did it
                log.warning("round %d: the update was not taken: %s", action.round, error)
                if _went_back(error, action.round) or self.view.state().round < action.round:
                    raise
                return False
        finally:
            self.view.forget()
        self._verdicts.expect(action.round, action.cid)
        return True

    # -- serving it

    def _serve(self, state: FederationState, miner: MinerInfo | None) -> float:
        """Serve the bytes, now that their commitment lies deep enough: before, another could re-wrap them.

        Content that is not served is refused, so it is tried until the round's deadline for it has passed.
        """
        prepared = self._known(state)
        if prepared is None or not self._wanted(state):
            why = "is not in the journal" if prepared is None else "could not be served in time"
            log.error("round %d: the update that was submitted %s: it will be refused", state.round, why)
            return self._count(state)
        try:
            self.actor.settle(self.view.config.confirmations, timeout=self.settings.poll_seconds)
        except TransactionLost as error:
            log.info("round %d: not served yet: %s", state.round, error)
            return 0.0
        except ContractReverted as error:
            log.warning("round %d: the update was taken back: %s", state.round, error)
            self.view.forget()
            return 0.0
        self.publish(prepared, miner.endpoint if miner else "")
        return self._count(state)

    def _count(self, state: FederationState) -> float:
        """Have done with the round's update."""
        self._over = state.round
        self._sent.add(self._over)
        return self.settings.poll_seconds

    def _wanted(self, state: FederationState) -> bool:
        """Whether miners still fetch content of the round; they do until its fetch deadline."""
        config = self.view.config
        if state.phase is not Phase.VERIFICATION:
            return state.phase is Phase.TRAINING
        until = state.deadline - config.verification_seconds + config.fetch_seconds
        return state.status is Status.PAUSED or self.view.now() < until

    def publish(self, prepared: Prepared, endpoint: str) -> None:
        """Hand the bytes to the miner's API or the own store; raises `StoreError` when neither takes them."""
        by = self.transport.publish(
            prepared.action.cid, prepared.content, endpoint,
            timeout=self.settings.fetch_seconds, others=self.view.endpoints,
        )  # fmt: skip
        log.info("round %d: content served by %s", prepared.action.round, by)

    def _report(self, state: FederationState, doing: str = "waiting") -> None:
        status = {
            "device": self.actor.address, "federation": self.federation, "status": state.status.name,
            "phase": state.phase.name, "round": state.round, "deadline": state.deadline,
            "model": str(state.model), "doing": doing, "submitted": len(self._sent),
            "awaiting": self._verdicts.rounds, "verdict": self._verdicts.last,
            "problem": self._patience.problem or self._refusal,
        }  # fmt: skip
        if self._privacy is not None:
            status["privacy"] = self._privacy.document()
        if self._canaries is not None:
            status["canaries"] = self._canaries.document()
        try:
            self.journal.write_status(status)
        except StoreError as error:
            log.error("%s", error)


def _went_back(error: ContractReverted, round_: int) -> bool:
    """Whether a refusal says that the federation is in an earlier round."""
    return error.name == "FederationUnexpectedRound" and int(str(error.arguments[0])) < round_
