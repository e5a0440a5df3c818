"""Confidential rounds among real miners in memory (Q3 to Q7)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from miner_scene import Scene, eventually

from minerva.errors import MinervaError
from minerva.miner.service import run_miner
from minerva.protocol.actions import SetEndpoint
from minerva.protocol.blocks import Body
from minerva.protocol.events import BallotCast
from minerva.protocol.history import History
from minerva.protocol.reasons import Reason
from minerva.sealing import envelope
from minerva.sealing.address import plain, published, publishing
from minerva.sealing.envelope import Context, Envelope, Seal, SealRefused, seal
from minerva.sealing.keyring import Keyring
from minerva.sealing.reading import recipients
from minerva.verification.audit import AuditReport, audit

MINERS = 3


def ring(scene: Scene, number: int) -> Keyring:
    return Keyring.at(scene.settings(number).state)


def publish(scene: Scene, number: int, key: bytes | None = None) -> None:
    endpoint = publishing("", key or ring(scene, number).public)
    contract = scene.driver.contract(number)
    at = scene.chain.head().number
    scene.driver.perform(SetEndpoint(scene.federation, contract, endpoint, at), scene.driver.owner(number))


@pytest.fixture
def scene(make_scene: Callable[..., Scene]) -> Scene:
    """Three miners with a key each, two devices each; no round is open before they run."""
    scene = make_scene(confidential=True)
    for number in range(MINERS):
        publish(scene, number)
    return scene


def keys(scene: Scene) -> dict[str, bytes]:
    return dict(recipients(scene.chain.miners(scene.federation)))


def sealed(scene: Scene, device: int, miners: dict[str, bytes] | None = None, **context: Any) -> bytes:
    owner, metadata = context.pop("owner", device), context.pop("metadata", {})
    meant = {
        "chain_id": scene.chain.chain_id, "federation": scene.federation, "round": scene.state.round,
        "device": scene.driver.device(owner), **context,
    }  # fmt: skip
    return seal(Context(**meant), scene.content(owner, **metadata), keys(scene) if miners is None else miners)


def play(scene: Scene, round_: int, **odd: bytes) -> Body:
    """One round of sealed updates; ``odd`` has other bytes for the devices d0, d1…"""
    scene.await_round(round_)
    for device in range(scene.devices):
        scene.submit(device, odd.get(f"d{device}") or sealed(scene, device))
    scene.await_height(round_)
    return body(scene)


def body(scene: Scene) -> Body:
    history = History(scene.chain.chain_id, scene.federation)
    history.apply(scene.chain.logs(scene.federation))
    header = history.blocks[-1]
    return Body.from_bytes(scene.store.get(header.body, max_bytes=1 << 20, timeout=1.0))


def reason(body: Body, device: str) -> int:
    """Of a device's update: why it was refused, 0 when it was accepted."""
    place = next(n for n, update in enumerate(body.updates) if update.device == device)
    return 0 if body.outcomes[place].accepted else body.outcomes[place].reason


def check(scene: Scene, keyring: Keyring | None = None) -> AuditReport:
    return audit(scene.chain, scene.store, scene.federation, timeout=1.0, keys=keyring)


def test_a_round_of_sealed_updates_ends_in_a_block(scene: Scene) -> None:
    scene.start_all()
    found = play(scene, 1)
    assert len(found.accepted) == scene.devices
    for update in found.updates:
        data = scene.store.get(update.cid, max_bytes=1 << 20, timeout=1.0)
        assert Envelope.read(data).context.device == update.device  # no plain update lies in the store
    report = check(scene, ring(scene, 1))
    assert report.ok and report.blocks == (1,) and not report.sealed


