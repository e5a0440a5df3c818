"""Miners sign what they say of candidates, and stay with it through time-outs, restarts and re-organisations."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from federation_driver import pow_parameters
from miner_scene import eventually
from signing_scene import KEYS, MakeSigning, SigningScene

from minerva.chain.memory_ledger import Transaction
from minerva.errors import ChainError, MinervaError
from minerva.miner.protection import Protection
from minerva.miner.signing import Signing
from minerva.protocol import actions as act
from minerva.protocol.events import BlockProposed
from minerva.protocol.evidence import Signed
from minerva.protocol.state import NO_STAKE, Phase
from minerva.protocol.statements import StatementKind


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakeSigning]:
    scenes: list[SigningScene] = []

    def make(**options: Any) -> SigningScene:
        scenes.append(SigningScene(tmp_path / f"scene-{len(scenes)}", **options))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.close()


@pytest.fixture
def scene(make: MakeSigning) -> SigningScene:
    return make()


def assert_consistent(statements: list[Signed]) -> None:
    assert not any(a.statement.contradicts(b.statement) for a, b in combinations(statements, 2))


def drop(*kinds: type) -> Callable[[Transaction], bool]:
    return lambda transaction: not isinstance(transaction.action, kinds)


def to_mining(scene: SigningScene, *, voting: tuple[int, ...] = (1, 2)) -> None:
    """Miner 0 runs; the test votes for the others."""
    scene.await_round(1)
    scene.submit_all()
    eventually(lambda: scene.state.voted & 1)
    for number in voting:
        scene.driver.vote(number)


def time_out(scene: SigningScene) -> None:
    """Let the running phase's deadline pass, and somebody tick."""
    s = scene.state
    scene.chain.advance(s.deadline - scene.chain.now())
    eventually(lambda: (scene.state.phase, scene.state.deadline) != (s.phase, s.deadline))


def until_proposed(scene: SigningScene) -> None:
    """Let Mining time out until the puzzle is easy enough."""
    for _ in range(10):
        time_out(scene)
        easy = scene.chain.difficulty(scene.federation) < 1 << 24
        if easy or scene.state.phase is Phase.ATTESTATION:
            break
    scene.await_phase(Phase.ATTESTATION)


# -- what is signed ----------------------------------------------------------------------------------------


def test_the_proposer_and_the_attesters_sign(scene: SigningScene) -> None:
    """S7: each with its key, for the federation's vault, of the block that became final."""
    scene.start_all()
    scene.play(1)
    (proposal,) = scene.events(BlockProposed)
    for number in range(3):
        kind = StatementKind.PROPOSED if number == proposal.index else StatementKind.APPROVED
        if kind is StatementKind.APPROVED and not scene.attested(number):
            continue  # the other's approval was enough
        said = scene.said(number)
        assert (kind, proposal.hash) in [(one.statement.kind, one.statement.candidate) for one in said]
        assert all(one.by_key(scene.chain.chain_id, scene.vault) for one in said)
        assert_consistent(said)


def test_a_candidate_that_is_not_the_derived_one_is_rejected_in_writing(scene: SigningScene) -> None:
    scene.start(0, search_threads=0)
    to_mining(scene)
    scene.driver.propose(1)
    eventually(lambda: scene.attested(0) == [False])
    (said,) = scene.said(0)
    assert said.statement.kind is StatementKind.REJECTED


def test_without_a_vault_nothing_is_signed_and_all_is_written_down(
    make: MakeSigning,
) -> None:
    scene = make(stake=NO_STAKE)
    miner = scene.start(0)
    to_mining(scene)
    scene.await_phase(Phase.ATTESTATION)
    assert scene.said(0) == []
    header = scene.events(BlockProposed)[0].header
    assert miner._protection.proposed((1, header.parent, header.updates_root, header.ballots_root)) == header


# -- candidates --------------------------------------------------------------------------------------------


def test_after_a_time_out_the_same_candidate_is_proposed_again(make: MakeSigning) -> None:
    """S7: whoever proposes again in a round proposes the same; the next nonce would be an offence."""
    scene = make(max_candidates=4, consensus_parameters=pow_parameters(50, 1))
    scene.start(0)
    to_mining(scene)
    for turn in range(3):
        eventually(lambda turn=turn: len(scene.proposed()) == turn + 1)
        if turn < 2:
            time_out(scene)
    assert len(set(scene.proposed())) == 1
    assert len(scene.said(0)) == 1
    scene.driver.attest(1, turn=2)
    scene.await_height(1)


def test_a_rejected_candidate_is_not_proposed_again(make: MakeSigning) -> None:
    """P5: its proposer is barred, and nothing else is signed."""
    scene = make(max_candidates=4)
    miner = scene.start(0)
    to_mining(scene)
    scene.await_phase(Phase.ATTESTATION)
    scene.driver.attest(1, False)
    scene.driver.attest(2, False)
    scene.await_phase(Phase.MINING)
    eventually(lambda: "its own was rejected" in miner.status.waiting.what)
    assert len(scene.proposed()) == len(scene.said(0)) == 1


def test_after_a_reorganisation_the_same_candidate_is_proposed(scene: SigningScene) -> None:
    scene.start(0)
    to_mining(scene)
    scene.await_phase(Phase.ATTESTATION)
    before = scene.proposed()
    scene.end(0)  # its outbox would send the same transaction again, whatever this tests
    scene.chain.reorg(1, keep=drop(act.Propose))
    assert scene.proposed() == []
    scene.chain._node._outboxes.clear()
    scene.start(0)
    eventually(scene.proposed)
    assert scene.proposed() == before


