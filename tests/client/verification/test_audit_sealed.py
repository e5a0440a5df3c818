"""Confidential rounds, read and audited: who has to be among the recipients, and what each observer can say (Q4, Q8)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from federation_driver import Driver
from small_federation import SmallFederation

from minerva.protocol.actions import SetEndpoint
from minerva.protocol.ballots import ACCEPT
from minerva.protocol.cid import Cid
from minerva.protocol.reasons import Reason
from minerva.protocol.records import Address, PlacedUpdate
from minerva.sealing.address import publishing
from minerva.sealing.envelope import Context, Envelope, seal
from minerva.sealing.keyring import Keyring
from minerva.sealing.reading import Reader, recipients
from minerva.store.cid import cid_of
from minerva.verification.derive import Derivation, derive_block

MINERS, DEVICES = 2, 4


def new_ring() -> Keyring:
    return Keyring(Path("none"), [X25519PrivateKey.generate()])


class KeyedDriver(Driver):
    """Its miners join with a key each."""

    def join(self, number: int, endpoint: str = "", evidence: bytes = b"") -> Address:
        self.rings: dict[int, Keyring] = getattr(self, "rings", {})
        self.rings[number] = new_ring()
        return super().join(number, publishing("", self.rings[number].public), evidence)


class Sealed(SmallFederation):
    """Two miners, two devices each; what is played is what these miners agree on, right or wrong."""

    def __init__(self) -> None:
        self.plain: dict[Cid, bytes] = {}
        super().__init__(MINERS, DEVICES // MINERS, driver=KeyedDriver, confidential=True)

    def ring(self, number: int) -> Keyring:
        assert isinstance(self.driver, KeyedDriver)
        return self.driver.rings[number]

    def sealed(self, device: int, keys: dict[Address, bytes] | None = None, **context: Any) -> bytes:
        meant = {
            "chain_id": self.chain.chain_id, "federation": self.address, "round": self.driver.state.round,
            "device": self.driver.device(device), **context,
        }  # fmt: skip
        found = recipients(self.chain.miners(self.address)) if keys is None else keys
        return seal(Context(**meant), self.content(device), found)

    def submit(self, device: int, data: bytes | None = None, *, serve: bool = True, **changes: Any) -> None:
        data = self.sealed(device) if data is None else data
        self.plain[cid_of(data)] = self.content(device)
        super().submit(device, data, serve=serve, **changes)

    def derive(self) -> Derivation:
        def content(placed: PlacedUpdate) -> bytes:
            return self.plain[placed.update.cid]

        return derive_block(self.genesis, self.record, self.parent(), self.history, self.base(), content)

    def play(self, *verdicts: int) -> None:
        """End the round with these verdicts of both miners, whatever the updates are."""
        self.finish(bytes(verdicts))

    def publish(self, miner: int, endpoint: str) -> None:
        contract, at = self.driver.contract(miner), self.chain.head().number
        self.driver.perform(SetEndpoint(self.address, contract, endpoint, at), self.driver.owner(miner))

    def read(self, device: int, ring: int | None = 0) -> bytes | Reason:
        """What a miner makes of a device's update of this round."""
        reader = Reader(self.history, True, None if ring is None else self.ring(ring))
        placed = next(p for p in self.record.updates if p.update.device == self.driver.device(device))
        return reader.content(placed, self.get(placed.update.cid))


@pytest.fixture
def federation() -> Sealed:
    return Sealed()


ALL = [ACCEPT] * DEVICES


def test_a_miner_derives_what_an_observer_cannot(federation: Sealed) -> None:
    federation.play(*ALL)
    for keys, blocks, sealed in ((federation.ring(1), (1,), ()), (None, (), (1,)), (new_ring(), (), (1,))):
        report = federation.audit(keys=keys)
        assert (report.ok, report.blocks, report.sealed) == (True, blocks, sealed)


def test_an_observer_still_sees_a_header_that_does_not_follow(federation: Sealed) -> None:
    federation.finish(bytes(ALL), accepted_root=b"\1" * 32)
    report = federation.audit()
    assert report.first_difference and "acceptedRoot" in report.first_difference


def test_a_model_that_does_not_follow_is_seen_by_a_miner_alone(federation: Sealed) -> None:
    federation.finish(bytes(ALL), model=federation.genesis.model)
    assert federation.audit().sealed == (1,)
    report = federation.audit(keys=federation.ring(0))
    assert report.first_difference and "model" in report.first_difference


@pytest.mark.parametrize("reason", [Reason.NOT_SEALED, Reason.SEALED_ELSEWHERE, Reason.WRONG_RECIPIENTS])
def test_everybody_sees_an_accepted_update_that_is_sealed_wrongly(federation: Sealed, reason: Reason) -> None:
    federation.submit(
        0,
        {
            Reason.NOT_SEALED: lambda: federation.content(0),
            Reason.SEALED_ELSEWHERE: lambda: federation.sealed(0, round=2),
            Reason.WRONG_RECIPIENTS: lambda: federation.sealed(0, {}),
        }[reason](),
    )
    federation.play(*ALL)
    for keys in (None, federation.ring(0)):
        report = federation.audit(keys=keys)
        assert not report.ok and reason.words in str(report.first_difference)


