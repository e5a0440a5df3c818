"""Devices and miners that are killed with SIGKILL and started again: nothing is lost, nothing happens twice.

One federation for the module. Two devices are threads behind a gate, so that a round lasts until the test has done its work;
phases have no deadline that a slow machine could miss (`Site.leap` ends them).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from federation_site import SECONDS, Site, beside, eventually, site

from minerva.keys import anvil_address
from minerva.learning.task import load_task
from minerva.protocol.blocks import Body
from minerva.protocol.events import (
    BallotCast,
    BlockFinalized,
    BlockProposed,
    DeviceRegistered,
    MinerCreated,
    MinerReturned,
    MiningReopened,
    RoundOpened,
    RoundSkipped,
    TrainingClosed,
    UpdateSubmitted,
    VerificationClosed,
)
from minerva.protocol.state import Phase
from minerva.stack.parts import FIRST_DEVICE_KEY, Stack
from minerva.verification.audit import audit

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

MINERS, VICTIM = 3, 2
TRIES = 5
KILLED = "device-2"
KILLED_ADDRESS = anvil_address(FIRST_DEVICE_KEY + 2)
PHASES: dict[type, Phase] = {
    RoundOpened: Phase.TRAINING,
    TrainingClosed: Phase.VERIFICATION,
    VerificationClosed: Phase.MINING,
    MiningReopened: Phase.MINING,
    BlockProposed: Phase.ATTESTATION,
    BlockFinalized: Phase.PENDING,
}
"""The phase that an event opens; after the last one the round is over."""


class Scene:
    """The federation, and what its killed device tells."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.hold = folder / "hold"

    def start_device(self) -> None:
        self.site.start_device(2, store=0, task=str(self.site.task.path), data=str(self.folder), push=False)

    def trained(self, round_: int) -> int:
        """How often the device that is killed began to train in a round."""
        file = self.folder / "trained"
        return file.read_text().split().count(str(1000 * round_ + 2)) if file.exists() else 0

    def next_round(self, *, hold: bool = False) -> int:
        """End the open round and return the next one, in which the gate holds; with ``hold`` the device trains on and on."""
        round_ = self.site.round()
        if hold:
            self.site.until(UpdateSubmitted, round=round_, device=KILLED_ADDRESS)
            self.hold.touch()
        self.finish(round_)
        self.site.until(RoundOpened, round=round_ + 1)
        return round_ + 1

    def finish(self, round_: int, *, leap: bool = False) -> Body:
        """Let everybody go on until the round ends, with a block; hold them in the next round."""
        self.site.gate.open()
        self.site.until(TrainingClosed, round=round_)
        self.site.gate.close()
        if leap:
            for index in range(MINERS - 1):
                self.site.until(BallotCast, round=round_, index=index)
            self.site.leap()
        final, _ = self.site.until(BlockFinalized, round=round_)
        return Body.from_bytes(self.site.fetch(self.site.headers()[final.hash].body))

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """Within the block only `mine_until` makes blocks, so that the phase stays the one it comes to."""
        anvil = self.site.stack.anvil
        assert anvil is not None
        anvil.rpc("evm_setAutomine", False)
        try:
            yield
        finally:
            self.site.gate.close()
            anvil.rpc("evm_setAutomine", True)
            anvil.rpc("evm_mine")

    def mine_until(self, round_: int, phase: Phase) -> None:
        """Let everybody go on, and make blocks until one comes to the phase."""
        anvil = self.site.stack.anvil
        assert anvil is not None
        self.site.gate.open()

        def there() -> bool:
            time.sleep(0.1)
            anvil.rpc("evm_mine")
            return self.phase(round_) is phase

        eventually(there, f"round {round_} comes to {phase.name}")

    def phase(self, round_: int) -> Phase:
        """A round's phase in the latest block; the chain's own answer is that of the pending one."""
        events = [log.event for log in self.site.chain.logs(self.site.address)]
        opened = [PHASES[type(e)] for e in events if type(e) in PHASES and e.round == round_]
        return opened[-1]

    def verdict(self, body: Body, device: str) -> bool:
        """Whether a device's update is among the accepted."""
        return device in [body.updates[position].device for position in body.accepted]