def test_a_puzzle_that_a_reorganisation_made_harder_is_waited_for(make: MakeSigning) -> None:
    """W4: the candidate signed before solves the easier one only, and another is not signed."""
    scene = make(consensus_parameters=pow_parameters(1 << 40, 1), max_extensions=10, max_candidates=20)
    scene.start(0)
    to_mining(scene)
    scene.await_phase(Phase.MINING)
    closed = scene.chain.head().number
    until_proposed(scene)
    before = scene.proposed()
    scene.end(0)
    scene.chain.reorg(scene.chain.head().number - closed, keep=drop(act.Propose, act.Tick))
    scene.chain._node._outboxes.clear()
    assert scene.chain.difficulty(scene.federation) == 1 << 40
    miner = scene.start(0)
    eventually(lambda: "an easier puzzle" in miner.status.waiting.what)
    until_proposed(scene)
    assert set(scene.proposed()) == set(before)


def test_a_lost_record_is_taken_from_the_chain(make: MakeSigning) -> None:
    """Only what was mined: the operator must never rely on it."""
    scene = make(max_candidates=4, consensus_parameters=pow_parameters(50, 1))
    scene.start(0)
    to_mining(scene)
    scene.await_phase(Phase.ATTESTATION)
    scene.end(0)
    shutil.rmtree(scene.folder / "miner-0")
    scene.start(0)
    time_out(scene)
    eventually(lambda: len(scene.proposed()) == 2)
    assert len(set(scene.proposed())) == 1


# -- attestations ------------------------------------------------------------------------------------------


def test_an_attestation_is_repeated_and_never_flips(make: MakeSigning) -> None:
    scene = make(max_candidates=4)
    scene.start(0, search_threads=0)
    to_mining(scene)
    header = scene.driver.header(1)
    scene.driver.perform(act.Propose(scene.federation, header), KEYS[1].address)
    eventually(lambda: scene.attested(0) == [False])
    time_out(scene)
    scene.driver.perform(act.Propose(scene.federation, header, 1), KEYS[1].address)
    eventually(lambda: scene.attested(0) == [False, False])
    assert len(scene.said(0)) == 1


def test_who_signed_the_opposite_abstains(scene: SigningScene) -> None:
    miner = scene.start(0, search_threads=0)
    to_mining(scene)
    header = scene.driver.header(1)
    eventually(lambda: miner.status.phase == "Mining")
    miner._protection.attest(header.hash(), 1, True)
    scene.driver.perform(act.Propose(scene.federation, header), KEYS[1].address)
    eventually(lambda: "abstains" in miner.status.waiting.what)
    assert scene.attested(0) == []


# -- killed at every step ----------------------------------------------------------------------------------


def kill_at(monkeypatch: pytest.MonkeyPatch, step: str, what: str) -> list[Any]:
    """Let everything that comes after a step of signing be lost, until the list is emptied; it says what came before."""
    killed: list[Any] = []
    if step == "recorded":
        original = getattr(Protection, what)

        def recorded(self: Protection, *arguments: Any) -> None:
            original(self, *arguments)
            killed.append(arguments[0])
            raise MinervaError("killed")

        monkeypatch.setattr(Protection, what, recorded)
    else:
        original = getattr(Signing, what)

        def signed(self: Signing, action: Any, *arguments: Any) -> None:
            original(self, action, *arguments)
            killed.append(action)
            raise MinervaError("killed")

        monkeypatch.setattr(Signing, what, signed)
    return killed


@pytest.mark.parametrize("step", ["recorded", "signed"])
def test_killed_while_it_proposes_it_proposes_the_same(
    scene: SigningScene, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as patch:
        killed = kill_at(patch, step, "propose")
        scene.start(0)
        to_mining(scene)
        eventually(lambda: killed)
        scene.end(0)
    scene.start(0)
    scene.await_phase(Phase.ATTESTATION)
    header = killed[0] if step == "recorded" else killed[0].header
    assert scene.proposed() == [header.hash()]
    eventually(lambda: scene.said(0))
    assert_consistent(scene.said(0))


@pytest.mark.parametrize("step", ["recorded", "signed"])
def test_killed_while_it_attests_it_attests_the_same(
    scene: SigningScene, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with monkeypatch.context() as patch:
        killed = kill_at(patch, step, "attest")
        scene.start(0, search_threads=0)
        to_mining(scene)
        scene.driver.propose(1)
        eventually(lambda: killed)
        scene.end(0)
    scene.start(0, search_threads=0)
    eventually(lambda: scene.attested(0) == [False])
    assert [said.statement.kind for said in scene.said(0)] == [StatementKind.REJECTED]


def test_killed_after_sending_it_says_nothing_else(scene: SigningScene) -> None:
    scene.start(0)
    to_mining(scene)
    scene.chain.fail_next(ChainError("killed"), call="receipt")
    scene.await_phase(Phase.ATTESTATION)
    scene.end(0)
    scene.start(0)
    eventually(lambda: scene.running[0].miner.status.phase == "Attestation")
    assert len(scene.proposed()) == 1
    assert len(scene.said(0)) == 1
