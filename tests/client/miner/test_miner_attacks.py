"""Miners that cheat: with fewer than half of them malicious, the chain's model is the honest one, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from federation_driver import REQUESTER
from miner_scene import arrays, eventually
from signing_scene import KeyDriver, SigningScene

from minerva.attacks.miners import (
    AlwaysNo,
    AlwaysYes,
    Censor,
    Colluder,
    LazyVoter,
    SilentProposer,
    TwoCandidates,
    WrongModel,
    WrongRewards,
)
from minerva.chain.memory import MODULES
from minerva.miner.api import MinerServer, create_app
from minerva.miner.daemon import Miner
from minerva.protocol.actions import SetEndpoint
from minerva.protocol.events import Attested, BallotCast, BlockProposed, CandidateDropped, MiningReopened
from minerva.protocol.reward_actions import Fund
from minerva.protocol.stake import StakeTerms
from minerva.protocol.stake_actions import Deposit
from minerva.protocol.state import NO_REWARDS, NO_STAKE, Phase, RewardTerms
from minerva.verification.audit import audit

STAKE = 10_000
TERMS = StakeTerms(
    unit=1, evidence_seconds=86_400, rejected_bps=1000, equivocation_bps=5000, absence_bps=400, absences=1,
    reporter_bps=1000,
)  # fmt: skip
REWARDS = RewardTerms(
    per_round=1_000_003, data_bps=5_000, proposer_bps=1_500, ballot_bps=2_500, attester_bps=1_000,
    claim_seconds=86_400,
)  # fmt: skip
ROUNDS = 2
LIAR = 0
VICTIM = 1  # a device of the first miner


class Paying(KeyDriver):
    """Founds federations that pay."""

    def found(self, config: Any, rewards: Any = REWARDS, stake: Any = NO_STAKE) -> str:
        return super().found(config, rewards, stake)


class Turns(KeyDriver):
    """Founds federations whose miners propose in turns, by stake."""

    def found(self, config: Any, rewards: Any = NO_REWARDS, stake: Any = NO_STAKE) -> str:
        turns = replace(config, consensus=MODULES["pos"], consensus_parameters=b"")
        return super().found(turns, rewards, stake)


class Federation(SigningScene):
    """Staked and paid, with two devices for each miner, of which the last sends NaN."""

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__(folder, **{"stake": TERMS, "max_candidates": 8, **options})
        for number in range(self.state.members.bit_count()):
            owner = self.driver.owner(number)
            actor = self.chain.actor(owner)
            actor.send(Deposit(self.federation, self.vault, owner, STAKE, STAKE, at=actor.mined))
        escrow = self.chain.escrow(self.federation)
        if escrow is not None:
            requester = self.chain.actor(REQUESTER)
            requester.send(Fund(self.federation, escrow.vault, escrow.required, at=requester.mined))

    def submit_round(self) -> None:
        """The same updates whoever mines: content follows from device and round."""
        for device in range(self.devices - 1):
            self.submit(device)
        spoiled = arrays(999)
        spoiled["weight"][0, 0] = float("nan")
        self.submit(self.devices - 1, self.content(self.devices - 1, tensors=spoiled))

    def play(self, round_: int) -> None:
        self.await_round(round_)
        self.submit_round()
        self.await_height(round_)

    def model(self) -> bytes:
        return self.store.get(self.state.model, max_bytes=1 << 20, timeout=1)

    def slashed(self) -> dict[int, int]:
        """By miner, what it lost."""
        owners = [self.driver.owner(number) for number in range(self.state.members.bit_count())]
        left = {n: self.chain.stake_of(self.federation, owner).bonded for n, owner in enumerate(owners)}
        return {number: STAKE - stake for number, stake in left.items() if stake != STAKE}

    def assert_sound(self, honest: bytes) -> None:
        """The model is the honest one, and the whole chain can be derived from its logs."""
        assert self.model() == honest
        report = audit(self.chain, self.store, self.federation, timeout=0.5)
        assert report.ok, report.first_difference


MakeFederation = Callable[..., Federation]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakeFederation]:
    made: list[Federation] = []

    def build(**options: Any) -> Federation:
        made.append(Federation(tmp_path / f"scene-{len(made)}", **options))
        return made[-1]

    yield build
    for scene in made:
        scene.close()


def honest(make: MakeFederation, rounds: int = ROUNDS, **options: Any) -> bytes:
    """The model after so many rounds in which all miners are honest."""
    scene = make(**options)
    scene.start_all()
    for round_ in range(1, rounds + 1):
        scene.play(round_)
    scene.assert_sound(scene.model())
    assert scene.slashed() == {}
    model = scene.model()
    scene.close()
    return model


def attacked(make: MakeFederation, *liars: Callable[..., Miner], **options: Any) -> Federation:
    """A federation whose first miners are these, and run."""
    scene = make(**options)
    for number in range(scene.state.members.bit_count()):
        scene.start(number, make=liars[number] if number < len(liars) else Miner)
    return scene


def censoring(kind: type[Censor] | type[Colluder], liars: int = 1) -> Callable[..., Miner]:
    ring = frozenset(KeyDriver.owner(number) for number in range(liars))
    return partial(kind, victims=frozenset({KeyDriver.device(VICTIM)}), ring=ring)


def ballots(scene: Federation, index: int) -> list[bytes]:
    return [event.verdicts for event in scene.events(BallotCast) if event.index == index]


# -- ballots ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "liar", [LazyVoter, AlwaysYes, AlwaysNo, censoring(Censor)], ids=["lazy", "yes", "no", "censor"]
)
def test_a_minority_s_ballots_decide_nothing(make: MakeFederation, liar: Callable[..., Miner]) -> None:
    """R5. Nobody is punished for a verdict: a ballot is an opinion."""
    expected = honest(make)
    scene = attacked(make, liar)
    for round_ in range(1, ROUNDS + 1):
        scene.play(round_)
    scene.assert_sound(expected)
    assert scene.slashed() == {}
    said, truth = ballots(scene, LIAR), ballots(scene, 1)
    assert (said == truth) == (liar is LazyVoter), "only the copied ballots look honest"


@pytest.mark.parametrize("liar", [AlwaysNo, censoring(Censor)], ids=["no", "censor"])
def test_a_majority_s_ballots_decide(make: MakeFederation, liar: Callable[..., Miner]) -> None:
    """What the bound of one half is for."""
    expected = honest(make, rounds=1)
    scene = attacked(make, liar, liar)
    scene.play(1)
    assert scene.model() != expected


def test_a_majority_that_accepts_everything_gets_no_block(
    make: MakeFederation, caplog: pytest.LogCaptureFixture
) -> None:
    """B8: NaN never reaches a model, whoever accepts it."""
    scene = attacked(make, AlwaysYes, AlwaysYes)
    scene.await_round(1)
    scene.submit_round()
    eventually(lambda: caplog.text.count("round 1: no block follows") == 3)
    assert scene.state.height == 0


# -- candidates ------------------------------------------------------------------------------------------


def forged(make: MakeFederation, liar: Callable[..., Miner], **options: Any) -> Federation:
    """A federation in which the liar wins the race in round 1, and the honest miners all later ones."""
    scene = make(**options)
    scene.start(LIAR, make=liar)
    for number in (1, 2):
        scene.start(number, search_threads=0)
    scene.await_round(1)
    scene.submit_round()
    eventually(lambda: scene.events(CandidateDropped))
    for number in (1, 2):
        scene.end(number)
        scene.start(number)
    scene.await_height(1)
    return scene


@pytest.mark.parametrize(
    ("liar", "named"), [(WrongModel, "header.model"), (WrongRewards, "header.rewardsRoot")]
)
def test_a_forged_block_is_dropped_and_its_proposer_alone_slashed(
    make: MakeFederation, liar: type[Miner], named: str, caplog: pytest.LogCaptureFixture
) -> None:
    """P5 and S6."""
    options: dict[str, Any] = {"driver": Paying} if liar is WrongRewards else {}
    expected = honest(make, rounds=1, **options)
    scene = forged(make, liar, **options)
    scene.assert_sound(expected)
    (dropped,) = scene.events(CandidateDropped)
    proposals = {event.hash: event.index for event in scene.events(BlockProposed)}
    assert proposals[dropped.hash] == LIAR
    assert [event.approve for event in scene.events(Attested)][:2] == [False, False]
    assert f"rejects the candidate of {scene.driver.contract(LIAR)}: {named}" in caplog.text
    assert scene.slashed() == {LIAR: STAKE // 10}


def test_a_silent_proposer_loses_its_turn(make: MakeFederation) -> None:
    """K4: it costs the federation the time of Mining; nobody is slashed, as it votes and attests."""
    options: dict[str, Any] = {"driver": Turns, "max_extensions": 3}
    expected = honest(make, rounds=4, **options)
    scene = attacked(make, SilentProposer, **options)
    for round_ in range(1, 5):
        scene.await_round(round_)
        scene.submit_round()
        eventually(lambda round_=round_: scene.state.height >= round_ or skipped_turn(scene))
    scene.assert_sound(expected)
    assert scene.events(MiningReopened), "it had a turn"
    assert all(event.index != LIAR for event in scene.events(BlockProposed))
    assert scene.slashed() == {}


def skipped_turn(scene: Federation) -> None:
    """Let Mining's deadline pass when it is the liar's turn."""
    s = scene.state
    if s.phase is Phase.MINING and scene.running[1].miner._situation.proposer == LIAR:
        scene.chain.advance(max(0, s.deadline - scene.chain.now()))


def test_who_signs_two_candidates_is_found_and_slashed(make: MakeFederation) -> None:
    """S7: each honest miner asks the others what they signed, over their APIs."""
    expected = honest(make, rounds=1)
    scene = make()
    servers = []
    try:
        for number in range(3):
            quick: dict[str, Any] = {"statement_seconds": 0.1, "private_network": True}
            if number != LIAR:
                quick["search_threads"] = 0
            miner = scene.start(number, make=TwoCandidates if number == LIAR else Miner, **quick)
            servers.append(MinerServer(create_app(miner)).start())
            contract = scene.driver.contract(number)
            action = SetEndpoint(scene.federation, contract, servers[-1].url)
            scene.chain.actor(scene.driver.owner(number)).send(action)
        scene.play(1)
        eventually(scene.slashed)
    finally:
        for server in servers:
            server.stop()
    scene.assert_sound(expected)
    assert scene.slashed() == {LIAR: STAKE // 2}


# -- together --------------------------------------------------------------------------------------------


def test_a_minority_that_colludes_gets_nothing_through(make: MakeFederation) -> None:
    """Two of five vote against a device, propose a model of their own, approve each other's and nobody else's."""
    options: dict[str, Any] = {"miners": 5, "devices_each": 1}
    expected = honest(make, rounds=1, **options)
    scene = make(**options)
    for number in range(5):
        if number < 2:
            scene.start(number, make=censoring(Colluder, 2))
        else:
            scene.start(number, search_threads=0)
    scene.await_round(1)
    scene.submit_round()
    eventually(lambda: scene.state.barred == 0b11)
    for number in (2, 3, 4):
        scene.end(number)
        scene.start(number)
    scene.await_height(1)
    scene.assert_sound(expected)
    assert scene.slashed() == {0: STAKE // 10, 1: STAKE // 10}
    assert {e.index for e in scene.events(Attested) if e.approve} >= {0, 1}, "they stood by each other"


def test_a_majority_that_colludes_has_its_way_and_an_audit_says_so(make: MakeFederation) -> None:
    """The other side of the bound: nothing on the chain stops it, and everybody can see it."""
    expected = honest(make, rounds=1)
    scene = attacked(make, censoring(Colluder, 2), censoring(Colluder, 2))
    scene.await_round(1)
    scene.submit_round()
    scene.await_height(1, seconds=60)
    assert scene.model() != expected
    report = audit(scene.chain, scene.store, scene.federation, timeout=0.5)
    assert not report.ok and "model" in str(report.first_difference)
