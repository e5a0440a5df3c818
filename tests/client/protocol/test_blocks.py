"""Bodies: one byte string for one value, and nothing but `VerificationFailed` for strangers' bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from minerva.errors import VerificationFailed
from minerva.protocol import blocks, canonical
from minerva.protocol.ballots import Outcome, tally
from minerva.protocol.blocks import Body
from minerva.protocol.cid import DAG_PB, RAW, Cid
from minerva.protocol.records import Update

addresses = st.integers(1, 9).map(lambda number: to_checksum_address(number.to_bytes(20, "big")))
digests = st.binary(min_size=32, max_size=32)
cids = st.builds(Cid, digests, st.sampled_from((RAW, DAG_PB)))
u32, u64, i64 = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1)
outcomes = st.one_of(
    st.builds(Outcome, st.just(True), st.integers(0, 191), st.just(0)),
    st.builds(Outcome, st.just(False), st.just(0), st.integers(0, 63)),
)


@st.composite
def bodies(draw: Any) -> Body:
    federation, round_ = draw(addresses), draw(u32)
    fixed = (st.just(federation), st.just(round_))
    updates = st.builds(Update, *fixed, addresses, addresses, cids, u32, u32, u64, i64, i64)
    pairs = draw(st.lists(st.tuples(updates, outcomes), max_size=4))
    ballot = st.one_of(st.none(), st.binary(min_size=len(pairs), max_size=len(pairs)))
    return Body(
        chain_id=draw(u64), federation=federation, number=draw(u32), parent=draw(digests), round=round_,
        model=draw(cids), updates=tuple(update for update, _ in pairs), outcomes=tuple(o for _, o in pairs),
        ballots=draw(st.dictionaries(st.integers(0, 63), ballot, max_size=3)),
        aggregation=draw(st.text(max_size=9)), sample_cap=draw(st.integers(1, 99)),
        rates=draw(st.dictionaries(addresses, u64, max_size=3)),
    )  # fmt: skip


@settings(max_examples=30)
@given(bodies())
def test_a_body_comes_back_from_its_bytes(body: Body) -> None:
    data = body.to_bytes()
    assert Body.from_bytes(data) == body
    assert canonical.loads(data)["accepted"] == list(body.accepted)


def example() -> Body:
    account = to_checksum_address(b"\7" * 20)
    update = Update(account, 3, account, account, Cid(b"\1" * 32), 10, 1, 5000, -4, 3)
    ballots: dict[int, bytes | None] = {0: b"\xff\x0c", 1: b"\xff\x0c", 10: None}
    decided = tally({i: b for i, b in ballots.items() if b is not None}, {0: 1, 1: 1}, 2)
    return Body(
        31337, account, 2, b"\2" * 32, 3, Cid(b"\3" * 32), (update, replace(update, samples=99)),
        tuple(decided), ballots, "fedavg", 4, {account: 1000},
    )  # fmt: skip


def test_a_body_says_what_was_decided_and_why() -> None:
    document = example().document()
    assert document["accepted"] == [0] and document["weights"] == [10]
    assert document["updates"][0]["quality"] == 191 and document["updates"][0]["reason"] is None
    assert document["updates"][1]["reason"] == {"code": 12, "name": "RATE_OUT_OF_RANGE"}
    assert document["ballots"] == {"0": "0xff0c", "1": "0xff0c", "10": None}


def test_a_reason_of_a_later_version_has_a_name() -> None:
    body = replace(example(), outcomes=(Outcome(False, 0, 40), Outcome(False, 0, 0)))
    assert [entry["reason"]["name"] for entry in body.document()["updates"]] == ["REASON_40", "REASON_0"]
    assert Body.from_bytes(body.to_bytes()) == body


def scalars(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, (dict, list)):
        return [path]
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [place for key, item in pairs for place in scalars(item, (*path, key))]


junk = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(2**31, 2**300), st.text(max_size=5), st.just([]),
    st.just({}), st.just("0x"), st.just("0x" + "A" * 64), st.just([[]]), st.just({"code": "1"}),
)  # fmt: skip
PATHS = scalars(example().document()) + [(key,) for key in example().document()]


@settings(max_examples=150)
@given(st.sampled_from(PATHS), junk)
def test_a_changed_field_is_refused_or_means_what_it_says(path: tuple[Any, ...], value: Any) -> None:
    document = json.loads(example().to_bytes())
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    data = canonical.dumps(document)
    try:
        body = Body.from_bytes(data)
    except VerificationFailed:
        return
    assert body.to_bytes() == data


@pytest.mark.parametrize("field", sorted(example().document()))
def test_refuses_a_missing_field(field: str) -> None:
    document = example().document()
    del document[field]
    with pytest.raises(VerificationFailed):
        Body.from_bytes(canonical.dumps(document))


@pytest.mark.parametrize(
    "path",
    [("accepted",), ("weights", 0), ("updates", 0, "leaf"), ("updates", 1, "reason", "name"), ("minerva",)],
)
def test_refuses_what_does_not_follow_from_the_rest(path: tuple[Any, ...]) -> None:
    document: Any = example().document()
    place = document
    for key in path[:-1]:
        place = place[key]
    old = place[path[-1]]
    place[path[-1]] = [] if isinstance(old, list) else old + 1 if isinstance(old, int) else old[:-1] + "e"
    with pytest.raises(VerificationFailed):
        Body.from_bytes(canonical.dumps(document))


def test_refuses_an_unknown_field() -> None:
    with pytest.raises(VerificationFailed, match="unknown"):
        Body.from_bytes(canonical.dumps({**example().document(), "extra": 1}))


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=50).map(str.encode)))
def test_refuses_any_other_bytes(data: bytes) -> None:
    with pytest.raises(VerificationFailed):
        Body.from_bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"null",
        b"[]",
        b"1",
        b'{"a":1.5}',
        b"[" * 50_000,
        b'{"a":' + b"[" * 400 + b"]" * 400 + b"}",
        b"9" * 5000,
    ],
)
def test_refuses_json_that_is_no_body(data: bytes) -> None:
    with pytest.raises(VerificationFailed):
        Body.from_bytes(data)


def test_refuses_bytes_past_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    data = example().to_bytes()
    monkeypatch.setattr(blocks, "MAX_BODY_BYTES", len(data) - 1)
    with pytest.raises(VerificationFailed, match="too long"):
        Body.from_bytes(data)
