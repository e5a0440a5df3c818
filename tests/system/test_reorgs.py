"""Re-organisations of up to 12 blocks under one running federation, in every phase: it goes on, and nothing happens twice.

Three ways a chain changes its mind: `anvil_reorg` without the transactions of the lost blocks, with them in another
order, and `anvil_rollback`, after which the chain is shorter than it was.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from federation_site import FIRST_MINER_KEY, SECONDS, Gate, Site, beside, eventually, site

from minerva.connect import connect_actor
from minerva.keys import anvil_address
from minerva.learning.task import load_task
from minerva.protocol.actions import Close
from minerva.protocol.events import (
    Attested,
    BallotCast,
    BlockFinalized,
    BlockProposed,
    CandidateDropped,
    DeviceRegistered,
    FederationClosed,
    MinerJoined,
    RoundOpened,
    RoundSkipped,
    TrainingClosed,
    UpdateSubmitted,
    VerificationClosed,
)
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import Phase, Status
from minerva.stack.parts import Stack

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

MINERS, DEVICES = 3, 3
STAKE = 10**18
DEEPEST = 12
TERMS = StakeTerms(
    minimum=0, unit=1, evidence_seconds=60, rejected_bps=5000, equivocation_bps=10_000, absence_bps=1000,
    absences=1, reporter_bps=5000,
)  # fmt: skip
"""Whoever does wrong loses the most that it may."""


class Reorganised:
    """A federation whose devices and miners the test can hold, each by itself, and whose chain it takes back."""

    def __init__(self, made: Site, parts: list[tuple[Any, Any]]) -> None:
        assert made.stack.anvil is not None
        self.site, self.parts, self.anvil = made, parts, made.stack.anvil
        self.gates: list[Gate] = []

    # -- who waits ---------------------------------------------------------------------------------------------------

    def add_device(self, number: int, miner: int) -> None:
        """Let a device join, which trains when its own gate is open."""
        self.site.gate = Gate()
        self.gates.append(self.site.gate)
        x, y = self.parts[number]
        self.site.add_device(
            number, x, y, store=number % 2, push=False, miner=self.site.miner(miner).contract
        )

    def hold(self, *miners: int) -> None:
        """Stop these miners' processes until they are let go."""
        for number in miners:
            self._process(number).suspend()

    def let_go(self, *miners: int) -> None:
        for number in miners:
            self._process(number).resume()

    def _process(self, miner: int) -> psutil.Process:
        return psutil.Process(self.site.stack.children[f"miner-{miner}"].pid)

    def reach_verification(self) -> None:
        """All have submitted, two of three have voted, and the last one is held."""
        round_ = self.site.round()
        self.hold(2)
        self.submit(*range(DEVICES))
        for number in (0, 1):
            self.site.until(BallotCast, round=round_, index=self.site.miner(number).index)

    def reach_mining(self) -> None:
        """All have voted, and are held before anybody finds a block: the last ballot waits for its block till then."""
        self.reach_verification()
        self.hold(0, 1)
        self.anvil.rpc("evm_setAutomine", False)
        self.let_go(2)
        eventually(lambda: self.anvil.rpc("txpool_status")["pending"] == "0x1", "the last ballot is sent")
        self.hold(2)
        self.anvil.rpc("evm_mine")
        self.anvil.rpc("evm_setAutomine", True)

    def submit(self, *devices: int) -> None:
        """Let these devices send their updates of the open round, and wait for them."""
        round_ = self.site.round()
        for number in devices:
            self.gates[number].open()
            self.site.until(UpdateSubmitted, round=round_, device=self.site.devices[number].address)
            self.gates[number].close()

    # -- the chain ---------------------------------------------------------------------------------------------------

    def take_back(self, how: str, depth: int) -> None:
        """Re-organise the last ``depth`` blocks; returns when this is seen."""
        lost = self.anvil.rpc("eth_getBlockByNumber", "latest", True)
        if how == "rollback":
            self.anvil.rpc("anvil_rollback", depth)
        else:
            again = self._transactions(depth) if how == "reordered" else []
            self.anvil.rpc("anvil_reorg", depth, again)
        assert self.anvil.rpc("eth_getBlockByHash", lost["hash"], False) is None
        self.site.look()

    def _transactions(self, depth: int) -> list[tuple[str, int]]:
        """What the last blocks hold, for other blocks: the account that came last comes first, each in its own order."""
        head = int(self.anvil.rpc("eth_blockNumber"), 16)
        found = []
        for number in range(head - depth + 1, head + 1):
            found += self.anvil.rpc("eth_getBlockByNumber", hex(number), True)["transactions"]
        rank = {sent["from"]: -place for place, sent in enumerate(found)}
        found.sort(key=lambda sent: (rank[sent["from"]], int(sent["nonce"], 16)))
        raw = [self.anvil.rpc("eth_getRawTransactionByHash", sent["hash"]) for sent in found]
        return [(one, min(place, depth - 1)) for place, one in enumerate(raw)]

    def bury(self) -> None:
        """Put what there is deeper than any re-organisation reaches."""
        self.anvil.rpc("anvil_mine", hex(DEEPEST + 1))

    # -- where it stands ---------------------------------------------------------------------------------------------

    def phase(self) -> Phase:
        return self.site.chain.state(self.site.address).phase

    def finish(self, round_: int) -> None:
        """Let a round come to its block and the next one open, whatever was taken back."""
        for gate in self.gates:
            gate.open()
        try:
            self.site.until(BlockFinalized, round=round_)
        finally:
            for gate in self.gates:
                gate.close()
        eventually(lambda: self.site.round() > round_, f"round {round_ + 1} opens")


