"""Updates that are not what they should be, on real parts: each is refused for its reason, and nothing is loaded."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import requests
from bad_input_site import DEVICES, SECONDS, Place, eventually, running_miner
from chain_site import Site, shared  # noqa: F401 - a fixture

from minerva.learning.weights import parse, serialize
from minerva.protocol import actions as act
from minerva.protocol.blocks import Body
from minerva.protocol.events import BlockFinalized, BlockProposed
from minerva.protocol.reasons import Reason
from minerva.store.cid import cid_of


class Evil:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._path,)


def _updates(place: Place, mark: Path) -> dict[str, tuple[Callable[[str], bytes], Reason | None]]:
    """Contents by what is bad about them, made for a device's address, and the reason they are refused for."""
    genesis = parse(place.store.get(place.chain.config(place.federation).model, max_bytes=4096, timeout=5))
    base = {spec.name: array for spec, array in zip(genesis.specs, genesis.arrays, strict=True)}
    name = next(iter(base))

    def file(number: int, **changes: Any) -> Callable[[str], bytes]:
        tensors = {n: a + np.float32(0.01 * number) for n, a in base.items()} | changes.get("tensors", {})
        return lambda device: serialize(
            tensors, {"federation": place.federation, "round": "1", "device": device}
        )

    nan = np.full_like(base[name], np.nan)
    return {
        "honest": (file(1), None),
        "NaN": (file(2, tensors={name: nan}), Reason.NOT_FINITE),
        "wrong shape": (file(3, tensors={name: np.zeros((3, 3), np.float32)}), Reason.WRONG_TENSORS),
        "wrong dtype": (file(4, tensors={name: base[name].astype(np.float16)}), Reason.WRONG_TENSORS),
        "extra tensor": (file(5, tensors={"extra": np.zeros(1, np.float32)}), Reason.WRONG_TENSORS),
        "truncated": (lambda device: file(6)(device)[:-3], Reason.MALFORMED),
        "oversized": (lambda device: file(7)(device) + b"\0" * 4096, Reason.TOO_LARGE),
        "no safetensors": (lambda device: b"<html>", Reason.MALFORMED),
        "pickle over IPFS": (lambda device: pickle.dumps((device, Evil(mark))), Reason.MALFORMED),
        "pickle over HTTP": (lambda device: pickle.dumps((Evil(mark), device)), Reason.MALFORMED),
    }


def test_every_hostile_update_is_refused_for_its_reason(shared: Site, tmp_path: Path) -> None:  # noqa: F811
    mark = tmp_path / "unpickled"
    place = Place(
        shared, tmp_path / "place", f"local:{tmp_path}/store",
        min_devices=10, verification_seconds=600, fetch_seconds=300, max_devices=20, max_joins=20,
    )  # fmt: skip
    updates = _updates(place, mark)
    with running_miner(place) as url:
        contract = place.chain.miners(place.federation)[0].contract
        for number in range(len(updates)):
            place.join_device(DEVICES + number, contract)
        eventually(lambda: place.chain.state(place.federation).round == 1, "round 1 opens")
        reasons = {}
        for number, (name, (make, reason)) in enumerate(updates.items()):
            with place.actor(DEVICES + number) as actor:
                content = make(actor.address)
                record = act.SubmitUpdate(
                    place.federation, contract, 1, cid_of(content), 100, 1, 100, 2_000_000, 1_000_000
                )
                actor.send(record)
                reasons[actor.address] = reason
            if "HTTP" in name:
                _push_badly(url, content)
            else:
                place.store.put(content)
        (final,) = eventually(lambda: _events(place, BlockFinalized), "round 1 is decided")
        header = next(e.header for e in _events(place, BlockProposed) if e.hash == final.hash)
        body = Body.from_bytes(place.store.get(header.body, max_bytes=1 << 20, timeout=5))
    place.close()
    found = {
        update.device: None if outcome.accepted else Reason(outcome.reason)
        for update, outcome in zip(body.updates, body.outcomes, strict=True)
    }
    assert found == reasons
    assert not mark.exists(), "a pickle was loaded"


def _push_badly(url: str, content: bytes) -> None:
    """Hand the miner's API what it must not take; then the bytes that the record names, a pickle."""
    cid = cid_of(content)
    for path, data, status, error in (
        ("nonsense", content, 400, "not a CID of this protocol"),
        (cid_of(b"unknown"), b"unknown", 404, "no record of round 1 commits to this CID"),
        (cid, content + b"!", 422, "the bytes do not hash to the CID"),
        (cid, b"", 422, "the bytes do not hash to the CID"),
        (cid, b"x" * 5000, 413, ""),
    ):
        answer = requests.put(f"{url}/updates/{path}", data=data, timeout=SECONDS)
        assert answer.status_code == status, (path, answer.text)
        assert "Traceback" not in answer.text
        if error:
            assert set(answer.json()) == {"error", "value", "remedy"}
            assert answer.json()["error"] == error
    assert requests.put(f"{url}/updates/{cid}", data=content, timeout=SECONDS).status_code in (200, 201)


def _events(place: Place, kind: type[Any]) -> list[Any]:
    return [log.event for log in place.chain.logs(place.federation) if isinstance(log.event, kind)]