@pytest.fixture(scope="module")
def scene(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("kills")
    (root / "data").mkdir()
    task = load_task(str(Path(__file__).parent / "held_task.py"))
    (x, y), _ = task.load_data()
    here = beside(stack, root / "stack")
    with site(here, task, min_miners=2, min_devices=3, confirmations=1) as made:
        made_scene = Scene(made, root / "data")
        made_scene.start_device()
        for number in range(MINERS):  # one by one, so that index and number are the same
            made.start_miner(number)
            made.await_miner(number)
        made.gate.close()
        for number in range(2):
            made.add_device(
                number, x[60 * number : 60 * number + 60], y[60 * number : 60 * number + 60], store=number
            )
        made.until(RoundOpened, round=1)
        yield made_scene


# -- a device ------------------------------------------------------------------------------------------------------------


def test_a_device_killed_while_it_trains_trains_again_and_submits_once(scene: Scene) -> None:
    round_ = scene.next_round(hold=True)
    eventually(lambda: scene.trained(round_) == 1, "the device trains")
    scene.site.kill(KILLED)
    scene.hold.unlink()
    scene.start_device()
    scene.site.until(UpdateSubmitted, round=round_, device=KILLED_ADDRESS)
    assert scene.trained(round_) > 1, "what was not finished is done anew"
    assert scene.verdict(scene.finish(round_), KILLED_ADDRESS)


def test_a_device_killed_between_its_record_and_its_bytes_serves_them_after(scene: Scene) -> None:
    round_ = scene.next_round()
    # One confirmation is asked for, and nobody makes a block: the bytes stay home.
    update, _ = scene.site.until(UpdateSubmitted, round=round_, device=KILLED_ADDRESS)
    scene.site.kill(KILLED)
    assert not any(store.has(update.cid) for store in scene.site.stores), "served too early"
    scene.start_device()
    assert scene.verdict(scene.finish(round_), KILLED_ADDRESS)
    assert scene.site.fetch(update.cid)
    assert scene.trained(round_) == 1, "a round is trained once"


def test_a_device_killed_while_its_transaction_waits_does_not_send_another(scene: Scene) -> None:
    anvil = scene.site.stack.anvil
    assert anvil is not None
    round_ = scene.next_round(hold=True)
    eventually(lambda: scene.trained(round_) == 1, "the device trains")
    anvil.rpc("evm_setAutomine", False)
    try:
        scene.hold.unlink()
        eventually(lambda: _waits(anvil.rpc("txpool_content")), "its transaction waits")
        scene.site.kill(KILLED)
    finally:
        anvil.rpc("evm_setAutomine", True)
        anvil.rpc("evm_mine")
    scene.site.until(UpdateSubmitted, round=round_, device=KILLED_ADDRESS)
    scene.start_device()
    assert scene.verdict(scene.finish(round_), KILLED_ADDRESS)
    assert scene.trained(round_) == 1


def _waits(pool: dict[str, dict[str, object]]) -> bool:
    return any(sender.lower() == KILLED_ADDRESS.lower() for sender in pool["pending"])


def test_a_device_killed_while_it_waits_takes_part_in_the_next_round(scene: Scene) -> None:
    round_ = scene.site.round()
    body = scene.finish(round_)
    scene.site.kill(KILLED)
    assert scene.verdict(body, KILLED_ADDRESS)
    scene.start_device()
    scene.site.until(UpdateSubmitted, round=round_ + 1, device=KILLED_ADDRESS)
    assert scene.verdict(scene.finish(round_ + 1), KILLED_ADDRESS)
    assert len(scene.site.all(DeviceRegistered, device=KILLED_ADDRESS)) == 1


# -- a miner -------------------------------------------------------------------------------------------------------------


def _returns(scene: Scene) -> None:
    """Start the victim again; it is the miner it was, and healthy."""
    scene.site.start_miner(VICTIM)
    scene.site.await_miner(VICTIM)
    assert scene.site.miner(VICTIM).index == VICTIM
    assert len(scene.site.all(MinerCreated)) == MINERS


def test_a_miner_killed_in_training_that_stays_away_is_left_out_and_comes_back(scene: Scene) -> None:
    round_ = scene.next_round()
    scene.site.kill(f"miner-{VICTIM}")
    scene.finish(round_, leap=True)
    (closed,) = scene.site.all(VerificationClosed, round=round_)
    assert closed.absent == 1 << VICTIM
    after, _ = scene.site.until(RoundOpened, round=round_ + 1)
    assert after.snapshot == 0b011, "who did not vote is not counted on"
    _returns(scene)
    scene.site.until(MinerReturned, index=VICTIM)
    scene.finish(round_ + 1)
    back, _ = scene.site.until(RoundOpened, round=round_ + 2)
    assert back.snapshot == 0b111
    scene.finish(round_ + 2)
    assert scene.site.all(BallotCast, round=round_ + 2, index=VICTIM)


def test_a_miner_killed_after_its_ballot_does_not_vote_twice(scene: Scene) -> None:
    round_ = scene.next_round()
    scene.site.gate.open()
    scene.site.until(BallotCast, round=round_, index=VICTIM)
    scene.site.kill(f"miner-{VICTIM}")
    scene.finish(round_)
    _returns(scene)
    assert scene.site.chain.state(scene.site.address).snapshot == 0b111, "it voted: it is counted on"
    scene.finish(round_ + 1)
    assert len(scene.site.all(BallotCast, round=round_, index=VICTIM)) == 1


def test_a_miner_killed_in_mining_is_outrun_by_the_others(scene: Scene) -> None:
    for _ in range(TRIES):
        round_ = scene.next_round()
        with scene.by_hand():
            scene.mine_until(round_, Phase.MINING)
            scene.site.kill(f"miner-{VICTIM}")
            assert scene.phase(round_) is Phase.MINING
        scene.finish(round_)
        _returns(scene)
        (candidate,) = scene.site.all(BlockProposed, round=round_)
        if candidate.index != VICTIM:  # else it had proposed before it died, and the next block took that
            break
    else:
        pytest.fail(f"the dead miner wins {TRIES} rounds of {TRIES}")
    scene.finish(round_ + 1)


def test_a_proposer_killed_in_attestation_wins_all_the_same(scene: Scene) -> None:
    round_ = scene.next_round()
    with scene.by_hand():
        scene.mine_until(round_, Phase.ATTESTATION)
        candidate, _ = scene.site.until(BlockProposed, round=round_)
        scene.site.kill(f"miner-{candidate.index}")
        assert scene.phase(round_) is Phase.ATTESTATION
    scene.finish(round_)
    assert scene.site.chain.block_of(scene.site.address, round_) == candidate.hash
    scene.site.start_miner(candidate.index)
    scene.site.await_miner(candidate.index)
    scene.finish(round_ + 1)
    assert scene.site.all(BallotCast, round=round_ + 1, index=candidate.index)


# -- afterwards ----------------------------------------------------------------------------------------------------------


def test_nothing_was_lost_and_nothing_happened_twice(scene: Scene) -> None:
    rounds = scene.site.round() - 1
    if rounds < 1:
        pytest.fail("no round ended")
    finalized = [event.round for event in scene.site.all(BlockFinalized)]
    assert finalized == list(range(1, rounds + 1)), "every round has one block"
    assert scene.site.all(RoundSkipped) == []
    submitted = Counter((event.device, event.round) for event in scene.site.all(UpdateSubmitted))
    assert set(submitted.values()) == {1}
    assert all(submitted[KILLED_ADDRESS, round_] for round_ in finalized)
    ballots = Counter((event.index, event.round) for event in scene.site.all(BallotCast))
    assert set(ballots.values()) == {1}
    for store in scene.site.stores:
        report = audit(scene.site.chain, store, scene.site.address, timeout=SECONDS)
        assert report.ok and len(report.blocks) == rounds, report.lines()