def test_refusals_are_checked_as_far_as_the_key_goes(federation: Sealed) -> None:
    """The first is refused as not sealed and is; the second as a copy, and is none."""
    federation.submit(0, federation.content(0))
    federation.play(Reason.NOT_SEALED, Reason.COPY, ACCEPT, ACCEPT)
    observed = federation.audit()
    assert observed.ok and len(observed.not_checked) == 1 and "copy" in observed.not_checked[0]
    report = federation.audit(keys=federation.ring(0))
    assert "no rule refuses it" in str(report.first_difference)


def test_a_wrong_refusal_that_is_public_is_seen_by_everybody(federation: Sealed) -> None:
    federation.play(Reason.NOT_SEALED, ACCEPT, ACCEPT, ACCEPT)
    for keys in (None, federation.ring(1)):
        report = federation.audit(keys=keys)
        assert "updates[0] is refused" in str(report.first_difference)


def test_who_could_not_open_an_update_is_believed(federation: Sealed) -> None:
    federation.play(Reason.NOT_OPENED, ACCEPT, ACCEPT, ACCEPT)
    report = federation.audit(keys=federation.ring(0))
    assert report.ok and report.blocks == (1,) and len(report.not_checked) == 1


def test_any_key_that_was_in_force_in_the_round_will_do(federation: Sealed) -> None:
    former = recipients(federation.chain.miners(federation.address))
    federation.submit(0, federation.sealed(0, former))
    federation.publish(0, publishing("", new_ring().public))
    now = recipients(federation.chain.miners(federation.address))
    assert now != former
    federation.submit(1, federation.sealed(1, former))
    federation.submit(2, federation.sealed(2, now))
    assert isinstance(federation.read(0), bytes) and isinstance(federation.read(1), bytes)
    assert isinstance(federation.read(2, ring=1), bytes)


def test_a_key_of_before_the_round_will_not_do(federation: Sealed) -> None:
    former = recipients(federation.chain.miners(federation.address))
    federation.publish(0, publishing("", new_ring().public))
    federation.play(*ALL)
    federation.submit(0, federation.sealed(0, former))
    assert federation.read(0) is Reason.WRONG_RECIPIENTS


def test_a_key_of_after_the_record_will_not_do(federation: Sealed) -> None:
    later = new_ring()
    first = federation.driver.contract(0)
    keys = recipients(federation.chain.miners(federation.address)) | {first: later.public}
    federation.submit(0, federation.sealed(0, keys))
    federation.publish(0, publishing("", later.public))
    assert federation.read(0, ring=1) is Reason.WRONG_RECIPIENTS


def test_a_miner_without_a_key_is_left_out_and_only_that_one(federation: Sealed) -> None:
    contracts = [federation.driver.contract(number) for number in range(MINERS)]
    federation.publish(0, "http://no-key")
    federation.play(*ALL)
    keys = recipients(federation.chain.miners(federation.address))
    assert list(keys) == [contracts[1]]
    federation.submit(0, federation.sealed(0, keys))
    federation.submit(1, federation.sealed(1, keys | {contracts[0]: new_ring().public}))
    federation.submit(2, federation.sealed(2, keys | {federation.driver.device(3): new_ring().public}))
    federation.submit(3, federation.sealed(3, {}))
    assert isinstance(federation.read(0, ring=1), bytes)
    assert [federation.read(n, ring=1) for n in (1, 2, 3)] == [Reason.WRONG_RECIPIENTS] * 3
    assert federation.read(0, ring=0) is Reason.NOT_OPENED


def test_an_observer_reads_nothing_but_what_is_public(federation: Sealed) -> None:
    federation.submit(0)
    assert federation.read(0, ring=None) is Reason.NOT_OPENED
    data = federation.get(federation.record.updates[0].update.cid)
    assert Envelope.read(data).context.device == federation.driver.device(0)


def test_what_the_chain_took_back_is_no_key(federation: Sealed) -> None:
    """A re-organisation drops the change of a key, and what was sealed to it is refused again."""
    before = federation.chain.head().number
    later = new_ring()
    federation.publish(0, publishing("", later.public))
    keys = recipients(federation.chain.miners(federation.address))
    federation.submit(0, federation.sealed(0, keys))
    history, round_ = federation.history, federation.record.round
    place = federation.record.updates[0].position
    contract = federation.driver.contract(0)
    assert publishing("", later.public) in history.endpoints(round_, place)[contract]
    history.rewind(before + 1)
    assert publishing("", later.public) not in history.endpoints(round_, place)[contract]
    assert history.endpoints(round_ + 1, place) == {}
