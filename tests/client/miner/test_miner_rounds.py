"""Whole federations of miners, from opening to block."""

from __future__ import annotations

import threading
from collections.abc import Callable

from eth_utils.crypto import keccak
from federation_driver import REQUESTER
from miner_scene import Arrays, Scene, arrays, eventually

from minerva.errors import ContentMismatch
from minerva.learning.weights import serialize
from minerva.protocol.actions import Pause, RegisterDevice
from minerva.protocol.blocks import Body
from minerva.protocol.cid import Cid
from minerva.protocol.events import Attested, BallotCast, BlockProposed, CandidateDropped, UpdateSubmitted
from minerva.protocol.reasons import Reason
from minerva.protocol.state import Phase, Status
from minerva.store.cid import cid_of
from minerva.store.memory import MemoryStore
from minerva.verification.audit import audit

MakeScene = Callable[..., Scene]


def events(scene: Scene, kind: type) -> list[object]:
    return [log.event for log in scene.chain.logs(scene.federation) if isinstance(log.event, kind)]


def test_three_miners_make_blocks_that_anybody_can_derive(scene: Scene) -> None:
    miners = scene.start_all()
    for round_ in (1, 2, 3):
        scene.play(round_)
    scene.await_round(4)
    report = audit(scene.chain, scene.store, scene.federation, timeout=0.5)
    assert report.ok, report.first_difference
    eventually(lambda: all(len(m.ledger.rows("SELECT * FROM blocks WHERE agreed")) == 3 for m in miners))
    owners = [sum(row["own"] for row in m.ledger.rows("SELECT own FROM blocks")) for m in miners]
    assert sum(owners) == 3
    for miner in miners:
        names = {
            row["name"] for row in miner.ledger.rows("SELECT DISTINCT name FROM timings WHERE round = 2")
        }
        assert {"training", "verification", "mining", "attestation", "round", "derive"} <= names
        assert all(row["gas"] > 0 for row in miner.ledger.rows("SELECT gas FROM actions WHERE error = ''"))


def test_the_losers_stop_searching(scene: Scene) -> None:
    scene.start_all()
    scene.play(1)
    eventually(lambda: not any(thread.name.startswith("search-") for thread in threading.enumerate()))


def test_a_federation_of_one_miner(make_scene: MakeScene) -> None:
    scene = make_scene(miners=1, devices_each=1)
    scene.start(0)
    scene.play(1)
    scene.play(2)


def test_a_closed_federation_is_served_on(make_scene: MakeScene) -> None:
    scene = make_scene(miners=1, devices_each=1, rounds=1)
    miner = scene.start(0)
    scene.play(1)
    eventually(lambda: miner.status.status == "Closed")
    assert "closed" in miner.status.waiting.what
    assert miner.kind_of(scene.state.model) == "model"
    assert miner.content(scene.state.model)
    assert scene.running[0].thread.is_alive()


# -- verdicts --------------------------------------------------------------------------------------------

SPOILED: dict[Reason, Callable[[Scene, int], None]] = {
    Reason.TOO_LARGE: lambda s, d: submit(s, d, s.content(d) + bytes(5000)),
    Reason.MALFORMED: lambda s, d: submit(s, d, b"\x80\x04 a pickle"),
    Reason.WRONG_TENSORS: lambda s, d: submit(s, d, s.content(d, tensors={"bias": arrays(1)["bias"]})),
    Reason.NOT_FINITE: lambda s, d: submit(s, d, s.content(d, tensors=poisoned())),
    Reason.WRONG_METADATA: lambda s, d: submit(s, d, s.content(d, round="7")),
    Reason.TIME_EXCEEDS_CLOCK: lambda s, d: submit(s, d, compute_us=10**12),
    Reason.SAMPLES_EXCEED_DATASET: lambda s, d: submit(s, d, samples=101),
    Reason.RATE_OUT_OF_RANGE: lambda s, d: submit(s, d, compute_us=1),
    Reason.NO_SAMPLES: lambda s, d: submit(s, d, samples=0),
    Reason.UNTRAINED: lambda s, d: submit(s, d, s.content(d, tensors=arrays(0))),
    Reason.COPY: lambda s, d: submit(s, d, s.content(d, tensors=arrays(77))),
    Reason.UNAVAILABLE: lambda s, d: s.submit(d, serve=False),
}