@pytest.fixture(scope="module")
def federation(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reorganised]:
    torch.set_num_threads(1)
    task = load_task(str(Path(__file__).parent / "held_task.py"))
    (x, y), _ = task.load_data()
    parts = [(x[60 * n :][:60], y[60 * n :][:60]) for n in range(DEVICES)]
    here = beside(stack, tmp_path_factory.mktemp("reorgs") / "stack")
    with site(
        here, task, min_miners=MINERS, min_devices=DEVICES, min_updates=DEVICES, max_extensions=0, stake=TERMS
    ) as made:
        again = Reorganised(made, parts)
        stake(again)
        again.bury()
        yield again
        again.let_go(*range(MINERS))
        for gate in again.gates:
            gate.open()


# -- stake, past the client ----------------------------------------------------------------------------------------------


def vault(federation: Reorganised) -> str:
    answer = read(federation, federation.site.address, "stakeVault()")
    return "0x" + answer[-20:].hex()


def read(federation: Reorganised, to: str, signature: str, *words: str) -> bytes:
    data = keccak(text=signature)[:4] + encode(("address",) * len(words), words)
    return bytes.fromhex(
        federation.anvil.rpc("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")[2:]
    )


def stake(federation: Reorganised) -> None:
    """Let somebody put down each miner's stake."""
    payer = anvil_address(9)
    for number in range(MINERS):
        data = keccak(text="deposit(address,uint256)")[:4]
        data += encode(("address", "uint256"), (anvil_address(FIRST_MINER_KEY + number), STAKE))
        sent = {"from": payer, "to": vault(federation), "value": hex(STAKE), "data": "0x" + data.hex()}
        federation.anvil.rpc("eth_sendTransaction", sent)


# -- each phase ----------------------------------------------------------------------------------------------------------

HOWS = ("dropped", "reordered", "rollback")


def test_members_that_were_taken_back_join_again(federation: Reorganised) -> None:
    """No round is open: miners and a device have joined, and none of it is left."""
    made = federation.site
    made.start_miners(MINERS)
    for number in range(DEVICES - 1):
        federation.add_device(number, miner=0)
        made.until(DeviceRegistered, device=made.devices[number].address)
    for how, depth in zip(HOWS, (3, 5, 4), strict=True):
        assert made.chain.state(made.address).status is Status.WAITING
        federation.take_back(how, depth)
        eventually(lambda: len(joined(made, MinerJoined)) == MINERS, f"the miners are back after {how}")
        eventually(lambda: len(joined(made, DeviceRegistered)) == DEVICES - 1, f"so are devices after {how}")
    federation.add_device(DEVICES - 1, miner=1)
    made.until(RoundOpened, round=1)
    federation.finish(1)


def joined(made: Site, kind: type) -> list[Any]:
    made.look()
    return made.all(kind)


@pytest.mark.parametrize("how, depth", list(zip(HOWS, (1, DEEPEST, 6), strict=True)))
def test_training(federation: Reorganised, how: str, depth: int) -> None:
    """One update is there; with it the round's opening goes, and the block before."""
    round_ = federation.site.round()
    federation.submit(0)
    assert federation.phase() is Phase.TRAINING
    federation.take_back(how, depth)
    federation.finish(round_)


@pytest.mark.parametrize("how, depth", list(zip(HOWS, (4, 3, DEEPEST), strict=True)))
def test_verification(federation: Reorganised, how: str, depth: int) -> None:
    """Two of three have voted; reordered, the updates come in another order than the ballots say."""
    round_ = federation.site.round()
    federation.reach_verification()
    assert federation.phase() is Phase.VERIFICATION
    federation.take_back(how, depth)
    federation.let_go(2)
    federation.finish(round_)


@pytest.mark.parametrize("how, depth", list(zip(HOWS, (DEEPEST, 5, 2), strict=True)))
def test_mining(federation: Reorganised, how: str, depth: int) -> None:
    """All have voted, and nobody has found a block yet."""
    round_ = federation.site.round()
    federation.reach_mining()
    assert federation.phase() is Phase.MINING
    federation.take_back(how, depth)
    federation.let_go(*range(MINERS))
    federation.finish(round_)


