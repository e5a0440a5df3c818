"""An actor on a node in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils.crypto import keccak
from fake_node import FakeNode
from interfaces import abis

from minerva.chain import actor, sender
from minerva.chain.actor import Web3Actor
from minerva.chain.calls import Reader
from minerva.chain.codec import Codec
from minerva.chain.contracts import Gateways
from minerva.chain.fees import FeePolicy
from minerva.chain.outbox import KeyLock, Outbox
from minerva.chain.port import Receipt
from minerva.chain.sender import Sender
from minerva.protocol.actions import Action, Vote

CHAIN_ID = 31337
ACCOUNT = Account.from_key(b"\7" * 32)
FACTORY, POW, FEDERATION = (f"0x{c * 40}" for c in "123")
CODEC = Codec(abis())
GATEWAYS = Gateways(CODEC, FACTORY, POW)


def ballot(round: int, verdicts: bytes = b"\xff") -> Vote:
    """An action; its intent is its round's."""
    return Vote(FEDERATION, round, b"\2" * 32, verdicts)


def data_of(action: Action) -> bytes:
    return GATEWAYS.call(action).data


REVERT = keccak(text="FederationAlreadyVoted(uint32,uint8)")[:4] + bytes(31) + b"\4" + bytes(32)


def effects(*actions: Action) -> list[bytes]:
    return [data_of(action) for action in actions]


def as_receipt(raw: Any) -> Receipt:
    block = bytes.fromhex(raw["blockHash"][2:])
    return Receipt(bytes.fromhex(raw["transactionHash"][2:]), int(raw["blockNumber"], 16), block, 0, 0, ())


class Scene:
    """One account, its outbox in ``folder``, and a node; `start` is what a process does when it starts."""

    def __init__(self, folder: Path, durable: bool = True) -> None:
        self.folder, self.node, self.durable = folder, FakeNode(), durable
        self.fees = FeePolicy()
        self.actor = self.start()

    @property
    def outbox(self) -> Outbox:
        return self.actor._outbox

    def start(self) -> Web3Actor:
        reader = Reader(self.node.rpc, CODEC)
        lock = KeyLock("key", self.folder)
        path = self.folder / "outbox.sqlite"
        outbox = Outbox(path, genesis=b"\1" * 32, account=ACCOUNT.address, durable=self.durable)
        sender = Sender(reader, CHAIN_ID, ACCOUNT, outbox, self.fees)
        return Web3Actor(ACCOUNT.address, reader, GATEWAYS, sender, outbox, lock, as_receipt)

    def restart(self) -> Web3Actor:
        self.actor.close()
        self.actor = self.start()
        return self.actor


def quick_scene(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A scene whose actor looks after a transaction at once, not after seconds."""
    monkeypatch.setattr(actor, "NUDGE_SECONDS", 0.01)
    monkeypatch.setattr(sender, "_SUSPICION_SECONDS", 0.05)
    scene = Scene(folder)
    yield scene
    scene.actor.close()
