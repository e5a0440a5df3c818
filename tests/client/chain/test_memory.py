"""The in-memory chain behind the Chain port: blocks, clock, receipts, outboxes, faults."""

from __future__ import annotations

import threading

import pytest
from federation_driver import REQUESTER, Driver, address, make_config
from memory_scene import driver_of, opened

from minerva.chain.memory import START, MemoryChain
from minerva.chain.port import Actor, Chain, Receipt, Watch
from minerva.errors import (
    ChainError,
    ChainUnreachable,
    ContractReverted,
    InsufficientFunds,
    TransactionLost,
    WrongChain,
)
from minerva.protocol import actions as act
from minerva.protocol.events import ConsensusConfigured, FederationCreated, UpdateSubmitted
from minerva.protocol.state import Phase


@pytest.fixture
def chain() -> MemoryChain:
    return MemoryChain()


@pytest.fixture
def driver(chain: MemoryChain) -> Driver:
    return opened(chain)


def test_it_implements_the_port(chain: MemoryChain) -> None:
    ported: Chain = chain
    actor: Actor = chain.actor(REQUESTER)
    watch: Watch = ported.watch(REQUESTER)
    assert (ported.chain_id, actor.address, watch.wait(0).added) == (31337, REQUESTER, ())


# Blocks and clock


def test_each_transaction_is_a_block_with_its_logs(chain: MemoryChain) -> None:
    config = make_config(chain.proof_of_work)
    before = chain.head()
    receipt = chain.actor(REQUESTER).send(act.CreateFederation(chain.factory, config, "one"))
    head = chain.head()
    assert (head.number, head.timestamp) == (before.number + 1, START)
    log, *granted, configured = receipt.logs
    assert isinstance(log.event, FederationCreated)
    assert configured.event == ConsensusConfigured(log.event.federation, config.consensus_parameters)
    assert (log.emitter, log.block_number, log.block_hash) == (chain.factory, head.number, head.hash)
    assert (log.log_index, log.timestamp, log.transaction) == (0, START, receipt.transaction)
    assert chain.federations() == (log.event.federation,)
    assert chain.logs(log.event.federation) == [log, *granted, configured]
    assert chain.receipt(receipt.transaction) == receipt


def test_block_hashes_differ(chain: MemoryChain) -> None:
    hashes = {chain.head().hash}
    for _ in range(5):
        chain.mine()
        hashes.add(chain.head().hash)
    assert len(hashes) == 6


def test_time_stands_still_until_it_is_advanced(chain: MemoryChain, driver: Driver) -> None:
    deadline = chain.state(driver.federation).deadline
    assert not chain.due(driver.federation)
    chain.advance(deadline - chain.now())
    assert (chain.now(), chain.head().timestamp) == (deadline, deadline)
    assert chain.due(driver.federation)


def test_time_may_follow_a_clock(chain: MemoryChain) -> None:
    seconds = [100.0]
    chain = MemoryChain(clock=lambda: seconds[0])
    seconds[0] = 102.7
    assert chain.now() == 102
    chain.advance(10)
    seconds[0] = 50.0  # a clock that is set back never moves the chain back
    assert chain.now() == 112


# Receipts, intents and refusals


def test_an_intent_takes_effect_once(chain: MemoryChain, driver: Driver) -> None:
    update = act.SubmitUpdate(
        driver.federation, driver.contract(0), 1, make_config(address(1)).model, 9, 1, 9, 2, 1
    )
    actor = chain.actor(driver.device(0))
    first, height = actor.send(update), chain.head().number
    assert actor.send(update) == first
    assert chain.actor(driver.device(0)).send(update) == first  # after a restart, too
    assert chain.head().number == height
    assert chain.pool(driver.contract(0), 1).count == 1


def test_a_refusal_costs_nothing_and_mines_nothing(chain: MemoryChain, driver: Driver) -> None:
    before = (chain.head(), chain.balance(REQUESTER), chain.state(driver.federation))
    with pytest.raises(ContractReverted) as caught:
        driver.tick()
    assert (caught.value.name, caught.value.arguments[:2]) == ("FederationNothingDue", (1, Phase.TRAINING))
    assert (chain.head(), chain.balance(REQUESTER), chain.state(driver.federation)) == before


