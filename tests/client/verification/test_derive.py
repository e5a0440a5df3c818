"""The derived block against the rules written out a second time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_federation import TENSORS, SmallFederation, arrays, manifest

from minerva.errors import ContentUnavailable, VerificationFailed
from minerva.learning.weights import check_model, parse, serialize
from minerva.protocol import actions as act
from minerva.protocol.ballots import ACCEPT, Outcome, tally
from minerva.protocol.blocks import Body
from minerva.protocol.cid import Cid
from minerva.protocol.merkle import merkle_root
from minerva.protocol.reasons import Reason
from minerva.protocol.records import ZERO32, PlacedUpdate
from minerva.protocol.rules import next_rate
from minerva.store.cid import cid_of
from minerva.verification.derive import Genesis, Parent, aggregate, compare, decide, derive_block, header_for


@st.composite
def cast_ballots(draw: Any) -> tuple[dict[int, bytes], dict[int, int], int]:
    updates = draw(st.integers(0, 4))
    verdict = st.sampled_from((0, 1, 2, 12, 63, 64, 65, 100, 255))
    ballot = st.lists(verdict, min_size=updates, max_size=updates).map(bytes)
    ballots = draw(st.dictionaries(st.integers(0, 6), ballot, min_size=1))
    return ballots, {index: draw(st.integers(1, 5)) for index in ballots}, updates


@settings(max_examples=150)
@given(cast_ballots())
def test_outcomes_are_those_of_voices_counted_one_by_one(cast: Any) -> None:
    ballots, weights, updates = cast
    expected = []
    for position in range(updates):
        voices = [ballots[index][position] for index in ballots for _ in range(weights[index])]
        scores = sorted(voice - 64 for voice in voices if voice >= 64)
        refusals = sorted(voice for voice in voices if voice < 64)
        if len(scores) > len(refusals):
            expected.append(Outcome(True, scores[(len(scores) - 1) // 2], 0))
        else:
            expected.append(Outcome(False, 0, max(refusals, key=refusals.count)))
    assert tally(ballots, weights, updates) == expected


def exact_mean(contents: list[bytes], weights: list[int]) -> dict[str, Any]:
    """FedAvg in fractions, rounded once; the first one's integers."""
    parsed = [parse(data) for data in contents]
    mean = {"count": parsed[0]["count"]}
    for name in ("bias", "weight"):
        flat = [update[name].reshape(-1) for update in parsed]
        values = [
            float(sum(Fraction(float(x)) * n for x, n in zip(column, weights, strict=True)) / sum(weights))
            for column in zip(*flat, strict=True)
        ]
        mean[name] = np.array(values, np.float64).astype(np.float32).reshape(parsed[0][name].shape)
    return mean


def test_the_model_is_the_weighted_mean_of_the_accepted_updates(federation: SmallFederation) -> None:
    federation.submit(0, samples=10, compute_us=10)
    federation.submit(1, samples=90, compute_us=90)
    federation.close_training()
    federation.vote(bytes((ACCEPT, ACCEPT, Reason.UNAVAILABLE)))
    derivation, record = federation.derive(), federation.record
    assert derivation.accepted == record.updates[:2]
    assert derivation.weights == (10, 40)  # four times the lower median at most
    expected = exact_mean([federation.get(p.update.cid) for p in derivation.accepted], [10, 40])
    assert derivation.model == serialize(expected, {"federation": federation.address, "round": "1"})
    assert derivation.model_cid == cid_of(derivation.model)
    check_model(derivation.model, TENSORS, federation=federation.address, round=1, max_bytes=10**6)
    assert derivation.accepted_root == merkle_root([placed.update.leaf() for placed in derivation.accepted])


def test_the_body_says_what_was_derived(federation: SmallFederation) -> None:
    federation.close_training()
    verdicts = bytes((ACCEPT, 64 + 7, Reason.COPY))
    federation.vote(verdicts)
    derivation, record, parent = federation.derive(), federation.record, federation.parent()
    proposed = federation.proposed(derivation)
    body = Body.from_bytes(proposed.body)
    assert body.updates == tuple(placed.update for placed in record.updates)
    assert body.outcomes == derivation.outcomes
    assert [(o.accepted, o.quality, o.reason) for o in body.outcomes] == [
        (True, 191, 0), (True, 7, 0), (False, 0, Reason.COPY)
    ]  # fmt: skip
    assert (body.number, body.parent, body.round, body.model) == (1, parent.hash, 1, parent.model)
    assert body.ballots == {0: verdicts} and tuple(body.weights) == derivation.weights
    assert (body.aggregation, body.sample_cap, body.rates) == ("fedavg", 4, derivation.rates)
    assert proposed.body_cid == cid_of(proposed.body)
    assert (proposed.rewards_root, proposed.rewards_total, proposed.lanes) == (bytes(32), 0, ())


def test_the_ballot_of_an_absent_miner_is_null() -> None:
    federation = SmallFederation(miners=3, devices_each=1)
    federation.close_training()
    for index in (0, 2):
        federation.driver.vote(index)
    federation.chain.advance(100)
    federation.driver.tick()
    body = Body.from_bytes(federation.proposed(federation.derive()).body)
    assert body.ballots == {0: b"\xff" * 3, 1: None, 2: b"\xff" * 3}


