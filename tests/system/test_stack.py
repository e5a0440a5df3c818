"""`minerva up`, `down` and `up` again; two stacks side by side."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from federation_site import SECONDS, eventually, processes

from minerva import config
from minerva.chain.dev import AnvilNode
from minerva.config import CreateSection
from minerva.connect import connect
from minerva.errors import ChainUnreachable
from minerva.processes import ProcessRecord
from minerva.protocol.events import BlockFinalized, Log, UpdateSubmitted
from minerva.protocol.state import FederationState, Status
from minerva.stack.background import Background
from minerva.stack.parts import ignore
from minerva.webui.service import built

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

UP_SECONDS = 3 * SECONDS
DASHBOARD = {"webui"} if built() else set[str]()
"""Its process, where the page was built."""
DEVICE = ("device", "run", "--account", "anvil:20", "--set", "device.task=digits", "--set")


def minerva(folder: Path, *words: str, status: int = 0) -> dict[str, Any]:
    """Run a command for the stack in ``folder``, and return its JSON document."""
    done = subprocess.run(
        [sys.executable, "-m", "minerva.cli", *words, "--json"],
        cwd=folder, capture_output=True, text=True, timeout=UP_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def state(folder: Path) -> FederationState:
    """Where the stack's federation stands, by the configuration that `up` wrote."""
    settings = config.load(folder / ".minerva" / config.FILE_NAME, {})
    with closing(connect(settings)) as chain:
        return chain.state(settings.federation)


def logs(folder: Path, kind: type, round_: int) -> list[Log]:
    """The events of a kind and a round that the chain has now."""
    settings = config.load(folder / ".minerva" / config.FILE_NAME, {})
    with closing(connect(settings)) as chain:
        found = chain.logs(settings.federation)
    return [log for log in found if isinstance(log.event, kind) and log.event.round == round_]  # type: ignore[attr-defined]


def node(folder: Path, record: dict[str, Any]) -> AnvilNode:
    """What asks the stack's chain."""
    return AnvilNode(folder / ".minerva" / "chain", port=record["ports"]["chain"])


def transact(chain: AnvilNode) -> dict[str, Any]:
    """Have a transaction mined, in a block of its own; its receipt."""
    sender = chain.rpc("eth_accounts")[-1]
    hash_ = chain.rpc("eth_sendTransaction", {"from": sender, "to": sender})
    while (receipt := chain.rpc("eth_getTransactionReceipt", hash_)) is None:
        pass
    return dict(receipt)


def saved_block(chain: AnvilNode) -> str:
    """Make a block and wait until it is saved; its hash."""
    chain.rpc("evm_mine")
    block = chain.rpc("eth_getBlockByNumber", "latest", False)
    number = int(block["number"], 16)
    file = chain.folder / "state.json"

    def saved() -> bool:
        return file.exists() and json.loads(file.read_bytes())["best_block_number"] >= number

    eventually(saved, "the chain is saved")
    return str(block["hash"])


