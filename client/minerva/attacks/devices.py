"""Attacks as real devices: `Device` subclasses that register, train, submit and serve like any other, but for one thing."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from typing import ClassVar

import numpy as np

from minerva.attacks.base import Attack, Knowledge, Sight
from minerva.attacks.files import Claim
from minerva.attacks.registry import attack as named
from minerva.attacks.spying import Spy
from minerva.chain.port import Actor, Chain
from minerva.device.daemon import Device, DeviceSettings
from minerva.device.journal import Journal, Prepared
from minerva.device.training import TaskTrainer, Trainer
from minerva.device.transport import Transport
from minerva.errors import UserError
from minerva.learning.aggregation import rule
from minerva.learning.training import LocalResult
from minerva.learning.vectors import Layout, Vector
from minerva.learning.weights import UpdateRefused, Weights, pack, parse
from minerva.protocol.cid import Cid
from minerva.protocol.manifest import Manifest
from minerva.protocol.records import Address
from minerva.protocol.state import FederationState, MinerInfo
from minerva.store.cid import cid_of

log = logging.getLogger(__name__)

_BLIND = (Knowledge.NOTHING, Knowledge.OWN_DATA)


class Claiming:
    """A trainer whose device says other figures than the true ones: at registration, and in every record."""

    def __init__(self, honest: Trainer, attack: Attack) -> None:
        assert attack.claim is not None
        self._honest, self._claim, self._rate_ns = honest, attack.claim, 0

    def commitment(self) -> tuple[bytes, int, int]:
        """See `Trainer`."""
        root, size, self._rate_ns = self._honest.commitment()
        claimed = self._claim(Claim(size, 1, 1, size, self._rate_ns))
        return root, claimed.dataset_size, claimed.rate_ns

    def check(self, manifest: Manifest) -> None:
        """See `Trainer`."""
        self._honest.check(manifest)

    def train(self, base: bytes, round_: int) -> LocalResult:
        """See `Trainer`."""
        result = self._honest.train(base, round_)
        # A busy machine may be so slow that a claim looks true: what is told is what an idle one would have taken.
        most = 2 * self._rate_ns * result.samples * result.epochs // 1000
        compute_us = min(result.compute_us, most) if most else result.compute_us
        claim = self._claim(Claim(result.samples, result.epochs, compute_us, result.samples, self._rate_ns))
        return replace(result, samples=claim.samples, epochs=claim.epochs, compute_us=claim.compute_us)


class MaliciousDevice(Device):
    """A device that mounts one attack of the registry; `malicious` makes its class.

    Attributes
    ----------
    attack
        Which.
    from_round, until_round
        It is honest before and after.
    patience_seconds
        How long it waits for the updates of others that it needs; without them it is honest in that round.
    wanted
        So many of them.
    """

    attack: ClassVar[Attack]
    from_round: ClassVar[int] = 1
    until_round: ClassVar[int] = 2**32
    patience_seconds: ClassVar[int] = 30
    wanted: ClassVar[int] = 2

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
        self._random = np.random.Generator(np.random.PCG64(_seed(federation, actor.address)))
        super().__init__(chain, actor, transport, federation, self._dressed(trainer), journal, settings)

    def _dressed(self, trainer: Trainer) -> Trainer:
        if self.attack.poison is not None:
            if not isinstance(trainer, TaskTrainer):
                raise UserError("only a task's samples can be poisoned", value=type(trainer).__name__)
            trainer = trainer.on(*self.attack.poison(*trainer.samples, self._random))
        return Claiming(trainer, self.attack) if self.attack.claim is not None else trainer

    def prepare(self, state: FederationState, miner: MinerInfo) -> Prepared:
        """Prepare an update and change what the attack changes."""
        own = super().prepare(state, miner)
        if not self._strikes(state.round):
            return own
        if self.attack.steals:
            return self._stolen(state, own)
        content = own.content
        if self.attack.craft is not None:
            content = self._crafted(state, content)
        if self.attack.tamper is not None:
            content = self.attack.tamper(content, self.view.config.max_model_bytes)
        if content is own.content:
            return own
        return replace(own, action=replace(own.action, cid=cid_of(content)), content=content)

    def publish(self, prepared: Prepared, endpoint: str) -> None:
        """Serve the update, unless the attack is not to."""
        if self._strikes(prepared.action.round) and not self.attack.serves:
            log.info("round %d: serving nothing", prepared.action.round)
            return
        super().publish(prepared, endpoint)

    def _strikes(self, round_: int) -> bool:
        return self.from_round <= round_ <= self.until_round

    def _stolen(self, state: FederationState, own: Prepared) -> Prepared:
        """Commit to the CID of another's record: its content is served later, by itself."""
        for record in self._spy().records(state.round, self.patience_seconds, since=self.start_block()):
            if record is not None:
                return replace(own, action=replace(own.action, cid=record.cid))
        return own

    def _crafted(self, state: FederationState, content: bytes) -> bytes:
        assert self.attack.craft is not None
        own = parse(content)
        layout = Layout(own.specs)
        base = _flat(parse(self.base(state)))
        trained = _flat(own) - base
        if self.attack.knows in _BLIND:
            others = [trained] * max(1, self.view.config.min_updates - 1)  # stands for what it does not see
        else:
            others = self._others(state, own, base)
            if len(others) < self.wanted:
                log.warning(
                    "round %d: saw %d of %d updates: honest this time", state.round, len(others), self.wanted
                )
                return content
        honest = np.stack(others).astype(np.float64)
        mean = rule("fedavg")
        sight = Sight(
            honest,
            trained[None].astype(np.float64),
            self._random,
            lambda rows: mean.combine(rows, [1] * len(rows), {})[0],
        )
        crafted = self.attack.craft(sight)[0]
        local = (base + crafted).astype(np.float32)
        return pack(zip(own.specs, layout.arrays(local), strict=True), dict(own.metadata))

    def _others(self, state: FederationState, own: Weights, base: Vector) -> list[Vector]:
        """Return the deltas of the others that are served in time."""
        found = []
        spy = self._spy()
        for content in spy.contents(
            state.round, self.wanted, self.patience_seconds, since=self.start_block()
        ):
            try:
                weights = parse(content)
            except UpdateRefused:
                continue
            if weights.specs == own.specs:
                found.append(_flat(weights) - base)
        return found

    def _spy(self) -> Spy:
        def fetch(cid: Cid, most: int) -> bytes:
            return self.transport.fetch(cid, self.view.endpoints, max_bytes=most, timeout=4.0)

        return Spy(self.chain, self.federation, self.actor.address, fetch, self.view.config.max_model_bytes)


def malicious(name: str, **changes: int) -> type[MaliciousDevice]:
    """Make the class of devices that mount an attack.

    Parameters
    ----------
    name
        See `minerva.attacks.ATTACKS`.
    changes
        `MaliciousDevice`'s ``from_round``, ``until_round``, ``patience_seconds`` or ``wanted``.
    """
    known = named(name)
    title = "".join(part.title() for part in name.replace(".", "-").split("-"))
    return type(
        title, (MaliciousDevice,), {"attack": known, "__doc__": f"A device: {known.words}.", **changes}
    )


def _flat(weights: Weights) -> Vector:
    return Layout(weights.specs).join(weights.arrays)


def _seed(federation: Address, device: Address) -> int:
    return int.from_bytes(hashlib.sha256(f"{federation}{device}".encode()).digest()[:8], "big")
