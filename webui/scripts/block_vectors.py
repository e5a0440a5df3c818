"""Writes what the Python client makes of known values, for the dashboard's tests to make the same of them.

`tools/run python webui/scripts/block_vectors.py` writes webui/src/lib/block-vectors.json anew; then `npm run format`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from minerva.learning.weights import serialize
from minerva.protocol.ballots import Outcome, tally
from minerva.protocol.blocks import Body
from minerva.protocol.cid import Cid
from minerva.protocol.header import Header, genesis_hash
from minerva.protocol.machine.consensus import Claim
from minerva.protocol.machine.proof_of_work import meets, pow_seed
from minerva.protocol.merkle import merkle_root
from minerva.protocol.records import ZERO32, Update, extend_pool, hash_list
from minerva.protocol.rewards import CumulativeTable
from minerva.store.cid import cid_of

FILE = Path(__file__).parents[1] / "src" / "lib" / "block-vectors.json"
CHAIN_ID = 31337
DIFFICULTY = 64


def account(number: int) -> str:
    """Return a checksummed address."""
    return to_checksum_address(keccak(number.to_bytes(4))[:20])


FEDERATION, MINERS, DEVICES = (
    account(1),
    [account(10 + i) for i in range(3)],
    [account(20 + i) for i in range(4)],
)
MANIFEST, GENESIS_MODEL = cid_of(b"manifest"), cid_of(b"genesis model")


def document() -> dict[str, Any]:
    """Return everything that the file holds."""
    leaves = [keccak(bytes([number])) for number in range(9)]
    earned = [{account(n): 10**18 * n + (1 << n) for n in range(1, count + 1)} for count in (0, 1, 2, 3, 6)]
    return {
        "merkle": [{"leaves": _hexes(leaves[:n]), "root": _hex(merkle_root(leaves[:n]))} for n in range(10)],
        "rewards": [
            {"earned": {a: str(n) for a, n in table.items()}, "root": _hex(CumulativeTable(table).root)}
            for table in earned
        ],
        "updates": [
            {"update": _update(update), "leaf": _hex(update.leaf())}
            for update in (
                _submitted(0, 10, 5),
                replace(
                    _submitted(1, 2**32 - 1, -1), compute_us=2**64 - 1, loss_after=-(2**63), round=2**32 - 1
                ),
            )
        ],
        "scene": _scene(),
    }


def _submitted(device: int, samples: int, loss: int, round_: int = 2) -> Update:
    miner = MINERS[device % 3]
    content = cid_of(b"update %d" % device)
    return Update(FEDERATION, round_, DEVICES[device], miner, content, samples, 2, 10**17 + 1, 900_000, loss)


def _scene() -> dict[str, Any]:
    """Block 1, and block 2 with all that it follows from; round 1 had no update."""
    genesis = genesis_hash(CHAIN_ID, FEDERATION, MANIFEST, GENESIS_MODEL)
    first_model = cid_of(b"model 1")
    first_body = _body(1, genesis, 1, GENESIS_MODEL, (), (), {0: b"", 1: b"", 2: b""}, {MINERS[0]: 7})
    first = _header(1, genesis, 1, first_body, first_model, 7)
    # Pools 0 to 2: devices 0 and 3 with miner 0; miner 2 is silent.
    updates = (_submitted(0, 10, 500_000), _submitted(3, 90, 400_000), _submitted(1, 20, 300_000))
    ballots: dict[int, bytes | None] = {0: b"\xff\xff\x14", 1: b"\x60\xff\x14", 2: None}
    cast = {index: verdicts for index, verdicts in ballots.items() if verdicts is not None}
    outcomes = tuple(tally(cast, {0: 1, 1: 1, 2: 1}, 3))
    earned = {MINERS[0]: 7 + 2**60, DEVICES[0]: 5, DEVICES[3]: 40}
    body = _body(2, first.hash(), 2, first_model, updates, outcomes, ballots, earned)
    model = serialize(
        {"layer.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": np.array(3, dtype=np.int64)},
        {"federation": FEDERATION, "round": "2"},
    )
    second = _header(
        2,
        first.hash(),
        2,
        body,
        cid_of(model),
        2**60 + 45,
        updates=updates,
        ballots=ballots,
        outcomes=outcomes,
    )
    return {
        "chainId": CHAIN_ID, "federation": FEDERATION, "manifest": str(MANIFEST), "model": str(GENESIS_MODEL),
        "genesis": _hex(genesis), "difficulty": DIFFICULTY,
        "blocks": [
            {"header": _header_fields(header), "hash": _hex(header.hash()), "body": content.to_bytes().decode()}
            for header, content in ((first, first_body), (second, body))
        ],
        "modelBytes": model.hex(),
        "round": {
            "snapshot": [0, 1, 2],
            "updates": [
                {**_update(update), "minerIndex": index, "pool": pool, "accepted": o.accepted,
                 "quality": o.quality, "reason": o.reason}
                for update, o, (index, pool) in zip(updates, outcomes, ((0, 0), (0, 1), (1, 0)), strict=True)
            ],
            "ballots": {str(index): _hex(verdicts) for index, verdicts in cast.items()},
            "absent": [2],
        },
    }  # fmt: skip


def _body(
    number: int, parent: bytes, round_: int, model: Cid, updates: tuple[Update, ...],
    outcomes: tuple[Outcome, ...], ballots: dict[int, bytes | None], earned: dict[str, int],
) -> Body:  # fmt: skip
    rates = {update.device: 2**61 + at for at, update in enumerate(updates)}
    return Body(
        CHAIN_ID,
        FEDERATION,
        number,
        parent,
        round_,
        model,
        updates,
        outcomes,
        ballots,
        "fedavg",
        4,
        rates,
        earned,
    )


def _header(
    number: int, parent: bytes, round_: int, body: Body, model: Cid, total: int, *,
    updates: tuple[Update, ...] = (), outcomes: tuple[Outcome, ...] = (),
    ballots: dict[int, bytes | None] | None = None,
) -> Header:  # fmt: skip
    ballots = {0: b"", 1: b"", 2: b""} if ballots is None else ballots
    heads = dict.fromkeys(MINERS, ZERO32)
    for update in updates:
        heads[update.miner] = extend_pool(heads[update.miner], update.leaf())
    accepted = [u.leaf() for u, outcome in zip(updates, outcomes, strict=True) if outcome.accepted]
    header = Header(
        number, parent, round_, hash_list(heads[miner] for miner in MINERS),
        hash_list(ZERO32 if verdicts is None else keccak(verdicts) for verdicts in ballots.values()),
        merkle_root(accepted), cid_of(body.to_bytes()), model, CumulativeTable(body.earned).root, total,
        (number << 200,) * number, MINERS[0], b"",
    )  # fmt: skip
    roots = (header.parent, header.updates_root, header.ballots_root)
    seed = pow_seed(CHAIN_ID, FEDERATION, Claim(round_, *roots, MINERS[0]))
    nonce = next(nonce for nonce in range(10**6) if meets(seed, nonce, DIFFICULTY))
    return replace(header, proof=nonce.to_bytes(32))


def _header_fields(header: Header) -> dict[str, Any]:
    return {
        "number": header.number, "parent": _hex(header.parent), "round": header.round,
        "updatesRoot": _hex(header.updates_root), "ballotsRoot": _hex(header.ballots_root),
        "acceptedRoot": _hex(header.accepted_root), "body": str(header.body), "model": str(header.model),
        "rewardsRoot": _hex(header.rewards_root), "rewardsTotal": str(header.rewards_total),
        "weights": [str(word) for word in header.weights], "proposer": header.proposer,
        "proof": _hex(header.proof),
    }  # fmt: skip


def _update(update: Update) -> dict[str, Any]:
    return {
        "federation": update.federation, "round": update.round, "device": update.device, "miner": update.miner,
        "cid": str(update.cid), "samples": update.samples, "epochs": update.epochs,
        "computeUs": str(update.compute_us), "lossBefore": str(update.loss_before),
        "lossAfter": str(update.loss_after),
    }  # fmt: skip


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _hexes(values: list[bytes]) -> list[str]:
    return [_hex(value) for value in values]


if __name__ == "__main__":
    FILE.write_text(json.dumps(document(), indent=2) + "\n")