def test_a_refused_intent_may_be_sent_again(chain: MemoryChain, driver: Driver) -> None:
    s = chain.state(driver.federation)
    tick = act.Tick(driver.federation, 1, s.deadline)
    actor = chain.actor(REQUESTER)
    with pytest.raises(ContractReverted):
        actor.send(tick)
    chain.advance(60)
    assert actor.send(tick).logs


def test_transactions_cost_their_gas(chain: MemoryChain, driver: Driver) -> None:
    device = driver.device(0)
    before = chain.balance(device)
    update = act.SubmitUpdate(
        driver.federation, driver.contract(0), 1, make_config(address(1)).model, 9, 1, 9, 2, 1
    )
    receipt = chain.actor(device).send(update)
    assert receipt.fee_wei == receipt.gas_used * 10**9 > 0
    assert chain.balance(device) == before - receipt.fee_wei


def test_an_empty_account_cannot_send(chain: MemoryChain, driver: Driver) -> None:
    chain.fund(driver.device(0), 5)
    with pytest.raises(InsufficientFunds, match="5 of"):
        driver.submit(0)
    chain.fund(driver.device(0), 10**18)
    driver.submit(0)


def test_many_are_sent_in_order_with_a_result_for_each(chain: MemoryChain, driver: Driver) -> None:
    s = chain.state(driver.federation)
    actor = chain.actor(driver.owner(0))
    results = actor.send_many(
        [
            act.SetEndpoint(driver.federation, driver.contract(0), "https://here"),
            act.Tick(driver.federation, 1, s.deadline),
            act.LeaveMiner(driver.federation, 1),
        ]
    )
    assert [type(result) for result in results] == [Receipt, ContractReverted, Receipt]
    assert chain.miners(driver.federation)[0].endpoint == "https://here"
    assert chain.state(driver.federation).leaving == 0b01


def test_settling_mines_until_all_lies_deep_enough(chain: MemoryChain, driver: Driver) -> None:
    driver.submit(0)
    block = chain.head().number
    actor = chain.actor(driver.device(0))
    actor.settle(3)
    assert chain.head().number == block + 3
    actor.settle(2)
    assert chain.head().number == block + 3


def test_unknown_addresses_and_transactions_are_told(chain: MemoryChain) -> None:
    with pytest.raises(WrongChain):
        chain.requester(address(5))
    with pytest.raises(WrongChain):
        chain.pool(address(5), 1)
    with pytest.raises(ChainError, match="no such transaction"):
        chain.receipt(bytes(32))


# Faults


def test_a_fault_comes_once_and_where_it_was_ordered(chain: MemoryChain, driver: Driver) -> None:
    chain.fail_next(ChainUnreachable("no answer"), call="state")
    assert chain.config(driver.federation)
    with pytest.raises(ChainUnreachable):
        chain.state(driver.federation)
    assert chain.state(driver.federation).round == 1


def test_faults_may_hit_any_call_and_several(chain: MemoryChain, driver: Driver) -> None:
    chain.fail_next(ChainUnreachable("no answer"), times=2)
    for _ in range(2):
        with pytest.raises(ChainUnreachable):
            chain.head()
    assert chain.head()


def test_a_lost_receipt_is_found_again(chain: MemoryChain, driver: Driver) -> None:
    chain.fail_next(TransactionLost("no receipt"), call="receipt")
    with pytest.raises(TransactionLost):
        driver.submit(0)
    height = chain.head().number
    driver.submit(0)
    assert chain.head().number == height
    assert chain.pool(driver.contract(0), 1).count == 1


def test_a_watch_may_fail(chain: MemoryChain, driver: Driver) -> None:
    watch = chain.watch(driver.federation)
    chain.fail_next(ChainUnreachable("no answer"), call="wait")
    with pytest.raises(ChainUnreachable):
        watch.wait(1)
    assert watch.wait(1).added


def test_threads_act_at_once(chain: MemoryChain) -> None:
    driver = driver_of(chain)
    driver.found(make_config(chain.proof_of_work))
    driver.populate(miners=2, devices_each=20)
    driver.tick()
    threads = [threading.Thread(target=driver.submit, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pools = [chain.pool(driver.contract(miner), 1) for miner in (0, 1)]
    assert [(pool.count, pool.outstanding) for pool in pools] == [(20, 0), (20, 0)]
    places = [
        log.event.index for log in chain.logs(driver.federation) if isinstance(log.event, UpdateSubmitted)
    ]
    assert sorted(places) == sorted([*range(20), *range(20)])