def test_what_a_device_commits_to_for_canaries_is_read_from_its_envelope(scene: Scene) -> None:
    """V16."""
    miner, *_ = scene.start_all(canary_share=1.0)
    scene.await_round(1)
    steps = "9:" + "a" * 64
    play(scene, 1, d0=sealed(scene, 0, metadata={"steps": steps}))
    (row,) = eventually(miner.canaries.rows)
    assert (row["device"], row["steps"], row["outcome"]) == (scene.driver.device(0), steps, "asked")


def test_an_observer_checks_all_but_what_is_sealed_and_says_so(scene: Scene) -> None:
    scene.start_all()
    play(scene, 1)
    play(scene, 2)
    report = check(scene)
    assert report.ok and not report.blocks and report.sealed == (1, 2)
    assert any("not re-derived" in line and "sealed" in line for line in report.lines())
    assert report.to_json()["sealed"] == [1, 2]


def test_a_stolen_envelope_is_refused_by_name(scene: Scene) -> None:
    """Re-posted as it is, and with the device's name rewritten; the one it was stolen from is accepted."""
    scene.start_all()
    scene.await_round(1)
    stolen = sealed(scene, 0)
    thief, forger = scene.driver.device(4), scene.driver.device(5)
    forged = stolen.replace(scene.driver.device(0).encode(), forger.encode())
    assert forged != stolen
    found = play(scene, 1, d0=stolen, d4=stolen, d5=forged)
    assert reason(found, scene.driver.device(0)) == 0
    assert reason(found, thief) == Reason.SEALED_ELSEWHERE
    assert reason(found, forger) == Reason.NOT_OPENED
    assert check(scene, ring(scene, 0)).ok


def test_each_way_to_seal_wrongly_has_its_name(scene: Scene) -> None:
    scene.start_all()
    scene.await_round(1)
    some = dict(list(keys(scene).items())[:2])
    found = play(
        scene, 1, d0=scene.content(0), d1=sealed(scene, 1, round=9), d2=sealed(scene, 2, chain_id=1),
        d3=sealed(scene, 3, some), d4=sealed(scene, 4)[:-1],
    )  # fmt: skip
    found_reasons = [reason(found, scene.driver.device(n)) for n in range(scene.devices)]
    assert found_reasons == [
        Reason.NOT_SEALED, Reason.SEALED_ELSEWHERE, Reason.SEALED_ELSEWHERE, Reason.WRONG_RECIPIENTS,
        Reason.WRONG_CONTENT, 0,
    ]  # fmt: skip
    for keyring in (None, ring(scene, 2)):
        assert check(scene, keyring).ok


