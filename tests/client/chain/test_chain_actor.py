"""Sending: at most once, never lost, whatever node and process do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from actor_scene import ACCOUNT, REVERT, Scene, ballot, effects, quick_scene
from fake_node import GWEI

from minerva.chain.rpc import RpcError
from minerva.errors import (
    ChainError,
    ChainUnreachable,
    ContractReverted,
    InsufficientFunds,
    NodeConflict,
    TransactionLost,
    WrongChain,
)
from minerva.protocol.actions import Close, Tick


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    yield from quick_scene(tmp_path, monkeypatch)


class Killed(BaseException):
    """The process ends here."""


# -- once ---------------------------------------------------------------------------------------------


def test_action_takes_effect_and_returns_its_receipt(scene: Scene) -> None:
    receipt = scene.actor.send(ballot(1))
    assert scene.node.effects == effects(ballot(1))
    assert receipt.block_number == 1


def test_same_intent_takes_effect_once(scene: Scene) -> None:
    first = scene.actor.send(ballot(1))
    assert scene.actor.send(ballot(1, b"\x01")) == first
    assert scene.restart().send(ballot(1)) == first
    assert scene.node.effects == effects(ballot(1))


def test_simulation_refuses_before_anything_is_signed(scene: Scene) -> None:
    scene.node.refuse = lambda data: REVERT
    with pytest.raises(ContractReverted) as caught:
        scene.actor.send(ballot(1))
    assert (caught.value.name, caught.value.arguments) == ("FederationAlreadyVoted", (4, 0))
    assert "eth_sendRawTransaction" not in scene.node.calls
    assert scene.outbox.next_nonce() == 0


def test_refusal_on_the_chain_is_typed_and_the_intent_may_be_tried_again(scene: Scene) -> None:
    answers = iter([None, REVERT, REVERT])  # simulation, block, simulation
    scene.node.refuse = lambda data: next(answers)
    with pytest.raises(ContractReverted, match="FederationAlreadyVoted"):
        scene.actor.send(ballot(1))
    scene.node.refuse = lambda data: None
    assert scene.actor.send(ballot(1)).block_number == 2
    assert scene.node.effects == effects(ballot(1))


def test_transaction_that_fails_by_a_race_is_tried_again(scene: Scene) -> None:
    answers = iter([None, REVERT])
    scene.node.refuse = lambda data: next(answers, None)
    assert scene.actor.send(ballot(1)).block_number == 2


def test_threads_take_turns(scene: Scene) -> None:
    threads = [threading.Thread(target=scene.actor.send, args=(ballot(n % 10),)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(scene.node.effects) == sorted(effects(*(ballot(n) for n in range(10))))


def test_second_actor_of_a_key_is_refused(scene: Scene) -> None:
    with pytest.raises(NodeConflict):
        scene.start()


def test_call_that_nobody_would_answer_is_refused(scene: Scene) -> None:
    scene.node.without_code.add(ballot(1).federation)
    with pytest.raises(WrongChain, match="there is no contract at the address"):
        scene.actor.send(ballot(1))
    assert "eth_sendRawTransaction" not in scene.node.calls


# -- the process is killed ------------------------------------------------------------------------------


@pytest.mark.parametrize("reached", [False, True], ids=["before sending", "after sending"])
def test_killed_around_sending_neither_loses_nor_doubles(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, reached: bool
) -> None:
    def die(raw: str) -> str:
        if reached:
            type(scene.node).eth_sendRawTransaction(scene.node, raw)
        raise Killed

    monkeypatch.setattr(scene.node, "eth_sendRawTransaction", die)
    with pytest.raises(Killed):
        scene.actor.send(ballot(1))
    monkeypatch.undo()
    (receipt,) = scene.restart().recover()
    assert scene.actor.send(ballot(1)) == receipt
    assert scene.actor.recover() == []
    assert scene.node.effects == effects(ballot(1))


def test_killed_before_the_receipt_finds_it_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.node.fail("eth_getTransactionReceipt", Killed())  # type: ignore[arg-type]
    with pytest.raises(Killed):
        scene.actor.send(ballot(1))
    assert scene.restart().send(ballot(1)).block_number == 1
    assert scene.node.effects == effects(ballot(1))


def test_recovery_notes_what_is_refused_by_now(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.node.fail("eth_sendRawTransaction", Killed())  # type: ignore[arg-type]
    with pytest.raises(Killed):
        scene.actor.send(ballot(1))
    scene.node.refuse = lambda data: REVERT
    assert scene.restart().recover() == []
    assert scene.outbox.live(ballot(1).intent) == []


# -- the node -------------------------------------------------------------------------------------------


def test_unreachable_node_keeps_what_was_signed(scene: Scene) -> None:
    scene.node.fail("eth_sendRawTransaction", ChainUnreachable("no chain answers"))
    with pytest.raises(ChainUnreachable):
        scene.actor.send(ballot(1))
    assert scene.actor.send(ballot(1)).block_number == 1
    assert scene.node.effects == effects(ballot(1))


def test_lost_queue_is_sent_again_while_waiting(scene: Scene) -> None:
    scene.node.automine = False
    threading.Timer(0.1, lambda: (scene.node.queue.clear(), setattr(scene.node, "automine", True))).start()
    assert scene.actor.send(ballot(1), timeout=5).block_number == 1


def test_not_mined_in_time_is_kept(scene: Scene) -> None:
    scene.node.automine = False
    with pytest.raises(TransactionLost, match="not mined after 0 s.*It is kept"):
        scene.actor.send(ballot(1), timeout=0.2)
    scene.node.queue.clear()
    scene.node.automine = True
    assert scene.actor.send(ballot(1)).block_number == 1
    assert scene.node.effects == effects(ballot(1))


def test_rising_base_fee_raises_the_offer(scene: Scene) -> None:
    scene.node.automine = False

    def dearer() -> None:
        scene.node.base_fee = 20 * GWEI
        scene.node.emit()
        scene.node.automine = True

    threading.Timer(0.1, dearer).start()
    assert scene.actor.send(ballot(1), timeout=5)
    assert scene.node.effects == effects(ballot(1))
    assert scene.node.blocks[-1]["tx"]["maxFeePerGas"] > 20 * GWEI
    assert [e.state for e in scene.outbox.live(ballot(1).intent)] == ["mined"]


def test_base_fee_above_the_cap_is_refused_before_signing(scene: Scene) -> None:
    scene.node.base_fee = 500 * GWEI
    scene.node.emit()
    with pytest.raises(ChainError, match="gas costs more than the cap allows"):
        scene.actor.send(ballot(1))
    assert scene.outbox.next_nonce() == 0


def test_empty_account_is_told_what_it_lacks(scene: Scene) -> None:
    scene.node.balances[ACCOUNT.address] = 10**12
    with pytest.raises(InsufficientFunds, match=rf"{ACCOUNT.address} has 0.000001 of up to 0.0\d+ ETH"):
        scene.actor.send(ballot(1))
    assert "eth_sendRawTransaction" not in scene.node.calls


def test_refusal_for_want_of_funds_is_typed(scene: Scene) -> None:
    refusal = RpcError("eth_sendRawTransaction", -32003, "Insufficient funds for gas * price + value")
    scene.node.fail("eth_sendRawTransaction", refusal)
    with pytest.raises(InsufficientFunds):
        scene.actor.send(ballot(1))
    assert scene.actor.send(ballot(1)).block_number == 1, "its nonce is free again"


def test_other_refusal_is_passed_on_and_frees_the_nonce(scene: Scene) -> None:
    scene.node.fail("eth_sendRawTransaction", RpcError("eth_sendRawTransaction", -32000, "txpool is full"))
    with pytest.raises(RpcError, match="txpool is full"):
        scene.actor.send(ballot(1))
    assert scene.actor.send(ballot(1)).block_number == 1


def test_key_used_elsewhere_moves_the_nonce(scene: Scene) -> None:
    refusal = RpcError("eth_sendRawTransaction", -32003, "nonce too low")
    scene.node.nonces[ACCOUNT.address] = 5
    scene.node.fail("eth_sendRawTransaction", refusal, refusal)
    assert scene.actor.send(ballot(1)).block_number == 1
    assert scene.node.blocks[-1]["tx"]["nonce"] == 5


def test_stranger_that_takes_the_nonce_makes_it_sign_anew(scene: Scene) -> None:
    scene.node.automine = False

    def steal() -> None:
        scene.node.queue.clear()
        scene.node.nonces[ACCOUNT.address] = 1
        scene.node.automine = True

    threading.Timer(0.1, steal).start()
    assert scene.actor.send(ballot(1), timeout=5)
    assert scene.node.blocks[-1]["tx"]["nonce"] == 1


def test_node_without_a_pending_block_will_do(scene: Scene) -> None:
    scene.node.pending = False
    assert [scene.actor.send(ballot(n)).block_number for n in (1, 2)] == [1, 2]
    assert "latest" in scene.actor._reader.block


# -- speed ----------------------------------------------------------------------------------------------


def test_fast_path_asks_three_times(scene: Scene) -> None:
    batches: list[int] = []
    real = scene.node.batch

    def count(requests: list[tuple[str, list[object]]]) -> list[object]:
        batches.append(len(requests))
        return real(requests)

    scene.node.batch = count  # type: ignore[assignment, method-assign]
    scene.actor.send(Tick(ballot(1).federation, 1, 2))
    assert batches == [6, 1, 1], "one look, one send, one receipt"


def test_send_takes_little_time_of_its_own(scene: Scene) -> None:
    scene.actor.send(Close(ballot(1).federation))
    begun = time.perf_counter()
    for n in range(20):
        scene.actor.send(ballot(n))
    assert (time.perf_counter() - begun) / 20 < 0.25
