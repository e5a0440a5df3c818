"""Devices that cheat, each in one way that verification names (docs/SPECIFICATION.md, section V)."""

from __future__ import annotations

import logging
from dataclasses import replace

from minerva.chain.port import Actor, Chain
from minerva.device.daemon import Device, DeviceSettings
from minerva.device.journal import Journal, Prepared
from minerva.device.training import Trainer
from minerva.device.transport import Transport
from minerva.errors import StoreError
from minerva.learning.training import LocalResult
from minerva.learning.weights import pack, parse
from minerva.protocol.blocks import MAX_BODY_BYTES, Body
from minerva.protocol.cid import Cid
from minerva.protocol.events import BlockFinalized, BlockProposed, UpdateSubmitted
from minerva.protocol.header import Header
from minerva.protocol.manifest import Manifest
from minerva.protocol.records import Address
from minerva.protocol.state import FederationState, MinerInfo
from minerva.store.cid import cid_of

log = logging.getLogger(__name__)

OVER_REPORT_FACTOR = 100
COPY_FROM_ROUND = 2
WITHHOLD_ROUND = 3


class _Inflating:
    """A trainer that claims a hundred times the samples it has: in its commitment, and in every update."""

    def __init__(self, honest: Trainer) -> None:
        self._honest, self._rate_ns = honest, 0

    def commitment(self) -> tuple[bytes, int, int]:
        """See `Trainer`."""
        root, size, self._rate_ns = self._honest.commitment()
        return root, size * OVER_REPORT_FACTOR, self._rate_ns

    def check(self, manifest: Manifest) -> None:
        """See `Trainer`."""
        self._honest.check(manifest)

    def train(self, base: bytes, round_: int) -> LocalResult:
        """See `Trainer`."""
        result = self._honest.train(base, round_)
        # On a busy machine it may be so slow that its claim looks true: the demo is to show what is refused.
        most = 2 * self._rate_ns * result.samples * result.epochs // 1000
        compute_us = min(result.compute_us, most) if most else result.compute_us
        return replace(result, samples=result.samples * OVER_REPORT_FACTOR, compute_us=compute_us)


class OverReporter(Device):
    """Claims samples that its compute time does not fit (rule 3)."""

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
        super().__init__(chain, actor, transport, federation, _Inflating(trainer), journal, settings)


class Copier(Device):
    """Waits for another's update, re-wraps its tensors under its own name, and submits them (rule 4)."""

    patience_seconds = 30.0

    def prepare(self, state: FederationState, miner: MinerInfo) -> Prepared:
        """Take another's update, from round 2 on."""
        own = super().prepare(state, miner)
        if state.round < COPY_FROM_ROUND:
            return own
        stolen = self._await_other(state.round)
        if stolen is None:
            return own
        weights = parse(stolen)
        metadata = {"federation": self.federation, "round": str(state.round), "device": self.actor.address}
        content = pack(zip(weights.specs, weights.arrays, strict=True), metadata)
        return replace(own, action=replace(own.action, cid=cid_of(content)), content=content)

    def _await_other(self, round_: int) -> bytes | None:
        """Return the first update that is served; of a device accepted before, as a copy of a refused one is none."""
        headers: dict[bytes, Header] = {}
        victims: set[Address] | None = None
        last: Header | None = None
        with self.chain.watch(self.federation, from_block=self.start_block()) as watch:
            for _ in range(int(self.patience_seconds)):
                seen: list[UpdateSubmitted] = []
                for entry in watch.wait(1.0).added:
                    match entry.event:
                        case BlockProposed() as event:
                            headers[event.hash] = event.header
                        case BlockFinalized() as event:
                            last = headers.get(event.hash, last)
                        case UpdateSubmitted() as event if event.round == round_:
                            seen.append(event)
                victims = victims or self._accepted(last)
                for event in seen:
                    content = self._take(event.cid) if event.device in victims else None
                    if content is not None:
                        return content
        return None

    def _accepted(self, last: Header | None) -> set[Address]:
        content = None if last is None else self._take(last.body, MAX_BODY_BYTES)
        if content is None:
            return set()
        body = Body.from_bytes(content)
        return {body.updates[position].device for position in body.accepted} - {self.actor.address}

    def _take(self, cid: Cid, limit: int | None = None) -> bytes | None:
        limit = limit or self.view.config.max_model_bytes
        try:
            return self.transport.fetch(cid, self.view.endpoints, max_bytes=limit, timeout=4.0)
        except StoreError:
            return None  # withheld


class Withholder(Device):
    """Posts a CID in round 3 and never serves what is behind it (rule 1)."""

    def publish(self, prepared: Prepared, endpoint: str) -> None:
        """Serve nothing in that round."""
        if prepared.action.round != WITHHOLD_ROUND:
            super().publish(prepared, endpoint)


KINDS: dict[str, type[Device]] = {
    "honest": Device,
    "over-reporter": OverReporter,
    "copier": Copier,
    "withholder": Withholder,
}