def submit(scene: Scene, device: int, data: bytes | None = None, **changes: int) -> None:
    scene.submit(device, data, **changes)


def poisoned() -> Arrays:
    spoiled = arrays(5)
    spoiled["weight"][0, 0] = float("nan")
    return spoiled


def test_every_reason_for_refusal_is_found_and_said(make_scene: MakeScene) -> None:
    reasons = list(SPOILED)
    scene = make_scene(miners=3, devices_each=5)
    implausible = len(reasons)
    contract = scene.driver.contract(0)
    device = scene.driver.device(100)
    scene.chain.actor(device).send(RegisterDevice(scene.federation, contract, keccak(b"data"), 100, 1))
    miners = scene.start_all(fetch_slice_seconds=0.2)
    scene.await_round(1)
    scene.submit(13, scene.content(13, tensors=arrays(77)))  # the original
    scene.submit(14)
    for number, reason in enumerate(reasons):
        SPOILED[reason](scene, number)
    scene.submit(implausible)
    scene.submit(100, scene.content(100), compute_us=1)
    scene.await_phase(Phase.VERIFICATION)
    # One content may still come; what has come is judged.
    eventually(lambda: all("content of 1 updates" in miner.status.waiting.what for miner in miners))
    assert not events(scene, BallotCast)
    scene.chain.advance(scene.chain.config(scene.federation).fetch_seconds)
    scene.await_height(1)
    for miner in miners:
        eventually(
            lambda miner=miner: (
                len(miner.ledger.rows("SELECT * FROM updates WHERE accepted IS NOT NULL")) == 16
            )
        )
        refused = {
            row["device"]: (row["reason"], row["refusal"])
            for row in miner.ledger.rows("SELECT * FROM updates")
        }
        for number, reason in enumerate(reasons):
            assert refused[scene.driver.device(number)] == (reason, reason)
        assert refused[device] == (Reason.RATE_IMPLAUSIBLE, Reason.RATE_IMPLAUSIBLE)
        for number in (implausible, 13, 14):
            assert refused[scene.driver.device(number)] == (None, None)


def test_late_content_is_taken_until_the_fetch_deadline(scene: Scene) -> None:
    scene.start_all(fetch_slice_seconds=0.2)
    scene.await_round(1)
    scene.submit_all(5)
    late = scene.submit(5, serve=False)
    scene.await_phase(Phase.VERIFICATION)  # all records are in, so Training closes and the deadline runs
    scene.store.put(late)
    scene.await_height(1)
    assert all(set(event.verdicts) == {255} for event in events(scene, BallotCast))


def test_an_accepted_update_that_one_miner_never_got_is_fetched_for_the_block(scene: Scene) -> None:
    class Deaf(MemoryStore):
        """Cannot get one content before it is accepted."""

        withheld = None

        def get(self, cid: object, **options: object) -> bytes:
            if cid == self.withheld and scene.state.phase in (Phase.TRAINING, Phase.VERIFICATION):
                return MemoryStore().get(cid, max_bytes=1, timeout=0.01)
            return scene.store.get(cid, **options)

        def put(self, data: bytes) -> object:
            return scene.store.put(data)

        def pin(self, cid: object, **options: object) -> None:
            scene.store.pin(cid, **options)

    deaf = Deaf()
    scene.start(0)
    scene.start(1)
    lacking = scene.start(2, store=deaf)
    scene.await_round(1)
    eventually(lambda: lacking.status.round == 1)
    data = scene.content(0)
    deaf.withheld = cid_of(data)
    scene.submit(0, data)
    for device in range(1, scene.devices):
        scene.submit(device)
    eventually(lambda: scene.state.voted == 3)
    scene.chain.advance(20)
    scene.await_height(1)
    assert {event.verdicts[0] for event in events(scene, BallotCast)} == {255, Reason.UNAVAILABLE}
    eventually(lambda: lacking.ledger.rows("SELECT agreed FROM blocks") == [{"agreed": 1}])


