"""The situation by logs alone is the state that the chain gives."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from federation_driver import REQUESTER, Driver, make_config, pow_parameters

from minerva.chain.memory import MemoryChain
from minerva.errors import ContractReverted
from minerva.miner.situation import Situation
from minerva.protocol import actions as act
from minerva.protocol.records import ZERO32, indices
from minerva.protocol.state import Phase, Status


class Twin:
    """A chain and a situation that follows it."""

    def __init__(self, **config: object) -> None:
        self.chain = MemoryChain()
        self.driver = Driver(
            lambda action, sender: [log.event for log in self.chain.actor(sender).send(action).logs],
            self.chain,
        )
        options: dict[str, object] = {"consensus_parameters": pow_parameters(4, 1), **config}
        self.federation = self.driver.found(make_config(self.chain.proof_of_work, **options))
        self.situation = Situation(self.federation, self.chain.config(self.federation))
        self.watch = self.chain.watch(self.federation)

    def compare(self) -> None:
        change = self.watch.wait(0)
        if change.removed:
            self.situation.rewind(min(log.block_number for log in change.removed))
        self.situation.apply(change.added)
        s, now = self.chain.state(self.federation), self.situation.now
        assert (now.status, now.phase, now.round, now.height) == (s.status, s.phase, s.round, s.height)
        assert sum(1 << i for i in now.members) == s.members
        assert (now.leaving, now.dormant) == (s.leaving, s.dormant)
        assert now.difficulty == self.chain.difficulty(self.federation)
        assert {i: m.contract for i, m in now.members.items()} == {
            m.index: m.contract for m in self.chain.miners(self.federation)
        }
        if s.status is Status.RUNNING:
            assert (now.deadline, now.snapshot, now.voted, now.barred) == (
                s.deadline,
                s.snapshot,
                s.voted,
                s.barred,
            )
            assert (now.candidate.hash if now.candidate else ZERO32) == s.candidate
            assert now.attested == s.approvals | s.rejections
            pools = [self.chain.pool(now.members[i].contract, s.round) for i in indices(s.snapshot)]
            assert len(now.missing) == sum(pool.outstanding for pool in pools)
            assert now.updates == sum(pool.count for pool in pools)
        if s.status is Status.PAUSED:
            assert (now.paused_at, now.paused_seconds) == (s.paused_at, s.paused_seconds)
        if s.status is Status.WAITING:
            eligible = self.situation.eligible
            assert eligible == s.members & ~s.leaving & ~s.dormant
            following = [self.chain.pool(now.members[i].contract, s.round + 1) for i in indices(eligible)]
            assert len(self.situation.counting(s.round + 1, eligible)) == sum(
                p.outstanding for p in following
            )


def test_follows_a_round_played_well() -> None:
    twin = Twin()
    twin.driver.populate(3, 2)
    twin.compare()
    twin.driver.tick()
    for _ in range(3):
        for _event in twin.driver.play_round():
            twin.compare()


def forward(twin: Twin, rng: random.Random) -> None:
    """What brings the round on."""
    driver, s = twin.driver, twin.driver.state
    index = rng.choice(indices(s.snapshot)) if s.snapshot else 0
    owner = next(
        (m.owner for m in twin.chain.miners(twin.federation) if m.index == index), driver.owner(index)
    )
    number = int(owner, 16) - 0xA0
    if s.status is Status.PAUSED:
        twin.chain.actor(REQUESTER).send(act.Unpause(twin.federation, twin.chain.now()))
    elif s.status is Status.WAITING:
        driver.tick()
    elif s.phase is Phase.TRAINING:
        driver.submit_all()
        driver.tick()
    elif s.phase is Phase.VERIFICATION:
        driver.vote(number)
    elif s.phase is Phase.MINING:
        driver.propose(number)
    else:
        driver.attest(number, rng.random() < 0.7)


def disturb(twin: Twin, rng: random.Random) -> None:
    """What may happen at any time."""
    driver, chain, federation = twin.driver, twin.chain, twin.federation
    number, device, s = rng.randrange(4), rng.randrange(8), twin.driver.state
    depth = rng.randrange(1, 5)
    info, miners = chain.device(federation, driver.device(device)), chain.miners(federation)

    def send(action: act.Action, sender: str) -> None:
        chain.actor(sender).send(action)

    moves: list[Callable[[], object]] = [
        lambda: driver.submit(device),
        driver.tick,
        lambda: chain.advance(61),
        lambda: chain.advance(10),
        lambda: driver.join(number),
        lambda: driver.register(device, rng.choice(miners).contract),
        lambda: info and send(act.LeaveDevice(federation, info.miner, s.round), driver.device(device)),
        lambda: info and send(act.CheckInDevice(federation, info.miner, s.round), driver.device(device)),
        lambda: send(act.LeaveMiner(federation, s.round), driver.owner(number)),
        lambda: send(act.CheckInMiner(federation, s.round), driver.owner(number)),
        lambda: send(act.CheckInMiner(federation, s.round), driver.owner(number)),
        lambda: send(act.Pause(federation, chain.now()), REQUESTER),
        lambda: chain.reorg(min(depth, chain.head().number - 10), keep=lambda _: rng.random() < 0.7),
    ]
    rng.choice(moves)()


@pytest.mark.parametrize("seed", range(8))
def test_follows_whatever_happens(seed: int) -> None:
    rng, twin = random.Random(seed), Twin(rounds=1000, min_devices=2, max_pause_seconds=10_000)
    twin.driver.populate(3, 2)
    twin.compare()
    for _ in range(250):
        try:
            (disturb if rng.random() < 0.3 else forward)(twin, rng)
        except (ContractReverted, StopIteration, IndexError, ValueError):
            pass
        twin.compare()
    assert twin.driver.state.round > 1
