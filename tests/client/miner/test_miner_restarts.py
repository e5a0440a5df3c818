"""Restarts, re-organisations and outages: nothing is done twice, nothing is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from federation_driver import pow_parameters
from miner_scene import Scene, eventually

from minerva.chain.memory_ledger import Transaction
from minerva.chain.rpc import RpcError
from minerva.errors import ChainError, ChainUnreachable, StoreUnreachable, TransactionLost, WrongChain
from minerva.miner.daemon import Miner
from minerva.protocol import actions as act
from minerva.protocol.cid import Cid
from minerva.protocol.events import Attested, BallotCast, BlockProposed, MinerJoined
from minerva.protocol.state import Phase, Status
from minerva.store.memory import MemoryStore
from minerva.verification.audit import audit

MakeScene = Callable[..., Scene]


def events(scene: Scene, kind: type) -> list[Any]:
    return [log.event for log in scene.chain.logs(scene.federation) if isinstance(log.event, kind)]


def assert_derivable(scene: Scene) -> None:
    report = audit(scene.chain, scene.store, scene.federation, timeout=0.5)
    assert report.ok, report.first_difference


def restart(scene: Scene, number: int, **settings: Any) -> Miner:
    scene.end(number)
    return scene.start(number, **settings)


# -- restarts --------------------------------------------------------------------------------------------


def test_restarted_in_training_it_votes_on_all_updates(scene: Scene) -> None:
    scene.start_all()
    scene.await_round(1)
    for device in range(3):
        scene.submit(device)
    restart(scene, 0)
    for device in range(3, 6):
        scene.submit(device)
    scene.await_height(1)
    assert all(event.verdicts == b"\xff" * 6 for event in events(scene, BallotCast))
    assert_derivable(scene)


def test_restarted_after_its_ballot_it_does_not_vote_again(scene: Scene) -> None:
    scene.start(0)
    scene.await_round(1)
    scene.submit_all()
    eventually(lambda: scene.state.voted == 1)
    miner = restart(scene, 0)
    eventually(lambda: miner.status.waiting.what == "the ballots of 2 miners")
    scene.start(1)
    scene.start(2)
    scene.await_height(1)
    assert sorted(event.index for event in events(scene, BallotCast)) == [0, 1, 2]


def test_restarted_in_mining_it_derives_and_proposes(scene: Scene) -> None:
    for number in range(3):
        scene.start(number, search_threads=0)
    scene.await_round(1)
    scene.submit_all()
    scene.await_phase(Phase.MINING)
    restart(scene, 1)
    scene.await_height(1)
    assert events(scene, BlockProposed)[-1].index == 1
    assert_derivable(scene)


def test_restarted_as_proposer_it_proposes_once_and_goes_on(scene: Scene) -> None:
    scene.start(0)
    scene.await_round(1)
    scene.submit_all()
    eventually(lambda: scene.state.voted == 1)
    scene.driver.vote(1)
    scene.driver.vote(2)
    scene.await_phase(Phase.ATTESTATION)
    miner = restart(scene, 0)
    eventually(lambda: "attestations" in miner.status.waiting.what)
    scene.driver.attest(1)
    scene.await_height(1)
    assert len(events(scene, BlockProposed)) == 1
    eventually(lambda: miner.status.round == 2)
    scene.submit_all()
    eventually(lambda: scene.state.voted == 1)  # base and rates come from the store


def test_restarted_in_attestation_it_compares_before_it_attests(scene: Scene) -> None:
    scene.start(0)
    scene.await_round(1)
    scene.submit_all()
    eventually(lambda: scene.state.voted == 1)
    scene.driver.vote(1)
    scene.driver.vote(2)
    scene.await_phase(Phase.ATTESTATION)
    scene.start(1)
    scene.await_height(1)
    assert [(event.index, event.approve) for event in events(scene, Attested)] == [(1, True)]


def test_restarted_between_rounds_it_has_the_whole_diary(scene: Scene) -> None:
    scene.start_all()
    scene.play(1)
    scene.play(2)
    scene.await_round(3)
    eventually(lambda: scene.running[2].ledger.rows("SELECT * FROM blocks WHERE agreed AND number = 2"))
    before = scene.running[2].ledger.rows("SELECT * FROM updates")
    miner = restart(scene, 2)
    scene.play(3)
    assert miner.ledger.rows("SELECT * FROM updates WHERE round < 3") == before
    assert all(row["agreed"] for row in miner.ledger.rows("SELECT agreed FROM blocks WHERE number < 3"))


def test_a_fresh_ledger_is_filled_from_the_chain(scene: Scene) -> None:
    scene.start_all()
    scene.play(1)
    scene.await_round(2)
    scene.end(2)
    for file in (scene.folder / "miner-2").glob("miner.sqlite*"):
        file.unlink()
    miner = scene.start(2)
    eventually(lambda: len(miner.ledger.rows("SELECT * FROM updates WHERE accepted")) == 6)
    eventually(lambda: len(miner.ledger.rows("SELECT * FROM blocks")) == 1)


@pytest.mark.parametrize("error", [TransactionLost("lost"), ChainUnreachable("gone")])
def test_a_receipt_that_never_came_is_asked_for_again(scene: Scene, error: Exception) -> None:
    scene.start(0)
    scene.await_round(1)
    scene.chain.fail_next(error, call="receipt", times=2)
    for device in range(6):
        try:
            scene.submit(device)
        except type(error):
            continue
    scene.start(1)
    scene.start(2)
    scene.await_height(1)
    assert len(events(scene, BallotCast)) == 3


# -- re-organisations ------------------------------------------------------------------------------------


def drop(*kinds: type) -> Callable[[Transaction], bool]:
    return lambda transaction: not isinstance(transaction.action, kinds)


def test_ballots_that_a_reorganisation_dropped_are_cast_again(scene: Scene) -> None:
    for number in range(3):
        scene.start(number, search_threads=0)
    scene.await_round(1)
    scene.submit_all()
    scene.await_phase(Phase.MINING)
    assert scene.chain.reorg(3, keep=drop(act.Vote))
    scene.await_phase(Phase.MINING)
    restart(scene, 0)
    scene.await_height(1)
    assert_derivable(scene)


def test_an_update_that_a_reorganisation_dropped_changes_the_ballots(scene: Scene) -> None:
    for number in range(3):
        scene.start(number, search_threads=0, tick_delay_seconds=5.0)  # blocks: updates, ballots
    scene.await_round(1)
    scene.submit_all()
    scene.await_phase(Phase.MINING)
    lost = scene.driver.device(4)
    scene.chain.reorg(5, keep=lambda t: t.sender != lost and not isinstance(t.action, act.Vote))
    eventually(lambda: scene.state.phase is Phase.TRAINING)
    scene.submit(4, scene.content(4, seed=99), samples=50, compute_us=50)
    scene.await_phase(Phase.MINING)
    restart(scene, 1)
    scene.await_height(1)
    assert_derivable(scene)


def test_a_block_that_a_reorganisation_dropped_is_made_again(scene: Scene) -> None:
    miners = scene.start_all()
    scene.play(1)
    scene.await_round(2)
    eventually(lambda: all(miner.status.round == 2 for miner in miners))
    scene.chain.reorg(2, keep=drop(act.Attest, act.Propose))
    scene.await_height(1)
    scene.await_round(2)
    scene.submit_all()
    scene.await_height(2)
    assert_derivable(scene)
    for miner in miners:
        eventually(lambda miner=miner: len(miner.ledger.rows("SELECT * FROM blocks")) == 2)
        heads = {row["hash"] for row in miner.ledger.rows("SELECT hash FROM blocks")}
        assert heads == {"0x" + scene.chain.block_of(scene.federation, round_).hex() for round_ in (1, 2)}


def test_members_that_a_reorganisation_dropped_join_again(make_scene: MakeScene) -> None:
    """Before the first round nothing else is to be done that would bring what was lost back."""
    scene = make_scene(min_devices=7)
    miners = scene.start_all()
    eventually(lambda: all(miner.status.index is not None for miner in miners))
    created = next(
        log.block_number for log in scene.chain.logs(scene.federation) if isinstance(log.event, MinerJoined)
    )
    scene.chain.reorg(
        scene.chain.head().number - created + 1, keep=drop(act.RegisterMiner, act.RegisterDevice)
    )
    scene.chain.mine()
    eventually(lambda: len(scene.chain.miners(scene.federation)) == 3)
    eventually(lambda: all(miner.status.index is not None for miner in miners))


def test_a_reorganisation_while_it_was_away_is_noticed(scene: Scene) -> None:
    scene.start(0)
    scene.await_round(1)
    scene.submit_all()
    eventually(lambda: scene.state.voted == 1)
    scene.end(0)
    scene.chain.reorg(4, keep=drop(act.SubmitUpdate, act.Vote))
    miner = scene.start(0)
    eventually(lambda: miner.status.round == 1)
    eventually(lambda: len(miner.ledger.rows("SELECT * FROM updates")) == 3)
    assert miner.ledger.rows("SELECT * FROM ballots") == []


# -- outages ---------------------------------------------------------------------------------------------


class Outage(MemoryStore):
    """The scene's store behind a node that may be down."""

    def __init__(self, inner: MemoryStore) -> None:
        super().__init__()
        self.inner, self.down = inner, False

    def _up(self) -> MemoryStore:
        if self.down:
            raise StoreUnreachable("no IPFS node answers", value="here")
        return self.inner

    def put(self, data: bytes) -> Cid:
        return self._up().put(data)

    def get(self, cid: Cid, *, max_bytes: int, timeout: float) -> bytes:
        return self._up().get(cid, max_bytes=max_bytes, timeout=timeout)

    def pin(self, cid: Cid, *, timeout: float) -> None:
        self._up().pin(cid, timeout=timeout)

    def health(self) -> Any:
        return self._up().health()