# -- candidates ------------------------------------------------------------------------------------------


def test_a_wrong_aggregate_is_rejected_and_its_proposer_barred(scene: Scene) -> None:
    scene.start(1, search_threads=0)
    scene.start(2, search_threads=0)
    scene.await_round(1)
    scene.submit_all()
    eventually(lambda: scene.state.voted == 0b110)
    scene.driver.vote(0)
    scene.driver.propose(0)  # a model out of thin air
    eventually(lambda: events(scene, CandidateDropped))
    assert [event.approve for event in events(scene, Attested)] == [False, False]
    assert scene.state.barred == 1
    scene.end(1)
    scene.start(1)
    scene.await_height(1)
    assert events(scene, BlockProposed)[-1].index == 1
    report = audit(scene.chain, scene.store, scene.federation, timeout=0.5)
    assert report.ok, report.first_difference


def test_a_barred_miner_waits_for_another(scene: Scene) -> None:
    for number in range(3):
        scene.start(number, search_threads=0)
    scene.await_round(1)
    scene.submit_all()
    scene.await_phase(Phase.MINING)
    scene.driver.propose(0)
    eventually(lambda: scene.state.barred == 1)
    scene.end(0)
    barred = scene.start(0)
    eventually(lambda: "rejected" in barred.status.waiting.what)
    scene.end(2)
    scene.start(2)
    scene.await_height(1)
    assert events(scene, BlockProposed)[-1].index == 2


def test_an_empty_block_carries_the_model_over(make_scene: MakeScene) -> None:
    scene = make_scene(miners=3, devices_each=1)
    scene.start_all()
    scene.await_round(1)
    model = scene.state.model
    for device in range(3):
        scene.submit(device, scene.content(device, tensors=arrays(0)))
    scene.await_height(1)
    assert scene.state.model == model
    scene.play(2)
    assert scene.state.model != model


# -- deadlines -------------------------------------------------------------------------------------------


def test_a_silent_device_is_waited_for_until_the_deadline_only(scene: Scene) -> None:
    miner = scene.start_all()[0]
    scene.await_round(1)
    scene.submit_all(3)
    eventually(lambda: miner.status.participants.missing == (scene.driver.device(3),))
    assert (
        "1 of 6 devices" in miner.status.waiting.what and miner.status.waiting.until == scene.state.deadline
    )
    assert any("1 of 6 devices" in warning for warning in miner.status.warnings)
    scene.chain.advance(60)
    scene.await_height(1)
    assert len(events(scene, UpdateSubmitted)) == 5


def test_a_round_without_updates_is_extended_then_skipped(scene: Scene) -> None:
    scene.start_all()
    scene.await_round(1)
    scene.chain.advance(60)
    eventually(lambda: scene.state.extensions == 1)
    scene.chain.advance(60)
    eventually(lambda: scene.state.round == 2)
    assert scene.chain.phase(scene.federation, 1) is Phase.SKIPPED
    scene.submit_all()
    scene.await_height(1)


def test_a_miner_that_was_away_returns(scene: Scene) -> None:
    scene.start(0)
    scene.start(1)
    scene.await_round(1)
    scene.submit_all()
    eventually(lambda: scene.state.voted == 0b011)
    scene.chain.advance(40)
    scene.await_height(1)
    assert scene.state.dormant == 0b100
    back = scene.start(2)
    eventually(lambda: scene.state.dormant == 0)
    scene.await_round(2)
    scene.submit_all()
    scene.await_height(2)
    scene.await_round(3)
    assert scene.state.snapshot == 0b111
    scene.submit_all()
    eventually(lambda: scene.state.height == 3)
    eventually(lambda: back.ledger.rows("SELECT agreed FROM blocks WHERE number = 3") == [{"agreed": 1}])


