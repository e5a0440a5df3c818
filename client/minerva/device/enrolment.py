"""A device's membership: check the task, commit to the data, bind to a miner, stay with one that counts."""

from __future__ import annotations

import logging
from dataclasses import replace

from minerva.chain.port import Actor
from minerva.device.journal import Journal
from minerva.device.momentum import Momentum
from minerva.device.settings import DeviceSettings
from minerva.device.training import Trainer
from minerva.device.transport import Transport
from minerva.device.view import View
from minerva.errors import ChainError, ContractReverted, UserError
from minerva.learning.aggregation import rule
from minerva.protocol.actions import CheckInDevice, RegisterDevice
from minerva.protocol.cid import Cid
from minerva.protocol.manifest import Manifest
from minerva.protocol.records import Address
from minerva.protocol.state import DeviceInfo, FederationState, MinerInfo, Phase, Status

log = logging.getLogger(__name__)

MAX_MANIFEST_BYTES = 1 << 24


class Enrolment:
    """Joins, and keeps the device where its updates count."""

    def __init__(
        self,
        view: View,
        actor: Actor,
        trainer: Trainer,
        transport: Transport,
        journal: Journal,
        settings: DeviceSettings,
    ) -> None:
        self._view, self._actor, self._trainer, self._transport = view, actor, trainer, transport
        self._journal, self._settings = journal, settings
        self._commitment: tuple[bytes, int, int] | None = None
        self._wanted: Address | None = None
        self._begun: RegisterDevice | None = None
        self.confidential = False
        """Whether updates are sealed; known once the manifest was read."""
        self.momentum: Momentum | None = None
        """What updates are averaged with, where the rule asks for it; known once the manifest was read."""

    def manifest(self) -> Manifest:
        """Return the federation's manifest; raises `TaskError` when its task is another one than this."""
        manifest = Manifest.from_bytes(self._fetch(self._view.config.manifest))
        self._trainer.check(manifest)
        self.confidential = manifest.confidential
        beta = rule(manifest.aggregation).client_momentum
        if beta and self._settings.canary:
            raise UserError(
                "canaries show the steps of a training, and with client momentum an update is more than one",
                value=f"device.canary = true, {manifest.aggregation}",
                remedy="Set device.canary to false for this federation.",
            )
        self.momentum = Momentum(self._journal, beta, manifest.tensors) if beta else None
        return manifest

    def _fetch(self, cid: Cid) -> bytes:
        return self._transport.fetch(
            cid, self._view.endpoints, max_bytes=MAX_MANIFEST_BYTES, timeout=self._settings.fetch_seconds
        )

    def check(self) -> None:
        """Look whether the device could join, before anything is sent; raises as `register`."""
        self.manifest()
        if self._view.binding() is None:
            self._view.evidence(self._settings.allow_list, self._fetch)

    def register(self, miner: Address | None = None) -> DeviceInfo:
        """Bind to a miner; nothing is sent when the device is bound to it already.

        Parameters
        ----------
        miner
            Its contract or its owner; None for any, chosen by the device's address.

        Raises
        ------
        UserError
            There is no such miner, or the federation's task is another one.
        ContractReverted
            The federation refuses, e.g. it is full.
        """
        self._wanted = miner or self._wanted
        self.manifest()
        bound, state = self._view.binding(), self._view.state()
        if bound is not None and miner is None:
            return bound
        chosen = self._choose(state, miner)
        if bound is not None and bound.miner == chosen.contract:
            return bound
        return self._bind(state, chosen)

    def attend(self, state: FederationState) -> DeviceInfo:
        """Return where the device is bound, after coming back from a silence or leaving a miner that is gone.

        Raises
        ------
        ChainError
            The chain does not answer, or the device is bound no more and cannot bind again now.
        """
        binding = self._view.binding() or self._restored()
        if binding is None:
            log.warning("the device is bound to no miner any more: registering again")
            active = self._view.active(state)
            if not active:
                raise ChainError("no miner is active in this federation", value=self._view.federation)
            there = any(self._wanted in (miner.contract, miner.owner) for miner in active)
            return self._again(self._wanted if there else None)
        if state.status is Status.PAUSED:
            return binding
        try:
            if self._settings.rebind and self._stranded(state, binding):
                return self._rebind(state, binding)
            if self._silent(state, binding):
                self._actor.send(CheckInDevice(self._view.federation, binding.miner, state.round))
                self._view.forget()
        except ContractReverted as error:
            self._view.forget()
            log.warning("%s", error)
        return self._view.binding() or binding

    def _restored(self) -> DeviceInfo | None:
        """Return where the device is bound once that is sent again which a re-organisation took, if it was that."""
        self._actor.recover()
        self._view.forget()
        return self._view.binding()

    def _again(self, miner: Address | None) -> DeviceInfo:
        """Register as before; what is in the way now, e.g. another allow-list, may not be later."""
        try:
            return self.register(miner)
        except UserError as error:
            raise ChainError(
                f"the device cannot register again: {error.what}", value=error.value, remedy=error.remedy
            ) from None

    def _silent(self, state: FederationState, binding: DeviceInfo) -> bool:
        """Whether the next round could open without counting this device (M7)."""
        unseen = state.round + 1 - binding.seen > self._view.config.silent_rounds
        return unseen and state.status is Status.WAITING

    def _stranded(self, state: FederationState, binding: DeviceInfo) -> bool:
        """Whether the own miner would not count in the next round, and this one needs it no more."""
        if any(miner.contract == binding.miner for miner in self._view.active(state)):
            return False
        open_ = state.status is Status.RUNNING and state.phase is Phase.TRAINING
        owes = binding.submitted != state.round and binding.from_round <= state.round
        return not (open_ and owes and self._view.in_round(state, binding.miner))

    def _rebind(self, state: FederationState, binding: DeviceInfo) -> DeviceInfo:
        try:
            other = self._choose(state, None)
        except UserError:
            return binding  # nobody else is there: wait
        log.warning("miner %s does not count any more: re-binding to %s", binding.miner, other.contract)
        return self._bind(state, other)

    def _send(self, action: RegisterDevice) -> None:
        """Send it; what was begun and not mined in time is tried again as the same action, not as another."""
        begun = self._begun
        if begun is None or replace(begun, block=action.block) != action:
            begun = self._begun = action
        try:
            self._actor.send(begun)
        except ContractReverted:
            self._begun = None
            raise
        self._begun = None

    def _choose(self, state: FederationState, wanted: Address | None) -> MinerInfo:
        miners = [m for m in self._view.active(state) if wanted in (None, m.contract, m.owner)]
        if not miners:
            raise UserError(
                "no such miner is active in this federation"
                if wanted
                else "no miner is active in this federation",
                value=wanted or self._view.federation,
                remedy="'minerva federation show' lists the miners.",
            )
        return miners[int(self._view.device, 16) % len(miners)]

    def _bind(self, state: FederationState, miner: MinerInfo) -> DeviceInfo:
        bound = self._view.binding() is not None
        evidence = b"" if bound else self._view.evidence(self._settings.allow_list, self._fetch)
        if self._commitment is None:
            self._commitment = self._trainer.commitment()
        root, size, rate_ns = self._commitment
        action = RegisterDevice(
            self._view.federation, miner.contract, root, size, rate_ns, round=state.round, evidence=evidence,
            block=self._view.block() if bound else 0,
        )  # fmt: skip
        self._send(action)
        self._view.forget()
        info = self._view.binding()
        if info is None:
            raise ChainError(
                "this device left the miner a moment ago",
                value=miner.contract,
                remedy="It can join again once a round has opened, or join with another miner now.",
            )
        log.info("bound to miner %s, counting from round %d", info.miner, info.from_round)
        return info
