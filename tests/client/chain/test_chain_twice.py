"""Money goes out once: answers that are lost, commands that are repeated, nodes that lag."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from actor_scene import ACCOUNT, FEDERATION, Scene, ballot, quick_scene

from minerva.chain import sender
from minerva.chain.rpc import RpcError
from minerva.errors import TransactionLost
from minerva.protocol.stake_actions import Deposit

VAULT = "0x" + "4" * 40
SUSPICION = sender._SUSPICION_SECONDS
BLOCK_SECONDS = 12


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    yield from quick_scene(tmp_path, monkeypatch)


def deposit(scene: Scene, amount: int = 10) -> Deposit:
    """What somebody means who asks for a deposit now."""
    return Deposit(FEDERATION, VAULT, ACCOUNT.address, amount, amount, scene.actor.mined)


def paid(scene: Scene) -> list[int]:
    return [block["tx"]["value"] for block in scene.node.blocks if block["tx"]]


@pytest.mark.parametrize("mined", [True, False], ids=["mined", "waiting"])
@pytest.mark.parametrize("words", ["nonce too low", "insufficient funds for gas * price + value"])
def test_request_that_is_repeated_after_a_lost_answer_pays_once(
    scene: Scene, mined: bool, words: str
) -> None:
    scene.node.automine = mined
    lose_the_answer(scene, words)
    threading.Timer(0.1, scene.node.mine).start()
    scene.actor.send(deposit(scene), timeout=5)
    assert paid(scene) == [10]


def test_node_that_cannot_say_whether_it_has_it_is_no_reason_to_sign_anew(scene: Scene) -> None:
    lose_the_answer(scene, "nonce too low")
    for method in ("eth_getTransactionReceipt", "eth_getTransactionByHash"):
        scene.node.fail(method, RpcError(method, -32000, "the index is being built"))
    scene.actor.send(deposit(scene), timeout=5)
    assert paid(scene) == [10]


def test_repeated_wish_is_the_same_while_the_first_is_under_way(scene: Scene) -> None:
    scene.node.automine = False
    with pytest.raises(TransactionLost):
        scene.actor.send(deposit(scene), timeout=0.2)
    scene.restart()
    threading.Timer(0.1, scene.node.mine).start()
    scene.actor.send(deposit(scene), timeout=5)
    assert paid(scene) == [10]


def test_wish_that_comes_again_when_the_first_is_done_is_another(scene: Scene) -> None:
    scene.actor.send(deposit(scene))
    scene.restart().send(deposit(scene))
    assert paid(scene) == [10, 10]


def test_what_was_under_way_is_mined_and_told_at_the_next_start(scene: Scene) -> None:
    scene.node.automine = False
    with pytest.raises(TransactionLost):
        scene.actor.send(deposit(scene), timeout=0.2)
    threading.Timer(0.2, scene.node.mine).start()
    assert [receipt.block_number for receipt in scene.restart().recover()] == [1]
    assert (paid(scene), scene.actor.mined) == ([10], 1)


def test_node_that_lags_by_a_block_is_no_reason_to_sign_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of several nodes behind an address knows of the nonce, the others do not have the block yet."""
    monkeypatch.setattr(sender, "_SUSPICION_SECONDS", SUSPICION)
    quick = SimpleNamespace(monotonic=lambda: 20 * time.monotonic())
    monkeypatch.setattr(sender, "time", quick)
    until = time.monotonic() + BLOCK_SECONDS / 20
    lag(scene, monkeypatch, lambda: time.monotonic() < until)
    assert scene.actor.send(deposit(scene), timeout=5).block_number == 1
    assert paid(scene) == [10]


def test_suspicion_ends_when_the_transaction_is_seen(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lags do not add up."""
    monkeypatch.setattr(sender, "_SUSPICION_SECONDS", 0.2)
    scene.actor.send(ballot(1))
    (entry,) = scene.outbox.live(ballot(1).intent)
    hidden = [True]
    lag(scene, monkeypatch, lambda: hidden[0])
    for _ in range(3):
        hidden[0] = True
        scene.actor._sender.nudge(entry)
        hidden[0] = False
        scene.actor._sender.nudge(entry)
        time.sleep(0.15)
    assert scene.outbox.live(ballot(1).intent) != []


def lose_the_answer(scene: Scene, words: str) -> None:
    """Let the node take the next transaction, and refuse the copy that follows the lost answer in these words."""

    def repeat(raw: str) -> str:
        del scene.node.eth_sendRawTransaction  # the one below
        scene.node.eth_sendRawTransaction(raw)
        raise RpcError("eth_sendRawTransaction", -32003, words)

    scene.node.eth_sendRawTransaction = repeat  # type: ignore[method-assign]


def lag(scene: Scene, monkeypatch: pytest.MonkeyPatch, lags: object) -> None:
    """Let the node not have transactions while ``lags`` says so."""
    assert callable(lags)
    for method in ("eth_getTransactionByHash", "eth_getTransactionReceipt"):
        real = getattr(scene.node, method)
        monkeypatch.setattr(scene.node, method, lambda hash_, real=real: None if lags() else real(hash_))