@pytest.mark.parametrize("how, depth", list(zip(HOWS, (2, DEEPEST, 1), strict=True)))
def test_attestation(federation: Reorganised, how: str, depth: int) -> None:
    """A candidate waits for a second voice."""
    round_ = federation.site.round()
    federation.reach_mining()
    federation.let_go(0)
    federation.site.until(BlockProposed, round=round_)
    assert federation.phase() is Phase.ATTESTATION
    federation.take_back(how, depth)
    federation.let_go(1, 2)
    federation.finish(round_)


@pytest.mark.parametrize("how, depth", list(zip(HOWS, (1, 8, 3), strict=True)))
def test_a_block_that_was_final_is_taken_back(federation: Reorganised, how: str, depth: int) -> None:
    round_ = federation.site.round()
    federation.finish(round_)
    federation.take_back(how, depth)
    federation.finish(round_ + 1)
    assert [event.round for event in federation.site.all(BlockFinalized, round=round_)] == [round_]


def test_a_skipped_round_is_taken_back(federation: Reorganised) -> None:
    """The round is skipped again when its deadline has passed again, and the next one opens."""
    made = federation.site
    for how, depth in zip(HOWS, (1, 2, 2), strict=True):
        round_ = made.round()
        made.leap()
        made.until(RoundSkipped, round=round_)
        eventually(lambda before=round_: made.round() > before, "the next round opens")  # type: ignore[misc]
        federation.take_back(how, depth)
        state = made.chain.state(made.address)
        if state.round == round_ and made.chain.now() < state.deadline:
            made.leap()  # the clock went back with the blocks
        eventually(lambda before=round_: made.round() > before, f"and again after {how}")  # type: ignore[misc]
        assert len(made.all(RoundSkipped, round=round_)) == 1
        federation.finish(made.round())  # else members would fall silent (M7)


# -- in the end ----------------------------------------------------------------------------------------------------------


def test_a_close_is_taken_back_with_the_last_block(federation: Reorganised) -> None:
    made = federation.site
    round_ = made.round()
    with connect_actor(made.chain, made.stack.settings("requester", 0)) as requester:
        requester.send(Close(made.address))
        for gate in federation.gates:
            gate.open()
        for how, depth in zip(HOWS, (2, 6, 4), strict=True):
            made.until(FederationClosed)
            federation.take_back(how, depth)
            requester.settle(0, timeout=SECONDS)
        made.until(FederationClosed)
    assert made.chain.state(made.address).status is Status.CLOSED
    assert made.all(BlockFinalized)[-1].round == round_


def test_nothing_was_done_twice(federation: Reorganised) -> None:
    made = federation.site
    once = {
        MinerJoined: lambda e: e.owner, DeviceRegistered: lambda e: e.device, RoundOpened: lambda e: e.round,
        UpdateSubmitted: lambda e: (e.round, e.device), TrainingClosed: lambda e: e.round,
        BallotCast: lambda e: (e.round, e.index), VerificationClosed: lambda e: e.round,
        BlockProposed: lambda e: e.round, Attested: lambda e: (e.round, e.index, e.hash),
        BlockFinalized: lambda e: e.round, RoundSkipped: lambda e: e.round, FederationClosed: lambda e: 0,
    }  # fmt: skip
    for kind, identity in once.items():
        counted = Counter(identity(event) for event in made.all(kind))
        assert counted and set(counted.values()) == {1}, (kind.__name__, counted)
    numbers = [event.number for event in made.all(BlockFinalized)]
    assert numbers == list(range(1, len(numbers) + 1))
    updates = Counter(event.round for event in made.all(UpdateSubmitted))
    assert all(updates[event.round] == DEVICES for event in made.all(BlockFinalized))


def test_nobody_was_slashed(federation: Reorganised) -> None:
    made = federation.site
    assert made.all(CandidateDropped) == []
    topics = {
        log["topics"][0]
        for log in federation.anvil.rpc("eth_getLogs", {"address": vault(federation), "fromBlock": "0x0"})
    }
    harmless = ("Initialized(uint64)", "StakeDeposited(address,address,uint256,uint256)")
    assert topics == {"0x" + keccak(text=signature).hex() for signature in harmless}
    for number in range(MINERS):
        staked = read(
            federation, vault(federation), "stakeOf(address)", anvil_address(FIRST_MINER_KEY + number)
        )
        assert int.from_bytes(staked, "big") == STAKE


def test_the_chain_is_derived_again_by_the_command(federation: Reorganised, tmp_path: Path) -> None:
    made = federation.site
    for store in (0, 1):
        config = tmp_path / f"{store}.toml"
        config.write_text(made.stack.settings("anybody", 0, store=store).to_toml())
        done = subprocess.run(
            [sys.executable, "-m", "minerva.cli", "verify", made.address, "--json", "--config", config],
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["ok"] and report["blocks"] == [event.number for event in made.all(BlockFinalized)]