def test_a_store_that_is_down_at_the_start_is_an_error(scene: Scene) -> None:
    store = Outage(scene.store)
    store.down = True
    with pytest.raises(StoreUnreachable):
        scene.start(0, store=store)


@pytest.mark.parametrize("phase", [Phase.TRAINING, Phase.MINING])
def test_a_store_that_is_down_for_a_while_is_waited_for(scene: Scene, phase: Phase) -> None:
    stores = [Outage(scene.store) for _ in range(3)]
    for number in range(3):
        scene.start(number, store=stores[number], search_threads=0, cache_bytes=0)
    scene.await_round(1)
    if phase is Phase.TRAINING:
        for store in stores:
            store.down = True
    scene.submit_all()
    if phase is Phase.MINING:
        scene.await_phase(Phase.MINING)
        for store in stores:
            store.down = True
    else:
        scene.await_phase(Phase.VERIFICATION)
    eventually(lambda: not any(c.ok for c in scene.running[0].miner.checks() if c.name == "store"))
    for store in stores:
        store.down = False
    scene.await_phase(Phase.MINING)
    scene.end(0)
    scene.start(0, store=stores[0])
    scene.await_height(1)
    assert all(set(event.verdicts) == {255} for event in events(scene, BallotCast))
    assert_derivable(scene)


