"""A miner that signs two candidates is found by honest ones and slashed; an honest one never does, however it is killed.

On real parts: anvil, contracts, miners as processes. The third miner is the test's: it votes, and equivocates.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import requests
import torch
from eth_abi.abi import decode, encode
from eth_typing import Hash32
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from federation_site import SECONDS, Site, beside, eventually, site

from minerva.chain.actor import Web3Actor
from minerva.connect import connect_actor
from minerva.keys import anvil_address, load_account
from minerva.learning.task import load_task
from minerva.miner.statement_book import StatementBook
from minerva.paths import project_root
from minerva.protocol import actions as act
from minerva.protocol.ballots import ACCEPT
from minerva.protocol.events import (
    BallotCast,
    BlockFinalized,
    BlockProposed,
    MinerJoined,
    MiningReopened,
    RoundOpened,
    TrainingClosed,
    VerificationClosed,
)
from minerva.protocol.evidence import Signed
from minerva.protocol.stake import StakeTerms
from minerva.protocol.statements import Statement, StatementKind, sign_statement
from minerva.stack.parts import FIRST_MINER_KEY, Stack

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

HONEST, LIAR = 2, 2
TERMS = StakeTerms(unit=1, evidence_seconds=3600, equivocation_bps=5000, reporter_bps=1000)
STAKE = 10**18
SLASHED = STAKE // 2


@dataclass
class Scene:
    site: Site
    liar: Web3Actor
    served: list[Signed]

    @property
    def vault(self) -> str:
        found = self.site.chain.stakes(self.site.address)
        assert found is not None
        return found.vault

    def ask(self, signature: str, account: str) -> int:
        """A view of the vault, of one account."""
        data = keccak(text=signature)[:4] + encode(("address",), (account,))
        answer = self.site.chain.rpc.call("eth_call", {"to": self.vault, "data": "0x" + data.hex()}, "latest")
        return int(decode(("uint256",), bytes.fromhex(answer[2:]))[0])

    def deposit(self, number: int) -> None:
        account = anvil_address(FIRST_MINER_KEY + number)
        data = keccak(text="deposit(address,uint256)")[:4] + encode(("address", "uint256"), (account, STAKE))
        call = {"from": anvil_address(0), "to": self.vault, "data": "0x" + data.hex(), "value": hex(STAKE)}
        self.site.chain.rpc.call("eth_sendTransaction", call)
        eventually(lambda: self.ask("stakeOf(address)", account) == STAKE, "the deposit")

    def slashes(self) -> list[Any]:
        topic = "0x" + keccak(text="StakeSlashed(address,uint32,uint8,uint256,uint256,address,uint256)").hex()
        query = {"address": self.vault, "fromBlock": "0x0", "topics": [topic]}
        found: list[Any] = self.site.chain.rpc.call("eth_getLogs", query)
        return found

    def vote(self, round_: int) -> None:
        """The liar's ballot, so that nobody waits for it."""
        closed, _ = self.site.until(TrainingClosed, round=round_)
        verdicts = bytes([ACCEPT]) * closed.updates
        self.liar.send(act.Vote(self.site.address, round_, closed.updates_root, verdicts), timeout=SECONDS)

    def said(self, round_: int) -> list[Signed]:
        """All that the honest miners have heard and said, read from their disks."""
        found = []
        for number in range(HONEST):
            file = self.site.stack.root / f"miner-{number}" / "statements.sqlite"
            book = StatementBook(file, chain_id=self.site.chain.chain_id, vault=self.vault)
            found += book.of_round(round_)
            book.close()
        return found


