"""`minerva verify` names any one tampered field of header or body, and the first other byte of a model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from small_federation import SmallFederation

from minerva.chain.memory import MemoryChain
from minerva.protocol import canonical, events
from minerva.protocol.cid import Cid
from minerva.protocol.header import Header
from minerva.verification.audit import AuditReport, audit


class LyingChain:
    """A chain whose logs went through ``lie``, and whose contract agrees with them."""

    def __init__(self, chain: MemoryChain, lie: Callable[[Any], Any]) -> None:
        self._chain, self._lie = chain, lie
        self.hashes: dict[int, bytes] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)

    def logs(self, federation: str) -> list[events.Log]:
        logs = [replace(log, event=self._lie(log.event)) for log in self._chain.logs(federation)]
        proposed = [log.event for log in logs if isinstance(log.event, events.BlockProposed)]
        self.hashes = {event.round: event.hash for event in proposed}
        return logs

    def block_of(self, federation: str, round: int) -> bytes:
        return self.hashes[round]


def with_header(federation: SmallFederation, **changes: Any) -> AuditReport:
    """Audit the federation as if its last block's header had been finalised with these changes."""
    old = federation.history.blocks[-1]
    return lying(federation, old, replace(old, **changes))


def swap(old: Header, new: Header) -> Callable[[Any], Any]:
    """Put ``new`` and its hash wherever an event holds ``old`` or its hash."""

    def lie(event: Any) -> Any:
        if isinstance(event, events.BlockProposed) and event.header == old:
            return replace(event, header=new, hash=new.hash())
        same = getattr(event, "hash", None) == old.hash()
        return replace(event, hash=new.hash()) if same else event

    return lie


def lying(federation: SmallFederation, old: Header, new: Header) -> AuditReport:
    chain: Any = LyingChain(federation.chain, swap(old, new))
    return audit(chain, federation.store, federation.address, timeout=0.0)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("number", 7, "header.number"),
        ("parent", b"\1" * 32, "header.parent"),
        ("round", 1, "header.round"),
        ("updates_root", b"\1" * 32, "header.updatesRoot"),
        ("ballots_root", b"\1" * 32, "header.ballotsRoot"),
        ("accepted_root", b"\1" * 32, "block 2: header.acceptedRoot"),
        ("body", Cid(b"\1" * 32), "block 2: header.body"),
        ("model", Cid(b"\1" * 32), "block 2: header.model"),
        ("proposer", "0x" + "00" * 20, "header.proposer"),
    ],
)
def test_names_a_tampered_header_field(played: SmallFederation, field: str, value: Any, named: str) -> None:
    report = with_header(played, **{field: value})
    assert not report.ok and report.first_difference is not None and named in report.first_difference


def test_names_a_genesis_that_is_not_the_parent_of_block_1(federation: SmallFederation) -> None:
    federation.finish()
    report = with_header(federation, parent=b"\1" * 32)
    assert report.first_difference == "block 1: header.parent is not the genesis hash"


def test_names_a_header_that_is_not_the_one_the_contract_keeps(played: SmallFederation) -> None:
    """A tampered proof changes nothing but the block's hash."""
    old = played.history.blocks[-1]
    chain: Any = LyingChain(played.chain, swap(old, replace(old, proof=b"\1" * 32)))
    chain.block_of = played.chain.block_of
    report = audit(chain, played.store, played.address, timeout=0.0)
    assert report.first_difference == "block 2: the contract keeps another block hash than its logs give"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if not isinstance(value, (dict, list)):
        return [path]
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return [place for key, item in pairs for place in places(item, (*path, key))]


def in_words(path: tuple[Any, ...]) -> str:
    return "body" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return 1 if value is None else value + ("0" if isinstance(value, str) else 1)


def test_names_every_tampered_field_of_a_body(played: SmallFederation) -> None:
    data = played.get(played.history.blocks[-1].body)
    paths = places(json.loads(data))
    assert len(paths) > 50
    for path in paths:
        document = json.loads(data)
        place = document
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = other(place[path[-1]])
        report = with_header(played, body=played.store.put(canonical.dumps(document)))
        assert report.first_difference is not None
        assert report.first_difference.startswith(f"block 2: {in_words(path)}: says"), path


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda d: {k: v for k, v in d.items() if k != "rates"}, "body.rates: is missing"),
        (lambda d: {**d, "extra": 1}, "body.extra: is not derived"),
        (lambda d: {**d, "updates": d["updates"][:2]}, "body.updates: has 2 entries, derives 3"),
        (lambda d: [], "body: says []"),
    ],
)
def test_names_what_a_body_lacks(played: SmallFederation, change: Callable[[Any], Any], named: str) -> None:
    document = json.loads(played.get(played.history.blocks[-1].body))
    report = with_header(played, body=played.store.put(canonical.dumps(change(document))))
    assert report.first_difference is not None and named in report.first_difference


def test_names_a_body_that_is_not_canonical(played: SmallFederation) -> None:
    data = played.get(played.history.blocks[-1].body)
    report = with_header(played, body=played.store.put(data + b"\n"))
    assert report.first_difference is not None and "not canonical JSON" in report.first_difference


def test_names_the_first_differing_byte_of_a_model(played: SmallFederation) -> None:
    data = played.get(played.history.blocks[-1].model)
    for at in (0, len(data) // 2, len(data) - 1):
        forged = data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]
        report = with_header(played, model=played.store.put(forged))
        assert report.first_difference is not None
        byte = f"byte {at} is {forged[at]:#04x}, derives {data[at]:#04x}"
        assert report.first_difference.startswith(f"block 2: model: {byte}; header.model says")
    report = with_header(played, model=played.store.put(data[:-1]))
    assert f"it is {len(data) - 1} bytes long" in str(report.first_difference)


def test_stops_at_the_first_block_that_differs(played: SmallFederation) -> None:
    old = played.history.blocks[0]
    report = lying(played, old, replace(old, accepted_root=b"\1" * 32))
    assert report.blocks == () and not report.ok


def test_a_report_is_a_document(played: SmallFederation) -> None:
    report = with_header(played, accepted_root=b"\1" * 32)
    document = json.loads(json.dumps(report.to_json()))
    assert document["ok"] is False and document["blocks"] == [1]
    assert "acceptedRoot" in document["firstDifference"]
    assert report.lines()[0].startswith("1 block of") and report.lines()[-1].startswith("Differs: block 2")
