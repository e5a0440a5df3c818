"""`minerva verify` in memory: honest federations pass, and any one tampered field is named."""

from __future__ import annotations

from typing import Any

import pytest
from small_federation import SmallFederation, arrays

from minerva.errors import StoreUnreachable, UserError, WrongChain
from minerva.learning.weights import serialize
from minerva.protocol import actions as act
from minerva.protocol.ballots import ACCEPT
from minerva.protocol.cid import Cid
from minerva.protocol.reasons import Reason
from minerva.verification.audit import AuditReport, audit
from minerva.verification.derive import decide


def test_an_honest_federation_re_derives(played: SmallFederation) -> None:
    seen: list[tuple[int, int]] = []
    report = played.audit(progress=lambda done, total: seen.append((done, total)))
    assert report == AuditReport(played.address, played.chain.chain_id, (1, 2))
    assert report.ok and seen == [(0, 2), (1, 2), (2, 2)]
    assert played.history.round(2).ballots == {0: bytes((255, Reason.COPY, 255))}


def test_several_miners_and_a_skipped_round_re_derive() -> None:
    federation = SmallFederation(miners=3, devices_each=2)
    federation.finish()
    for _ in range(2):
        federation.chain.advance(100)
        federation.driver.tick()
    federation.finish()
    blocks = federation.history.blocks
    assert [header.round for header in blocks] == [1, 3]
    assert federation.audit().blocks == (1, 2)


def test_a_federation_without_blocks_is_fine(federation: SmallFederation) -> None:
    assert federation.audit() == AuditReport(federation.address, federation.chain.chain_id)


def test_a_block_on_which_nothing_was_accepted_is_fine(federation: SmallFederation) -> None:
    for number in range(3):
        federation.submit(number, serve=False)
    federation.finish()
    report = federation.audit()
    assert report.ok and len(report.not_checked) == 3
    assert "updates[0] is refused, its content could not be fetched in time" in report.not_checked[0]


def test_one_block_alone_needs_its_parents_body_and_model_only(played: SmallFederation) -> None:
    for header in played.history.blocks[:1]:
        for placed in played.history.round(header.round).updates:
            played.store.unpin(placed.update.cid)
    played.store.collect()
    assert played.audit(block=2).ok and played.audit(block=2).blocks == (2,)
    whole = played.audit()
    assert not whole.ok and whole.blocks == (2,) and whole.first_difference is None
    assert "block 1: the accepted update" in whole.unavailable[0]


@pytest.mark.parametrize("number", [0, 3, -1])
def test_refuses_a_block_that_is_not_there(played: SmallFederation, number: int) -> None:
    with pytest.raises(UserError, match="no such block"):
        played.audit(block=number)


def test_refuses_a_federation_that_is_not_there(played: SmallFederation) -> None:
    with pytest.raises(WrongChain):
        audit(played.chain, played.store, "0x" + "00" * 20, timeout=0.0)