@pytest.fixture
def folders(kubo_binary: Path, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    made = tmp_path / "one", tmp_path / "two"
    for folder in made:
        folder.mkdir()
    yield made
    for folder in made:
        if (folder / ".minerva" / "stack.json").exists():
            minerva(folder, "down")


def test_a_stack_goes_down_and_up_again_with_its_state_beside_another(folders: tuple[Path, Path]) -> None:
    one, two = folders
    first = minerva(one, "up", "--miners", "1")
    assert first["store"] == "kubo"
    names = {"chain", "ipfs-a", "ipfs-b", "miner-0"} | DASHBOARD
    assert set(first["processes"]) == names
    shown = minerva(one, "federation", "show")  # commands find the stack by themselves
    assert shown["federation"] == first["federation"] and shown["manifestDocument"]["task"] == "digits"

    second = minerva(one, "up", "--miners", "1", status=2)
    assert "is up already" in second["error"] and "minerva down" in second["remedy"]
    assert requests.get(f"{first['miners']['0']}/health", timeout=SECONDS).status_code == 200, (
        "and nothing was disturbed"
    )

    assert minerva(one, *DEVICE, "device.rounds=2")["submitted"] == 2
    eventually(lambda: state(one).height == 2, "two blocks")
    before = state(one)

    chain, miner = node(one, first), ProcessRecord(**first["processes"]["miner-0"])
    with ThreadPoolExecutor() as threads:
        down = threads.submit(minerva, one, "down")
        while miner.alive:  # the chain ends right after it
            with suppress(ChainUnreachable):
                last = transact(chain)
    assert set(down.result()["ended"]) == names
    assert processes(one) == []
    assert minerva(one, "down")["ended"] == []

    other = minerva(two, "up", "--miners", "1")
    again = minerva(one, "up", "--miners", "1")
    for part in ("federation", "ports", "stores", "rpc"):
        assert again[part] == first[part]
    assert not set(other["ports"].values()) & set(again["ports"].values())
    assert chain.rpc("eth_getTransactionReceipt", last["transactionHash"]) == last, "nothing is lost"
    after = state(one)
    for field in ("height", "head", "model", "round", "devices"):
        assert getattr(after, field) == getattr(before, field)
    assert minerva(one, "verify", first["federation"])["blocks"] == [1, 2]
    assert state(two).height == 0
    assert minerva(one, *DEVICE, "device.rounds=1")["submitted"] == 1
    eventually(lambda: state(one).height == 3, "a block on top of those of before")

    minerva(one, "down")
    assert processes(one) == []
    assert state(two).status is Status.WAITING, "the other stack lives on"
    minerva(two, "down")
    assert processes(two) == []


def test_a_killed_chain_loses_seconds_and_they_are_made_good(folders: tuple[Path, Path]) -> None:
    one, _ = folders
    first = minerva(one, "up", "--miners", "1")
    chain, record = node(one, first), ProcessRecord(**first["processes"]["chain"])
    keeper = psutil.Process(record.pid)
    (anvil,) = keeper.children()
    minerva(one, *DEVICE, "device.rounds=1")
    eventually(lambda: state(one).height == 1, "a block")
    kept = saved_block(chain)
    keeper.suspend()  # from here on nothing is saved
    minerva(one, *DEVICE, "device.rounds=1")
    eventually(lambda: state(one).height == 2, "a block that will be lost")
    (update,), (final,) = logs(one, UpdateSubmitted, 2), logs(one, BlockFinalized, 2)
    anvil.kill()
    keeper.resume()
    eventually(lambda: not record.alive, "the keeper has nothing to keep any more", 30.0)

    assert set(minerva(one, "down")["ended"]) == {"ipfs-a", "ipfs-b", "miner-0"} | DASHBOARD
    assert minerva(one, "up", "--miners", "1")["federation"] == first["federation"]
    assert chain.rpc("eth_getBlockByHash", kept, False), "what was saved is there"
    for lost in (update, final):
        assert chain.rpc("eth_getBlockByHash", "0x" + lost.block_hash.hex(), False) is None
    assert state(one).height == 1, "the miner alone cannot bring the device's record back"
    assert minerva(one, *DEVICE, "device.rounds=1")["submitted"] == 1
    eventually(lambda: state(one).height >= 2, "the block of the lost round")
    (again,) = logs(one, UpdateSubmitted, 2)
    assert again.transaction == update.transaction, "the very same record, and once"
    height = state(one).height
    assert minerva(one, "verify", first["federation"])["blocks"] == list(range(1, height + 1))


def test_a_killed_chain_gets_the_federation_back_that_up_had_made(kubo_binary: Path, tmp_path: Path) -> None:
    stack = Background(tmp_path / "stack")

    def up_and_down(task: str) -> str:
        try:
            return str(stack.up(miners=0, task=task, create=CreateSection(), say=ignore)["federation"])
        finally:
            stack.down(ignore)

    state, last = (stack.root / "chain" / name for name in ("state.json", "exit.json"))
    up_and_down("digits")
    saved = state.read_bytes()
    made = up_and_down("breast_cancer")
    state.write_bytes(saved)  # as it is when the chain is killed before its next save
    last.unlink()
    assert up_and_down("breast_cancer") == made