def test_a_miner_without_the_bytes_abstains(scene: Scene) -> None:
    store = Outage(scene.store)
    scene.start(0)
    scene.start(1, search_threads=0)
    lacking = scene.start(2, store=store, search_threads=0, cache_bytes=0)
    scene.await_round(1)
    eventually(lambda: lacking.status.round == 1)
    scene.end(0)
    scene.end(1)
    store.down = True
    scene.submit_all()
    scene.await_phase(Phase.VERIFICATION)
    scene.chain.advance(20)
    eventually(lambda: scene.state.voted == 0b100)  # all unavailable
    for number in (0, 1):
        scene.driver.vote(number)
    scene.start(0)
    scene.await_phase(Phase.ATTESTATION)
    eventually(lambda: "abstains" in lacking.status.waiting.what)
    assert events(scene, Attested) == []
    store.down = False
    scene.await_height(1)  # it can tell now
    assert [(event.index, event.approve) for event in events(scene, Attested)] == [(2, True)]


def test_a_chain_that_does_not_answer_is_waited_for(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    miner = scene.start_all()[0]
    scene.await_round(1)
    eventually(lambda: miner.status.round == 1)
    with caplog.at_level(logging.ERROR):
        scene.chain.fail_next(ChainUnreachable("no answer from the node"), call="wait", times=4)
        scene.submit_all()
        scene.await_height(1)
    assert any("no answer from the node" in record.message for record in caplog.records)


@pytest.mark.parametrize("times", [2, 9])
@pytest.mark.parametrize("error", [RpcError("eth_getLogs", -32000, "header not found"), ChainError("odd")])
def test_errors_of_the_node_in_a_row_are_waited_out(scene: Scene, error: ChainError, times: int) -> None:
    miner = scene.start_all()[0]
    scene.await_round(1)
    eventually(lambda: all(running.miner.status.round == 1 for running in scene.running.values()))
    scene.chain.fail_next(error, call="wait", times=3 * times)
    scene.submit_all()
    scene.await_height(1)
    assert all(running.error is None and running.thread.is_alive() for running in scene.running.values())
    eventually(lambda: miner.status.round == 2)


def test_another_chain_in_the_nodes_place_ends_the_miner(scene: Scene) -> None:
    miner = scene.start(0)
    eventually(lambda: miner.status.round == 1)
    scene.chain.fail_next(WrongChain("another chain"), call="wait")
    eventually(lambda: isinstance(scene.running[0].error, WrongChain))


def test_difficulty_falls_until_somebody_finds_a_proof(make_scene: MakeScene) -> None:
    scene = make_scene(consensus_parameters=pow_parameters(1 << 40, 1), max_extensions=10, mining_seconds=30)
    scene.start_all()
    scene.await_round(1)
    scene.submit_all()
    scene.await_phase(Phase.MINING)
    before = scene.chain.difficulty(scene.federation)
    for _ in range(10):
        scene.chain.advance(30)
        eventually(
            lambda: scene.state.status is not Status.RUNNING or scene.state.deadline > scene.chain.now()
        )
        if scene.chain.difficulty(scene.federation) < 1 << 22:
            break
    scene.await_height(1)
    assert scene.chain.difficulty(scene.federation) < before