def test_finds_nothing_out_when_the_store_is_down(
    played: SmallFederation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
        raise StoreUnreachable("down")

    monkeypatch.setattr(played.store, "get", down)
    with pytest.raises(StoreUnreachable):
        played.audit()


def test_says_what_could_not_be_fetched(played: SmallFederation) -> None:
    config = played.chain.config(played.address)
    for cid, words in (
        (played.history.blocks[0].model, "block 2: the parent's model"),
        (played.history.blocks[0].body, "block 2: the parent's body"),
        (config.model, "block 1: the parent's model"),
        (config.manifest, "the manifest"),
    ):
        played.store.unpin(cid)
        played.store.collect()
        report = played.audit()
        assert not report.ok and report.first_difference is None
        assert any(what.startswith(f"{words}, {cid}") for what in report.unavailable)
    assert report.lines()[-1].startswith("Could not be fetched: the manifest")


@pytest.mark.parametrize(
    ("submit", "verdict", "named"),
    [
        ({"samples": 101}, ACCEPT, "is accepted, but it claims more samples"),
        ({"compute_us": 10**9}, Reason.COPY, "but it claims more compute time"),
        ({}, Reason.RATE_OUT_OF_RANGE, "but rule 3 does not refuse it"),
        ({}, Reason.MALFORMED, "but no rule refuses it"),
        ({}, Reason.TOO_LARGE, "but no rule refuses it"),
        ({}, Reason.COPY, "but no rule refuses it"),
        ({}, 40, "but no rule refuses it"),
        ({"data": b"junk"}, ACCEPT, "refused by rule 2"),
        ({"data": b"junk"}, Reason.NOT_FINITE, "but its content is not"),
        ({"data": b"\0" * 5000}, ACCEPT, "the accepted update"),
        ({"seed": 0}, ACCEPT, "is accepted, but it is the global model"),
        ({"seed": 101}, ACCEPT, "is accepted, but it is a copy"),
    ],
)
def test_names_a_verdict_that_no_honest_majority_gives(
    federation: SmallFederation, submit: dict[str, Any], verdict: int, named: str
) -> None:
    federation.submit(0)
    changes = dict(submit)
    seed = changes.pop("seed", None)
    data = changes.pop("data", federation.content(1, seed))
    federation.submit(1, data, **changes)
    federation.close_training()
    federation.vote(bytes((ACCEPT, verdict, ACCEPT)))
    if "data" in submit and verdict == ACCEPT:  # no block follows, so whoever proposes one makes it up
        decision = decide(federation.genesis, federation.record, federation.parent(), federation.history)
        body = federation.store.put(federation.proposed(decision).body)
        federation.driver.propose(0, body=body, accepted_root=decision.accepted_root)
    else:
        federation.propose()
    report = federation.audit()
    assert report.first_difference is not None and named in report.first_difference
    assert "updates[1]" in report.first_difference or federation.driver.device(1) in report.first_difference


def test_honest_refusals_re_derive() -> None:
    federation = SmallFederation(devices_each=7)
    contents = [b"junk", b"\0" * 5000, federation.content(2, 0), federation.content(3, device="x"), None]
    for number, data in enumerate(contents):
        federation.submit(number, data)
    federation.submit(5, samples=101)
    federation.finish()
    reasons = (Reason.MALFORMED, Reason.TOO_LARGE, Reason.UNTRAINED, Reason.WRONG_METADATA)
    expected = bytes((*reasons, ACCEPT, Reason.SAMPLES_EXCEED_DATASET, ACCEPT))
    assert federation.history.round(1).ballots == {0: expected}
    assert federation.audit() == AuditReport(federation.address, federation.chain.chain_id, (1,))


def test_a_refusal_whose_bytes_are_gone_is_not_a_difference(played: SmallFederation) -> None:
    copy = played.history.round(2).updates[1].update.cid
    played.store.unpin(copy)
    played.store.collect()
    report = played.audit()
    assert report.ok
    (line,) = report.not_checked
    assert line == "block 2: updates[1] is refused, it is a copy of an earlier update of the round"
    assert report.lines()[-1] == f"Not checked: {line}"


def test_a_copy_whose_original_may_be_what_is_gone_is_not_a_difference(federation: SmallFederation) -> None:
    federation.submit(0, serve=False)
    federation.submit(1, federation.content(1, 101))
    federation.close_training()
    federation.vote(bytes((Reason.UNAVAILABLE, Reason.COPY, ACCEPT)))
    federation.propose()
    report = federation.audit()
    assert report.ok and len(report.not_checked) == 2


def far(federation: SmallFederation, device: int, factor: float) -> bytes:
    """A local update of a device that goes ``factor`` times as far as it trained."""
    base, name = arrays(0), federation.driver.device(device)
    trained = arrays(100 + device + 1)
    moved = {
        key: (base[key] + factor * (trained[key] - base[key])).astype("f4") for key in ("bias", "weight")
    }
    metadata = {"federation": federation.address, "round": "1", "device": name}
    return serialize({**moved, "count": trained["count"]}, metadata)


def test_what_goes_too_far_is_refused_and_the_refusal_re_derives() -> None:
    federation = SmallFederation(devices_each=7)
    federation.submit(3, far(federation, 3, 50.0))
    federation.finish()
    (ballot,) = federation.history.round(1).ballots.values()
    assert sorted(ballot) == [Reason.OUT_OF_BOUND] + [ACCEPT] * 6
    assert federation.audit() == AuditReport(federation.address, federation.chain.chain_id, (1,))


@pytest.mark.parametrize(
    ("factor", "verdict", "named"),
    [
        (50.0, ACCEPT, "is accepted, but it moves the model much further"),
        (50.0, Reason.COPY, "but it moves the model much further"),
        (50.0, Reason.HARMFUL, "but it moves the model much further"),
        (1.0, Reason.OUT_OF_BOUND, "but no rule refuses it"),
        (1.0, Reason.COMBINATION, "but no rule refuses it"),
    ],
)
def test_names_a_wrong_verdict_of_rule_5(factor: float, verdict: int, named: str) -> None:
    federation = SmallFederation(devices_each=7)
    for number in range(7):
        federation.submit(number, far(federation, number, factor if number == 3 else 1.0))
    federation.finish(bytes(verdict if number == 3 else ACCEPT for number in range(7)))
    report = federation.audit()
    assert report.first_difference is not None and "updates[3] is" in report.first_difference
    assert named in report.first_difference


def test_a_round_with_bytes_gone_leaves_rule_5_open() -> None:
    """The band is that of all updates: without some of them nobody can say where it was."""
    federation = SmallFederation(devices_each=7)
    for number in range(7):
        federation.submit(number, far(federation, number, 50.0 if number == 3 else 1.0), serve=number != 5)
    reasons = {3: Reason.OUT_OF_BOUND, 5: Reason.UNAVAILABLE}
    federation.finish(bytes(reasons.get(number, ACCEPT) for number in range(7)))
    report = federation.audit()
    assert report.ok and len(report.not_checked) == 2
    assert report.not_checked[1] == f"block 1: updates[3] is refused, {Reason.OUT_OF_BOUND.words}"


def test_what_rests_on_a_miners_own_data_is_said_to_be_open() -> None:
    federation = SmallFederation(devices_each=7)
    federation.finish(bytes(Reason.HARMFUL if number == 2 else ACCEPT for number in range(7)))
    report = federation.audit()
    assert report.ok
    assert report.not_checked == (f"block 1: updates[2] is refused, {Reason.HARMFUL.words}",)


def test_a_pause_changes_no_verdict(federation: SmallFederation) -> None:
    for number in range(3):
        federation.submit(number)
    requester = federation.chain.actor(federation.chain.requester(federation.address))
    requester.send(act.Pause(federation.address, 1))
    federation.chain.advance(50)
    requester.send(act.Unpause(federation.address, 1))
    federation.finish()
    assert federation.history.round(1).ballots == {0: b"\xff" * 3}
    assert federation.audit().ok