def test_rates_follow_accepted_updates_from_block_to_block(federation: SmallFederation) -> None:
    device = [federation.driver.device(number) for number in range(3)]
    federation.submit(0, compute_us=200)
    federation.close_training()
    federation.vote(bytes((ACCEPT, Reason.UNAVAILABLE, ACCEPT)))
    first = federation.derive()
    moved = next_rate(1000, first.accepted[0].update, 1000, manifest().rules)
    assert moved > 1000 and first.rates == {device[0]: moved, device[2]: 1000}
    federation.propose()
    assert federation.parent().rates == first.rates
    federation.submit(0, compute_us=200)
    federation.close_training()
    federation.vote()
    second = federation.derive()
    again = next_rate(moved, second.accepted[0].update, 1000, manifest().rules)
    assert second.rates == {device[0]: again, device[1]: 1000, device[2]: 1000}


def test_a_device_that_left_has_no_rate(federation: SmallFederation) -> None:
    federation.finish()
    gone = federation.driver.device(2)
    federation.chain.actor(gone).send(act.LeaveDevice(federation.address, federation.driver.contract(0), 2))
    federation.finish()
    assert gone in federation.parent().rates  # it left for rounds after 2
    federation.finish()
    assert gone not in federation.parent().rates


def test_nothing_accepted_carries_the_model_over(federation: SmallFederation) -> None:
    federation.close_training()
    federation.vote(bytes((Reason.UNAVAILABLE,)) * 3)
    derivation, parent = federation.derive(), federation.parent()
    assert (derivation.model_cid, derivation.model) == (parent.model, federation.base())
    assert derivation.accepted_root == ZERO32 and derivation.accepted == ()


def test_contents_are_asked_for_one_at_a_time_in_update_order(federation: SmallFederation) -> None:
    federation.close_training()
    federation.vote(bytes((ACCEPT, Reason.COPY, ACCEPT)))
    asked: list[PlacedUpdate] = []

    def content(placed: PlacedUpdate) -> bytes:
        asked.append(placed)
        return federation.get(placed.update.cid)

    record = federation.record
    decision = decide(federation.genesis, record, federation.parent(), federation.history)
    assert asked == []
    aggregate(federation.genesis, record, decision, b"", content)
    assert asked == [record.updates[0], record.updates[2]]


def test_no_block_follows_from_an_accepted_update_that_breaks_rule_2(federation: SmallFederation) -> None:
    federation.submit(1, federation.content(1, device=federation.driver.device(0)))
    federation.close_training()
    federation.vote(bytes((ACCEPT,)) * 3)
    with pytest.raises(VerificationFailed, match="refused by rule 2.*" + federation.driver.device(1)):
        federation.derive()


def test_missing_content_is_the_stores_error(federation: SmallFederation) -> None:
    federation.submit(1, serve=False)
    federation.close_training()
    federation.vote(bytes((ACCEPT,)) * 3)
    with pytest.raises(ContentUnavailable):
        federation.derive()


def test_refuses_a_round_whose_verification_is_open(federation: SmallFederation) -> None:
    federation.close_training()
    with pytest.raises(VerificationFailed, match="not closed"):
        decide(federation.genesis, federation.record, federation.parent(), federation.history)


def test_the_header_is_the_one_the_chain_takes(federation: SmallFederation) -> None:
    header = federation.finish()
    assert federation.history.blocks == (header,)
    assert federation.chain.state(federation.address).model == header.model


@pytest.mark.parametrize(
    ("field", "value"), [("accepted_root", b"\1" * 32), ("body", Cid(b"\1" * 32)), ("model", Cid(b"\1" * 32))]
)
def test_compare_names_the_field_that_differs(federation: SmallFederation, field: str, value: object) -> None:
    federation.close_training()
    federation.vote()
    derivation, record, parent = federation.derive(), federation.record, federation.parent()
    header = header_for(derivation, record, parent, federation.driver.contract(0), b"")
    assert compare(header, derivation) is None
    found = compare(replace(header, **{field: value}), derivation)  # type: ignore[arg-type]
    assert found is not None and {"accepted_root": "acceptedRoot"}.get(field, field) in found


def test_threads_change_nothing(federation: SmallFederation) -> None:
    federation.close_training()
    federation.vote()
    one = federation.derive()
    many = derive_block(
        federation.genesis, federation.record, federation.parent(), federation.history, federation.base(),
        lambda placed: federation.get(placed.update.cid), threads=3,
    )  # fmt: skip
    assert many == one


def test_a_parent_is_read_from_its_own_body_only(federation: SmallFederation) -> None:
    header = federation.finish()
    assert Parent.of(header, federation.get(header.body)).hash == header.hash()
    with pytest.raises(VerificationFailed, match="not the block's body"):
        Parent.of(header, federation.get(header.body) + b" ")


def test_a_genesis_is_read_from_its_own_manifest_only(federation: SmallFederation) -> None:
    config = federation.chain.config(federation.address)
    with pytest.raises(VerificationFailed, match="not the federation's manifest"):
        Genesis.of(1, federation.address, config, replace(manifest(), title="other").to_bytes())
    assert federation.genesis.parent.hash == federation.driver.state.head
    assert federation.genesis.parent.model == cid_of(serialize(arrays(0), {}))
