"""Re-organisations under what was sent, and several actions at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from actor_scene import FEDERATION, REVERT, Scene, ballot, data_of, effects, quick_scene

from minerva.chain.rpc import RpcError
from minerva.errors import ContractReverted, TransactionLost, WrongChain


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    yield from quick_scene(tmp_path, monkeypatch)


# -- re-organisations -----------------------------------------------------------------------------------


def test_settle_puts_back_what_a_reorg_dropped(scene: Scene) -> None:
    before = [scene.actor.send(ballot(n)).transaction for n in (1, 2, 3)]
    scene.node.drop(2)
    scene.actor.settle(0, timeout=5)
    assert scene.node.effects == effects(*(ballot(n) for n in (1, 2, 3)))
    assert [scene.actor.send(ballot(n)).transaction for n in (1, 2, 3)] == before, "the same bytes"


def test_settle_waits_for_depth(scene: Scene) -> None:
    scene.actor.send(ballot(1))
    with pytest.raises(TransactionLost, match="not 3 blocks deep after 0 s"):
        scene.actor.settle(3, timeout=0.05)
    threading.Timer(0.05, lambda: [scene.node.emit() for _ in range(3)]).start()
    scene.actor.settle(3, timeout=5)
    assert scene.outbox.unsettled() == []


def test_settle_says_what_is_refused_after_a_reorg(scene: Scene) -> None:
    scene.actor.send(ballot(1))
    scene.actor.send(ballot(2))
    scene.node.drop(2)
    scene.node.refuse = lambda data: REVERT if data == data_of(ballot(1)) else None
    with pytest.raises(ContractReverted, match="FederationAlreadyVoted"):
        scene.actor.settle(0, timeout=5)
    assert scene.node.effects == effects(ballot(2))
    scene.actor.settle(0, timeout=5)


def test_next_action_closes_the_gap_that_a_reorg_left(scene: Scene) -> None:
    scene.actor.send(ballot(1))
    scene.actor.send(ballot(2))
    scene.node.drop(2)
    scene.actor.send(ballot(3))
    assert scene.node.effects == effects(*(ballot(n) for n in (1, 2, 3)))


def test_action_is_simulated_on_what_was_put_back(scene: Scene) -> None:
    scene.actor.send(ballot(1))
    scene.node.drop(1)
    scene.node.refuse = lambda data: (
        REVERT if data == data_of(ballot(2)) and data_of(ballot(1)) not in scene.node.effects else None
    )
    scene.actor.send(ballot(2))
    assert scene.node.effects == effects(ballot(1), ballot(2))


def test_deep_reorg_drops_even_what_was_settled(scene: Scene) -> None:
    scene.actor.send(ballot(1))
    scene.actor.settle(0, timeout=5)
    scene.node.drop(1)
    scene.restart().send(ballot(2))
    assert scene.node.effects == effects(ballot(1), ballot(2))


def test_nonce_of_a_reverted_one_is_filled_with_nothing(scene: Scene) -> None:
    answers = iter([None, REVERT, REVERT])
    scene.node.refuse = lambda data: next(answers)
    with pytest.raises(ContractReverted):
        scene.actor.send(ballot(1))
    scene.node.refuse = lambda data: None
    scene.actor.send(ballot(2))
    scene.node.drop(2)
    scene.actor.settle(0, timeout=5)
    assert scene.node.effects == [b"", *effects(ballot(2))]
    assert scene.node.blocks[1]["tx"]["gas"] == 21_000


def test_call_that_no_contract_heard_is_made_again(scene: Scene) -> None:
    """A re-organisation may take the contract with it: what is put back before that comes back does nothing."""
    scene.actor.send(ballot(1))
    scene.node.drop(1)
    scene.node.without_code = {FEDERATION}
    scene.actor.recover()
    assert len(scene.node.blocks) == 2, "it is there, and in vain"
    with pytest.raises(WrongChain, match="there is no contract at the address"):
        scene.actor.send(ballot(1))
    scene.node.without_code = set()
    scene.actor.send(ballot(1))
    assert scene.node.effects == effects(ballot(1), ballot(1))


def test_node_that_forgot_an_old_receipt_does_not_double(scene: Scene) -> None:
    scene.actor.send(ballot(1))
    scene.actor.settle(0, timeout=5)
    scene.node.blocks[1]["hash"] = ""  # pruned: neither transaction nor receipt
    with pytest.raises(TransactionLost):
        scene.actor.send(ballot(1), timeout=0.3)
    assert len(scene.node.effects) == 1


# -- several at once ------------------------------------------------------------------------------------


def test_many_go_out_in_one_batch(scene: Scene) -> None:
    scene.node.automine = False

    def mine_when_full() -> None:
        while len(scene.node.queue) < 50:
            time.sleep(0.005)
        scene.node.mine()

    threading.Thread(target=mine_when_full, daemon=True).start()
    results = scene.actor.send_many([ballot(n) for n in range(50)], timeout=10)
    assert [r.block_number for r in results if not isinstance(r, Exception)] == list(range(1, 51))
    assert scene.node.effects == effects(*(ballot(n) for n in range(50)))


def test_one_result_for_each_in_order(scene: Scene) -> None:
    scene.node.refuse = lambda data: REVERT if data == data_of(ballot(2)) else None
    done = scene.actor.send(ballot(3))
    results = scene.actor.send_many([ballot(1), ballot(2), ballot(3), ballot(4), ballot(1)])
    assert isinstance(results[1], ContractReverted)
    assert results[2] == done and results[4] == results[0]
    assert scene.node.effects == effects(*(ballot(n) for n in (3, 1, 4)))


def test_later_one_may_depend_on_an_earlier_one(scene: Scene) -> None:
    scene.node.refuse = lambda data: (
        REVERT if data == data_of(ballot(2)) and data_of(ballot(1)) not in scene.node.effects else None
    )
    results = scene.actor.send_many([ballot(1), ballot(2)])
    assert not any(isinstance(r, Exception) for r in results)


def test_refused_one_in_a_batch_does_not_block_those_after_it(scene: Scene) -> None:
    scene.node.automine = False
    sent = scene.node.eth_sendRawTransaction
    calls = []

    def refuse_second(raw: str) -> str:
        calls.append(raw)
        if len(calls) == 2:
            raise RpcError("eth_sendRawTransaction", -32000, "no room")
        if len(calls) == 4:
            scene.node.automine = True
        return sent(raw)

    scene.node.eth_sendRawTransaction = refuse_second  # type: ignore[method-assign]
    results = scene.actor.send_many([ballot(1), ballot(2), ballot(3)], timeout=5)
    assert [type(r).__name__ for r in results] == ["Receipt", "RpcError", "Receipt"]
    assert set(scene.node.effects) == {b"", *effects(ballot(1), ballot(3))}


def test_nothing_to_send_is_no_request(scene: Scene) -> None:
    assert scene.actor.send_many([]) == []
    assert scene.node.calls == []
