"""Re-organisations of the in-memory chain."""

from __future__ import annotations

import pytest
from federation_driver import Driver, make_config

from minerva.chain.memory import MemoryChain
from minerva.errors import ChainError, ContractReverted
from minerva.protocol.events import UpdateSubmitted
from minerva.protocol.state import Phase


@pytest.fixture
def chain() -> MemoryChain:
    return MemoryChain()


@pytest.fixture
def driver(chain: MemoryChain) -> Driver:
    """Round 1 is open for one miner with two devices, which have submitted in the last two blocks."""
    driver = Driver(
        lambda action, sender: [log.event for log in chain.actor(sender).send(action).logs], chain
    )
    driver.found(make_config(chain.proof_of_work))
    driver.populate(miners=1, devices_each=2)
    driver.tick()
    driver.submit(0)
    driver.submit(1)
    return driver


def test_transactions_run_again_in_other_blocks(chain: MemoryChain, driver: Driver) -> None:
    height, state, pool = chain.head(), chain.state(driver.federation), chain.pool(driver.contract(0), 1)
    logs = chain.logs(driver.federation)
    assert chain.reorg(2) == []
    assert chain.head().number == height.number
    assert chain.head().hash != height.hash
    assert (chain.state(driver.federation), chain.pool(driver.contract(0), 1)) == (state, pool)
    again = chain.logs(driver.federation)
    assert [log.event for log in again] == [log.event for log in logs]
    assert [log.transaction for log in again] == [log.transaction for log in logs]
    assert again[:-2] == logs[:-2] and again[-1].block_hash != logs[-1].block_hash


def test_dropped_transactions_are_gone(chain: MemoryChain, driver: Driver) -> None:
    height, balance = chain.head().number, chain.balance(driver.device(1))
    (dropped,) = chain.reorg(1, keep=lambda transaction: False)
    assert dropped.sender == driver.device(1)
    assert chain.head().number == height
    assert chain.pool(driver.contract(0), 1).count == 1
    assert chain.balance(driver.device(1)) == balance + dropped.fee_wei
    with pytest.raises(ChainError, match="no such transaction"):
        chain.receipt(dropped.hash)


def test_another_order_is_another_history(chain: MemoryChain, driver: Driver) -> None:
    head = chain.pool(driver.contract(0), 1).head
    chain.reorg(2, keep=lambda transaction: transaction.sender == driver.device(1))
    driver.submit(0)
    assert chain.pool(driver.contract(0), 1).head != head
    updates = [log.event for log in chain.logs(driver.federation) if isinstance(log.event, UpdateSubmitted)]
    assert [(update.device, update.index) for update in updates] == [
        (driver.device(1), 0),
        (driver.device(0), 1),
    ]


def test_a_watch_sees_what_was_taken_back_and_what_came_instead(chain: MemoryChain, driver: Driver) -> None:
    watch = chain.watch(driver.federation)
    before = watch.wait(0).added
    chain.reorg(2, keep=lambda transaction: transaction.sender == driver.device(0))
    change = watch.wait(0)
    assert change.removed == before[-2:]
    (log,) = change.added
    assert log.event == before[-2].event and log.block_hash != before[-2].block_hash
    assert watch.wait(0).removed == ()


def test_a_watch_that_saw_none_of_it_sees_no_reorganisation(chain: MemoryChain, driver: Driver) -> None:
    watch = chain.watch(driver.federation)
    chain.reorg(2)
    change = watch.wait(0)
    assert change.removed == ()
    assert list(change.added) == chain.logs(driver.federation)


def test_sending_again_after_a_drop_takes_effect_again(chain: MemoryChain, driver: Driver) -> None:
    (dropped,) = chain.reorg(1, keep=lambda _: False)
    driver.submit(1)
    assert chain.pool(driver.contract(0), 1).count == 2
    assert chain.receipt(dropped.hash).logs


def test_settling_sends_what_was_dropped_again(chain: MemoryChain, driver: Driver) -> None:
    chain.reorg(2, keep=lambda _: False)
    chain.actor(driver.device(1)).settle(2)
    assert chain.pool(driver.contract(0), 1).count == 1
    assert chain.device(driver.federation, driver.device(1)).submitted == 1  # type: ignore[union-attr]


def test_recovering_returns_the_new_receipts(chain: MemoryChain, driver: Driver) -> None:
    actor = chain.actor(driver.device(1))
    assert actor.recover() == []
    (dropped,) = chain.reorg(1, keep=lambda _: False)
    (receipt,) = actor.recover()
    assert (receipt.transaction, receipt.block_number) == (dropped.hash, chain.head().number)


def test_settling_tells_what_is_refused_by_now_and_gives_it_up(chain: MemoryChain, driver: Driver) -> None:
    chain.reorg(1, keep=lambda _: False)
    chain.advance(60)
    driver.tick()
    actor = chain.actor(driver.device(1))
    with pytest.raises(ContractReverted) as caught:
        actor.settle(1)
    assert caught.value.arguments == (1, Phase.VERIFICATION, Phase.TRAINING)
    actor.settle(1)
    assert actor.recover() == []


def test_what_no_longer_follows_is_dropped(chain: MemoryChain, driver: Driver) -> None:
    driver.tick()  # closes Training, which needs both updates
    dropped = chain.reorg(2, keep=lambda transaction: transaction.sender != driver.device(1))
    assert len(dropped) == 2
    assert chain.state(driver.federation).phase is Phase.TRAINING


def test_reorganisations_may_follow_one_another(chain: MemoryChain, driver: Driver) -> None:
    watch = chain.watch(driver.federation)
    watch.wait(0)
    chain.reorg(1)
    chain.reorg(2)
    chain.mine(2)
    chain.reorg(1)
    change = watch.wait(0)
    assert len(change.removed) == len(change.added) == 2
    assert chain.pool(driver.contract(0), 1).count == 2


def test_more_blocks_than_there_are_cannot_be_taken_back(chain: MemoryChain) -> None:
    with pytest.raises(ValueError, match="cannot take back"):
        chain.reorg(1)
