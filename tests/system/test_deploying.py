"""Deploying as a person does, by brownie, to a chain that is not the dev chain: another id, blocks by the clock, base fees."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from minerva.chain.deployment import Deployment
from minerva.chain.dev import AnvilNode, find_anvil
from minerva.chain.web3 import Web3Chain
from minerva.config import Settings
from minerva.errors import MinervaError
from minerva.keys import create_keystore
from minerva.processes import Child, spawn
from minerva.protocol.events import BlockFinalized, FederationClosed

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = ROOT / "tools" / "brownie" / "network-config.yaml"
CHAIN_ID = 80099
BLOCK_SECONDS = 2.0
SCRIPT_SECONDS, ROUND_SECONDS = 400.0, 300.0
"""Deadlines: ten times what an idle machine needs."""
ETHER = 10**18
TASK = str(Path(__file__).parent / "held_task.py")
CONTRACTS = {
    "FederationExtension", "Federation", "Miner", "StakeVault", "RewardVault", "FederationFactory",
    "ProofOfWork", "ProofOfStake", "ProofOfReputation", "CommitteeConsensus",
    "AllowListPolicy", "StakePolicy", "AllowListAndStakePolicy",
}  # fmt: skip


@dataclass
class Public:
    """A chain with another id, and a keystore whose account has some ether there."""

    node: AnvilNode
    folder: Path
    account: str

    @property
    def deployment(self) -> Path:
        return self.folder / "deployments" / f"{CHAIN_ID}.json"

    @property
    def store(self) -> str:
        return f"local:{self.folder / 'store'}"

    @property
    def progress(self) -> dict[str, Any]:
        path = self.deployment.with_suffix(".progress.json")
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    @property
    def nonce(self) -> int:
        return int(self.node.rpc("eth_getTransactionCount", self.account, "latest"), 16)

    def environment(self, **changes: str) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("MINERVA_")}
        return ours | {
            "MINERVA_RPC_URL": self.node.url,
            "MINERVA_CHAIN_ID": str(CHAIN_ID),
            "MINERVA_KEYSTORE": str(self.folder / "key.json"),
            "MINERVA_PASSWORD_FILE": str(self.folder / "word.txt"),
            "MINERVA_DEPLOYMENT": str(self.deployment),
        } | changes  # fmt: skip

    def start(self, script: str, network: str = "local", **changes: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [ROOT / "tools" / "run", "brownie", "run", f"scripts/{script}.py", "--network", network],
            cwd=ROOT, env=self.environment(**changes), text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, script: str, network: str = "local", **changes: str) -> tuple[int, str, str]:
        process = self.start(script, network, **changes)
        out, err = process.communicate(timeout=SCRIPT_SECONDS)
        return process.returncode, out, err.strip()

    def found_federation(self) -> str:
        """Create one by the script; its address."""
        status, out, err = self.run(
            "create_federation",
            MINERVA_STORE=self.store, MINERVA_STATE=str(self.folder / "state"), MINERVA_TASK=TASK,
            MINERVA_CREATE_ROUNDS="1", MINERVA_CREATE_CONFIRMATIONS="1",
        )  # fmt: skip
        assert (status, err) == (0, ""), out
        chain = Web3Chain(self.node.url, Deployment.load(self.deployment))
        (federation,) = chain.federations()
        assert federation in out and chain.config(federation).rounds == 1
        chain.close()
        return federation

    def run_round(self, federation: str) -> None:
        """Let a miner and a device bring the federation to its end, by their commands, and verify it."""
        with ExitStack() as running:
            children = [
                running.enter_context(self.command("miner", "run", federation, key="miner")),
                running.enter_context(self.command("device", "run", federation, key="device")),
            ]
            chain = running.enter_context(closing(Web3Chain(self.node.url, Deployment.load(self.deployment))))
            until, seen = time.monotonic() + ROUND_SECONDS, list[Any]()
            while not any(
                isinstance(event, FederationClosed) for event in seen
            ):  # a state may be of a block to come
                assert time.monotonic() < until, [child.tail(3) for child in children]
                time.sleep(0.5)
                seen = [log.event for log in chain.logs(federation)]
            assert [event.round for event in seen if isinstance(event, BlockFinalized)] == [1]
        with self.command("verify", federation) as verifying:
            assert verifying.wait(ROUND_SECONDS) == 0, verifying.tail(3)

    def command(self, *words: str, key: str = "key") -> Child:
        """Start a `minerva` command with a keystore of its own."""
        settings = Settings.model_validate(
            {
                "state": str(self.folder / "state" / key),
                "chain": {"rpc": self.node.url, "deployment": str(self.deployment)},
                "store": {"url": self.store},
                "key": {
                    "account": str(self.folder / f"{key}.json"),
                    "password_file": str(self.folder / "other.txt"),
                },
                "miner": {"port": 0},
                "device": {"task": TASK},
            }
        )
        config = self.folder / f"{key}.toml"
        config.write_text(settings.to_toml(), encoding="utf-8")
        return spawn(
            [sys.executable, "-m", "minerva.cli", *words, "--config", config],
            log_path=self.folder / f"{words[0]}.log",
            env={"OMP_NUM_THREADS": "1"},
        )

    def kill_when(self, process: subprocess.Popen[str], contracts: int) -> None:
        """Kill the run as soon as so many contracts are confirmed and the next is under way."""
        until = time.monotonic() + 120
        while len(self.progress.get("deployed", ())) < contracts or self.progress.get("pending") is None:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def public(tmp_path: Path) -> Iterator[Public]:
    try:
        find_anvil()
    except MinervaError as error:
        pytest.skip(str(error))
    made = create_keystore(tmp_path / "key.json", "secret word", scrypt_n=2)
    (tmp_path / "word.txt").write_text("secret word\n")
    with AnvilNode(tmp_path / "chain", chain_id=CHAIN_ID, block_time=BLOCK_SECONDS) as node:
        node.rpc("anvil_setBalance", made.address, hex(10 * ETHER))
        yield Public(node, tmp_path, str(made.address))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_deployment_that_is_killed_goes_on(public: Public) -> None:
    """Killed twice with a transaction under way; in the end each contract is there once, and a federation runs on them."""
    for contracts in (1, 3):
        public.kill_when(public.start("deploy"), contracts)
        assert not public.deployment.exists()
    status, out, err = public.run("deploy")
    assert (status, err) == (0, ""), out
    document = json.loads(public.deployment.read_text())
    assert document["chainId"] == CHAIN_ID and document["contracts"].keys() == CONTRACTS
    assert public.nonce == len(document["contracts"]) and public.progress == {}
    for entry in document["contracts"].values():
        receipt = public.node.rpc("eth_getTransactionReceipt", entry["transaction"])
        assert int(receipt["blockNumber"], 16) == entry["block"]
        assert receipt["contractAddress"].lower() == entry["address"].lower()
        assert int(receipt["effectiveGasPrice"], 16) > 0
    assert {path.name for path in (public.deployment.with_suffix("") / "sources").iterdir()} == set(
        document["contracts"]
    )

    use(public)


def use(public: Public) -> None:
    """Create a federation, fund a miner and a device, and let them run its one round."""
    federation = public.found_federation()
    roles = {
        role: create_keystore(public.folder / f"{role}.json", "other word", scrypt_n=2)
        for role in ("miner", "device")
    }
    (public.folder / "other.txt").write_text("other word\n")
    named = f"{public.folder / 'miner.json'},{roles['device'].address}"
    status, out, err = public.run("fund", MINERVA_FUND_ACCOUNTS=named, MINERVA_FUND_ETHER="0.5")
    assert (status, err) == (0, ""), out
    for made in roles.values():
        assert int(public.node.rpc("eth_getBalance", made.address, "latest"), 16) == ETHER // 2
    public.run_round(federation)


@pytest.mark.slow
def test_nothing_is_spent_on_the_wrong_chain_or_by_a_poor_account(public: Public) -> None:
    before = public.nonce
    for network, changes, told in (
        (
            "anvil",
            {},
            "minerva: the node is on another chain: 80099; anvil is 31337. Name a node of that network",
        ),
        (
            "optimism-sepolia",
            {"OPTIMISM_SEPOLIA_RPC_URL": public.node.url},
            "minerva: the node is on another chain: 80099; optimism-sepolia is 11155420.",
        ),
        ("local", {"MINERVA_CHAIN_ID": "5"}, "minerva: the node is on another chain: 80099; local is 5. Set"),
        ("local", {"MINERVA_CHAIN_ID": "five"}, "brownie: MINERVA_CHAIN_ID is 'five': give a number"),
        ("sepolia", {"SEPOLIA_RPC_URL": ""}, "brownie: SEPOLIA_RPC_URL is not set: export SEPOLIA_RPC_URL="),
        ("local", {"MINERVA_KEYSTORE": ""}, f"minerva: no account is named for chain {CHAIN_ID}."),
    ):
        status, out, err = public.run("deploy", network, **changes)
        assert status != 0 and err.startswith(told) and "\n" not in err, (err, out)
    public.node.rpc("anvil_setBalance", public.account, hex(10**15))
    status, out, err = public.run("deploy")
    assert status == 2 and "\n" not in err
    assert re.match(
        rf"minerva: the account cannot pay for the deployment: {public.account} has 0\.001000 ether of "
        r"0\.\d{6} ether\. Send it some",
        err,
    )
    assert public.nonce == before and not public.deployment.exists() and public.progress == {}


def test_each_network_has_its_chain_id_and_takes_its_node_from_the_environment() -> None:
    (group,) = yaml.safe_load(NETWORKS.read_text())["live"]
    networks = {network["id"]: network for network in group["networks"]}
    ids = {name: network["chainid"] for name, network in networks.items()}
    assert ids == {
        "anvil": 31337, "local": "$MINERVA_CHAIN_ID", "sepolia": 11155111, "polygon-amoy": 80002,
        "optimism-sepolia": 11155420,
    }  # fmt: skip
    assert {network["host"] for network in networks.values()} == {
        "$MINERVA_RPC_URL", "$SEPOLIA_RPC_URL", "$POLYGON_AMOY_RPC_URL", "$OPTIMISM_SEPOLIA_RPC_URL"
    }  # fmt: skip