def test_a_federation_without_enough_miners_waits_and_says_so(make_scene: MakeScene) -> None:
    scene = make_scene(miners=2, devices_each=1, min_miners=3)
    miner = scene.start(0)
    eventually(lambda: miner.status.waiting.what == "1 more miners")
    scene.driver.join(2)
    scene.await_round(1)


def test_a_pause_is_waited_out_and_ended_when_used_up(scene: Scene) -> None:
    miner = scene.start_all()[0]
    scene.await_round(1)
    scene.chain.actor(REQUESTER).send(Pause(scene.federation, scene.chain.now()))
    eventually(lambda: miner.status.status == "Paused")
    assert "requester" in miner.status.waiting.what
    scene.chain.advance(100)
    eventually(lambda: scene.state.status is Status.RUNNING)
    scene.submit_all()
    scene.await_height(1)


def test_retention_unpins_what_is_old(make_scene: MakeScene) -> None:
    scene = make_scene(miners=1, devices_each=2)
    scene.start(0, retention_rounds=2, retention_models=3)
    first = None
    bodies = []
    for round_ in range(1, 6):
        scene.await_round(round_)
        data = scene.submit(0)
        scene.submit(1)
        first = first or data
        scene.await_height(round_)
        bodies.append(events(scene, BlockProposed)[-1].header.body)
    scene.await_round(6)
    assert Body.from_bytes(scene.store.get(bodies[0], max_bytes=1 << 20, timeout=0)).number == 1
    pins = scene.store._pins
    eventually(lambda: cid_of(first) not in pins and bodies[0] not in pins)
    assert set(bodies[2:]) <= pins and scene.state.model in pins
    assert {scene.chain.config(scene.federation).manifest, cid_of(serialize(arrays(0), {}))} <= pins


def test_what_is_refused_is_unpinned_and_what_is_accepted_stays(scene: Scene) -> None:
    miner = scene.start_all()[0]
    scene.await_round(1)
    good = [scene.submit(device) for device in range(3)]
    bad = scene.submit(3, b"\x80 a pickle")
    copy = scene.submit(4, scene.content(4, tensors=arrays(1001)))
    scene.submit(5, good[0])  # a copied CID: one record is refused, the content stays
    scene.await_height(1)
    pins = scene.store._pins
    eventually(lambda: cid_of(copy) not in pins)
    miner._desk._keeper.drain(5)
    pinned = {row["cid"] for row in miner.ledger.rows("SELECT cid FROM pins WHERE kind = 'update'")}
    assert pinned == {str(cid_of(data)) for data in good} and {cid_of(data) for data in good} <= pins
    assert str(cid_of(bad)) not in pinned


class Forging(MemoryStore):
    """The scene's store behind a node that serves other bytes for one CID."""

    def __init__(self, inner: MemoryStore) -> None:
        super().__init__()
        self.inner, self.forged, self.asked = inner, b"", 0

    def put(self, data: bytes) -> Cid:
        return self.inner.put(data)

    def get(self, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
        if cid == cid_of(self.forged):
            self.asked += 1
            raise ContentMismatch(f"the node served other bytes for {cid}")
        return self.inner.get(cid, max_bytes=max_bytes, timeout=timeout)

    def pin(self, cid: Cid, *, timeout: float) -> None:
        self.inner.pin(cid, timeout=timeout)

    def unpin(self, cid: Cid) -> None:
        self.inner.unpin(cid)


def test_content_that_does_not_hash_to_its_cid_is_fetched_once(scene: Scene) -> None:
    store = Forging(scene.store)
    scene.start(0, store=store)
    scene.await_round(1)
    store.forged = scene.content(0)
    scene.submit_all()
    eventually(lambda: scene.state.voted == 1)
    ballot = events(scene, BallotCast)[0]
    assert isinstance(ballot, BallotCast)
    assert ballot.verdicts == bytes([Reason.UNAVAILABLE]) + b"\xff" * 5 and store.asked == 1