def _serve(statements: list[Signed]) -> ThreadingHTTPServer:
    """The liar's API: of a miner's, only what it signed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            named = self.path.split("?")[0].removeprefix("/statements/")
            found = [one.document() for one in statements if str(one.statement.round) == named]
            body = json.dumps({"statements": found}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _reopened(made: Site) -> int:
    return len(made.all(MiningReopened, round=2))


@pytest.fixture(scope="module")
def scene(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    torch.set_num_threads(1)
    task = load_task("digits")
    (x, y), _ = task.load_data()
    here = beside(stack, tmp_path_factory.mktemp("equivocation") / "stack")
    served: list[Signed] = []
    server = _serve(served)

    with site(here, task, min_miners=3, min_devices=1, max_candidates=8, stake=TERMS) as made:
        for number in range(HONEST):  # one by one, so that index and number are the same
            made.start_miner(number)
            made.await_miner(number)
        settings = here.settings("liar", FIRST_MINER_KEY + LIAR, federation=made.address)
        with connect_actor(made.chain, settings) as liar:
            endpoint = f"http://127.0.0.1:{server.server_port}"
            liar.send(act.RegisterMiner(made.chain.factory, made.address, endpoint), timeout=SECONDS)
            made.until(MinerJoined, index=LIAR)
            ready = Scene(made, liar, served)
            for number in range(3):
                ready.deposit(number)
            made.gate.close()
            made.add_device(0, x[:60], y[:60])
            made.until(RoundOpened, round=1)
            yield ready
    server.shutdown()
    server.server_close()


def command(scene: Scene, *words: object) -> subprocess.CompletedProcess[str]:
    config = scene.site.stack.root / "miner-0" / "minerva.toml"
    reporter = ["--account", "anvil:15", "--config", config, "--state", scene.site.stack.root / "reporter"]
    return subprocess.run(
        [sys.executable, "-m", "minerva.cli", *map(str, words), *map(str, reporter)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def test_an_equivocator_is_found_reported_and_slashed_once(scene: Scene) -> None:
    """S7: two candidates of one round and branch, shown to whoever asks."""
    made, key = scene.site, load_account(f"anvil:{FIRST_MINER_KEY + LIAR}", 31337)
    made.gate.open()
    scene.vote(1)
    made.gate.close()
    closed, _ = made.until(VerificationClosed, round=1)
    proposed, _ = made.until(BlockProposed, round=1)
    header = proposed.header
    assert header.ballots_root == closed.ballots_root
    for candidate in (b"\x01" * 32, b"\x02" * 32):
        statement = replace(Statement.of(made.address, header, StatementKind.PROPOSED), candidate=candidate)
        signature = sign_statement(statement, key, 31337, scene.vault)
        scene.served.append(Signed(key.address, statement, signature))
    eventually(lambda: bool(scene.slashes()), "the report")
    assert scene.ask("stakeOf(address)", key.address) == STAKE - SLASHED
    bounties = [
        scene.ask("bountyOf(address)", anvil_address(FIRST_MINER_KEY + number)) for number in range(HONEST)
    ]
    assert sorted(bounties) == [0, SLASHED // 10]
    for number in range(HONEST):
        assert scene.ask("stakeOf(address)", anvil_address(FIRST_MINER_KEY + number)) == STAKE

    # By hand it comes too late, and says so in one line.
    evidence = next(
        file
        for number in range(HONEST)
        for file in (made.stack.root / f"miner-{number}" / "evidence").glob("1-*.json")
    )
    late = command(scene, "stake", "report", evidence)
    assert (late.returncode, late.stdout) == (2, "")
    assert "StakeVaultPunishedAlready" in late.stderr and len(late.stderr.splitlines()) == 1
    assert len(scene.slashes()) == 1


def test_an_honest_miner_killed_at_every_step_never_contradicts_itself(scene: Scene) -> None:
    made = scene.site
    made.until(BlockFinalized, round=1)
    sleeper = made.stack.children["miner-0"].pid
    os.kill(
        sleeper, signal.SIGSTOP
    )  # else miner 1 could propose before its end, and miner 0 would attest that
    made.gate.open()
    scene.vote(2)
    made.gate.close()
    made.until(BallotCast, round=2, index=1)
    made.kill("miner-1")  # nobody attests what miner 0 proposes
    os.kill(sleeper, signal.SIGCONT)
    made.until(VerificationClosed, round=2)
    first, _ = made.until(BlockProposed, round=2)
    assert first.index == 0
    for turn in range(1, 4):
        made.kill("miner-0")
        made.leap()
        made.start_miner(0)  # it finds the deadline past, and the candidate dropped
        eventually(lambda turn=turn: _reopened(made) >= turn, "Mining is opened again")
        eventually(lambda turn=turn: len(made.all(BlockProposed, round=2, index=0)) > turn, "its candidate")
    assert len({event.hash for event in made.all(BlockProposed, round=2, index=0)}) == 1
    made.start_miner(1)
    made.until(BlockFinalized, round=2)
    for number in range(HONEST):
        made.await_miner(number)
    statements = scene.said(2)
    assert {one.statement.kind for one in statements} >= {StatementKind.PROPOSED}
    for one, other in combinations(statements, 2):
        if one.account == other.account:
            assert not one.statement.contradicts(other.statement)
    assert len(scene.slashes()) == 1, "nobody honest was"


def test_what_is_signed_is_served(scene: Scene) -> None:
    url = scene.site.stack.endpoints[0]
    answer = requests.get(f"{url}/statements/2", timeout=SECONDS).json()
    assert (answer["vault"], answer["chainId"]) == (scene.vault, 31337)
    signed = [Signed.parse(document) for document in answer["statements"]]
    assert signed and all(one.by_key(31337, scene.vault) for one in signed)


def test_evidence_is_reported_by_hand(scene: Scene, tmp_path: Path) -> None:
    """S7: anybody may; here it was shown to nobody else."""
    scene.site.until(RoundOpened, round=2)
    header = replace(scene.site.all(BlockProposed, round=1)[0].header, round=2)
    key = load_account(f"anvil:{FIRST_MINER_KEY + LIAR}", 31337)
    pair = []
    for kind in (StatementKind.APPROVED, StatementKind.REJECTED):
        statement = Statement.of(scene.site.address, header, kind)
        pair.append(
            Signed(key.address, statement, sign_statement(statement, key, 31337, scene.vault)).document()
        )
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps({"chainId": 31337, "vault": scene.vault, "statements": pair}))
    done = command(scene, "stake", "report", file, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["account"] == key.address
    assert scene.ask("stakeOf(address)", key.address) == (STAKE - SLASHED) // 2
    assert scene.ask("bountyOf(address)", anvil_address(15)) == SLASHED // 20


def test_a_smart_accounts_signature_is_its_contracts_to_judge(scene: Scene) -> None:
    """ERC-1271."""
    key, rpc = load_account("anvil:7", 31337), scene.site.chain.rpc
    code = json.loads((project_root() / "build" / "contracts" / "MockAccount.json").read_text())["bytecode"]
    data = "0x" + code.removeprefix("0x") + encode(("address",), (key.address,)).hex()
    sent = rpc.call("eth_sendTransaction", {"from": anvil_address(0), "data": data, "gas": hex(2_000_000)})
    eventually(lambda: rpc.call("eth_getTransactionReceipt", sent) is not None, "the account")
    account = to_checksum_address(rpc.call("eth_getTransactionReceipt", sent)["contractAddress"])
    digest = keccak(text="what is signed")
    signature = bytes(key.unsafe_sign_hash(Hash32(digest)).signature)
    assert scene.site.chain.is_signed(account, digest, signature)
    assert not scene.site.chain.is_signed(account, keccak(text="another"), signature)
    assert not scene.site.chain.is_signed(account, digest, b"")
    assert not scene.site.chain.is_signed(key.address, digest, signature), "no contract is there"
    assert not scene.site.chain.is_signed(scene.vault, digest, signature), "another contract is there"


def test_no_evidence_is_refused_in_one_line(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    said = [one.document() for one in scene.served]
    file.write_text(json.dumps({"chainId": 1, "vault": scene.vault, "statements": said}))
    other = command(scene, "stake", "report", file)
    assert other.returncode == 2 and "the evidence is of chain 1" in other.stderr
    file.write_text(json.dumps({"chainId": 31337, "vault": scene.vault, "statements": [said[0], said[0]]}))
    harmless = command(scene, "stake", "report", file)
    assert harmless.returncode == 2 and "do not contradict each other" in harmless.stderr
