"""The development chain as a process: its ends, its state, its port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from chain_site import start

from minerva.chain.dev import AnvilNode
from minerva.errors import ChainUnreachable, MinervaError, NodeConflict
from minerva.processes import ProcessRecord


def height(node: AnvilNode) -> int:
    return int(node.rpc("eth_blockNumber"), 16)


def hash_of(node: AnvilNode, block: int) -> str:
    return str(node.rpc("eth_getBlockByNumber", hex(block), False)["hash"])


def gone(pid: int, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while ProcessRecord.of(pid) is not None:
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_stopped_chain_goes_on_where_it_was(tmp_path: Path) -> None:
    node = start(tmp_path)
    node.rpc("anvil_mine", "0x5")
    fifth, port = hash_of(node, 5), node.port
    node.stop()
    with pytest.raises(ChainUnreachable):
        height(node)
    with node:
        assert (height(node), hash_of(node, 5), node.port) == (5, fifth, port)


def test_rules_are_those_of_mainnet(tmp_path: Path) -> None:
    with start(tmp_path) as node:
        info = node.rpc("anvil_nodeInfo")
        assert info["hardFork"].lower() == "osaka"
        block = node.rpc("eth_getBlockByNumber", "latest", False)
        assert int(block["gasLimit"], 16) == 60_000_000
        assert len(node.rpc("eth_accounts")) == 40


def test_killed_chain_goes_on_from_what_was_saved(tmp_path: Path) -> None:
    node = start(tmp_path, save_seconds=0.1)
    node.rpc("anvil_mine", "0x5")
    fifth = hash_of(node, 5)
    time.sleep(0.6)
    node.kill()
    with node:
        assert (height(node), hash_of(node, 5)) == (5, fifth)


def test_kill_while_saving_leaves_a_whole_state(tmp_path: Path) -> None:
    node = start(tmp_path, save_seconds=0.0)
    for _ in range(5):
        node.rpc("anvil_mine", "0x20")
        time.sleep(0.05)
        node.kill()
        if node._state.exists():
            json.loads(node._state.read_bytes())
        node.start()
    node.stop()


def test_saving_at_once_from_several_sides(tmp_path: Path) -> None:
    with start(tmp_path, save_seconds=0.0) as node, ThreadPoolExecutor() as threads:

        def move_and_save(_: int) -> None:
            node.rpc("evm_mine")
            node.save()

        list(threads.map(move_and_save, range(100)))
        node.kill()
    with node:
        assert height(node) == 100


def test_child_that_was_ended_directly_keeps_all(tmp_path: Path) -> None:
    node = start(tmp_path, save_seconds=600.0)
    node.rpc("anvil_mine", "0x5")
    node.child.record.terminate()
    node._ending.set()
    again = AnvilNode(tmp_path)
    with again:
        assert height(again) == 5


def test_cut_off_exit_file_is_passed_over(tmp_path: Path) -> None:
    node = start(tmp_path)
    node.rpc("anvil_mine", "0x5")
    node.stop()
    (tmp_path / "exit.json").write_text('{"block": ')
    with node:
        assert height(node) == 5


def test_logs_outlive_pruned_states(tmp_path: Path) -> None:
    """The updates themselves are logs; only states may be forgotten."""
    with start(tmp_path) as node:
        sender, to = node.rpc("eth_accounts")[0], "0x" + "ab" * 20
        # LOG0 of nothing, then stop: 60 00 60 00 a0 00
        node.rpc("anvil_setCode", to, "0x60006000a000")
        node.rpc("eth_sendTransaction", {"from": sender, "to": to})
        node.rpc("anvil_mine", hex(400))
        wanted = {"fromBlock": "0x0", "toBlock": "latest", "address": to}
        assert len(node.rpc("eth_getLogs", wanted)) == 1
        node.rpc("anvil_reorg", 100, [])
        node.stop()
        node.start()
        (entry,) = node.rpc("eth_getLogs", wanted)
        assert node.rpc("eth_getTransactionReceipt", entry["transactionHash"])["status"] == "0x1"


def test_taken_port_is_named(tmp_path: Path) -> None:
    with start(tmp_path / "one") as node:
        with pytest.raises(NodeConflict, match=f"another programme uses the port: {node.port}"):
            AnvilNode(tmp_path / "two", port=node.port).start()


def test_programme_that_is_no_anvil_is_named(tmp_path: Path) -> None:
    with pytest.raises(MinervaError, match="ended with status"):
        AnvilNode(tmp_path, binary=Path("/bin/false")).start()


def test_interval_mining(tmp_path: Path) -> None:
    with start(tmp_path, block_time=0.1) as node:
        time.sleep(0.5)
        assert height(node) >= 2


@pytest.mark.parametrize("detached", [False, True])
def test_chain_id_is_its_own(tmp_path: Path, detached: bool) -> None:
    """Also after a restart, and where another process keeps it."""
    node = AnvilNode(tmp_path, chain_id=80099)
    for _ in range(2):
        node.start(detached=detached)
        assert int(node.rpc("eth_chainId"), 16) == 80099
        node.stop()


CHILD = """
import sys
from pathlib import Path
from minerva.chain.dev import AnvilNode
node = AnvilNode(Path(sys.argv[1])).start(detached=sys.argv[2] == "detached")
print(node.port, node.child.pid, node.child.record.started, flush=True)
sys.stdin.read()
"""


def run_parent(folder: Path, how: str) -> tuple[subprocess.Popen[str], int, ProcessRecord]:
    parent = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert parent.stdout
    port, pid, started = parent.stdout.readline().split()
    return parent, int(port), ProcessRecord(int(pid), started)


def test_attached_chain_dies_with_its_parent(tmp_path: Path) -> None:
    parent, _, child = run_parent(tmp_path, "attached")
    parent.kill()
    parent.wait()
    assert gone(child.pid)


def test_detached_chain_outlives_its_parent_and_saves(tmp_path: Path) -> None:
    parent, port, child = run_parent(tmp_path, "detached")
    try:
        parent.kill()
        parent.wait()
        node = AnvilNode(tmp_path, port=port)
        node.rpc("anvil_mine", "0x5")
        assert child.alive
    finally:
        child.terminate(20)
    with pytest.raises(ChainUnreachable):
        height(node)
    with node:
        assert height(node) == 5


def test_killed_keeper_takes_its_chain_along(tmp_path: Path) -> None:
    parent, port, child = run_parent(tmp_path, "detached")
    parent.kill()
    parent.wait()
    os.kill(child.pid, signal.SIGKILL)
    node = AnvilNode(tmp_path, port=port)
    until = time.monotonic() + 10
    with pytest.raises(ChainUnreachable):
        while time.monotonic() < until:
            height(node)
            time.sleep(0.02)