@pytest.mark.parametrize("defended", [True, False])
def test_a_device_that_spoils_one_miners_seal_splits_nobody(
    scene: Scene, defended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who can open it sees that another cannot, so that all refuse it; undefended, two accept what the third cannot open."""
    victim, real = scene.driver.contract(1), envelope._seal

    def broken(secret: bytes, binding: bytes, miner: str, key: bytes) -> Seal:
        made = real(secret, binding, miner, key)
        return replace(made, wrapped=bytes(48)) if miner == victim else made

    scene.start_all()
    scene.await_round(1)
    with monkeypatch.context() as patch:
        patch.setattr(envelope, "_seal", broken)
        spoilt = sealed(scene, 0)
    if not defended:
        monkeypatch.setattr(envelope, "_seal", broken)  # so that it is what they make again
    found = play(scene, 1, d0=spoilt)
    verdicts = {index: ballot[0] for index, ballot in found.ballots.items() if ballot is not None}
    if defended:
        assert reason(found, scene.driver.device(0)) == Reason.SEALED_UNEQUALLY
        assert set(verdicts.values()) == {Reason.SEALED_UNEQUALLY, Reason.NOT_OPENED}
        assert check(scene, ring(scene, 1)).ok
    else:
        assert reason(found, scene.driver.device(0)) == 0 and verdicts[1] == Reason.NOT_OPENED


def test_a_miner_that_lost_its_key_abstains_and_goes_on(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """Its vote says why, nobody is refused for it, it neither approves nor rejects, and no miner is barred."""
    file = ring(scene, 2).path
    file.unlink()  # what the miner makes anew is not what the chain tells
    scene.start_all()
    found = play(scene, 1)
    assert len(found.accepted) == scene.devices
    ballots = [
        entry.event for entry in scene.chain.logs(scene.federation) if isinstance(entry.event, BallotCast)
    ]
    assert {ballot.verdicts for ballot in ballots if ballot.index == 2} == {
        bytes([Reason.NOT_OPENED]) * scene.devices
    }
    assert "cannot derive the block yet" not in caplog.text  # it does not fetch again and again
    publish(scene, 2)
    scene.await_round(2)
    assert not scene.state.barred
    play(scene, 2)
    play(scene, 3)  # a round that opened after it published: it can open it
    report = check(scene, ring(scene, 2))
    assert report.ok and 1 in report.sealed and 3 in report.blocks


def test_a_miner_that_joins_later_cannot_read_earlier_rounds(scene: Scene) -> None:
    scene.start_all()
    found = play(scene, 1)
    scene.driver.join(3)
    publish(scene, 3)
    scene.start(3)
    play(scene, 2)
    later = ring(scene, 3)
    for update in found.updates:
        data = scene.store.get(update.cid, max_bytes=1 << 20, timeout=1.0)
        with pytest.raises(SealRefused) as caught:
            Envelope.read(data).open(later)
        assert caught.value.reason is Reason.NOT_OPENED
    play(scene, 3)
    report = check(scene, later)
    assert report.ok and 1 in report.sealed and report.blocks[-1] == 3


def test_a_key_that_changes_during_a_round_costs_nobody_an_update(scene: Scene) -> None:
    """Sealed to the former key or to the new one: both were in force in the round, and the miner has both."""
    scene.start_all()
    scene.await_round(1)
    before = sealed(scene, 0)
    keyring = scene.running[1].miner.keys
    assert keyring is not None
    keyring.rotate()
    publish(scene, 1, keyring.public)
    found = play(scene, 1, d0=before)
    assert len(found.accepted) == scene.devices
    assert check(scene, ring(scene, 1)).ok and check(scene).ok


def run_once(scene: Scene, number: int, **changes: Any) -> tuple[str, list[MinervaError]]:
    """Run a miner's process until it is ready; its API's address, and how it failed if it did."""
    stop, urls, errors = threading.Event(), list[str](), list[MinervaError]()
    actor, settings = scene.chain.actor(scene.driver.owner(number)), scene.settings(number, **changes)

    def run() -> None:
        try:
            run_miner(
                scene.chain, scene.store, actor, scene.federation, settings, stop=stop, ready=urls.append
            )
        except MinervaError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    eventually(lambda: urls or errors)
    stop.set()
    thread.join(10)
    return "".join(urls), errors


def test_a_miner_publishes_its_key_when_it_starts(scene: Scene) -> None:
    """The one that it makes at its first start, and another one at the start after that was made."""
    for _ in range(2):
        url, errors = run_once(scene, 5)
        assert not errors
        told = next(
            m for m in scene.chain.miners(scene.federation) if m.owner == scene.driver.owner(5)
        ).endpoint
        assert (plain(told), published(told)) == (url, ring(scene, 5).public)
        ring(scene, 5).rotate()


def test_a_miner_that_cannot_publish_its_key_says_why_and_joins_nothing(scene: Scene) -> None:
    for url, words in (("http://m#here", "a fragment"), ("http://" + "m" * 240, "no room")):
        _, (error,) = run_once(scene, 5, public_url=url)
        assert words in str(error)
    assert len(scene.chain.miners(scene.federation)) == MINERS


def test_a_miner_names_the_others_that_publish_no_key(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.driver.join(3)
    run_once(scene, 5)
    assert "miner 3 publishes no sealing key" in caplog.text
    assert "miner 2" not in caplog.text
