"""The store on real IPFS nodes: two of them, their restarts, their conflicts, their silence."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from nodes import kubo_binary, kubo_pair  # noqa: F401 - fixtures

from minerva.errors import (
    ContentMismatch,
    ContentUnavailable,
    MinervaError,
    NodeConflict,
    StoreError,
    StoreUnreachable,
)
from minerva.processes import free_port
from minerva.protocol.cid import DAG_PB, Cid
from minerva.store import cid_of, open_store
from minerva.store.cid import IMPORT_OPTIONS
from minerva.store.kubo import KuboStore
from minerva.store.local import LocalStore
from minerva.store.memory import MemoryStore
from minerva.store.node import KuboNode, find_kubo
from minerva.store.transport import Transport

pytestmark = pytest.mark.kubo

MIB = 1 << 20
SLACK = 5.0


@pytest.fixture
def stores(kubo_pair: tuple[KuboNode, KuboNode]) -> Iterator[tuple[KuboStore, KuboStore]]:  # noqa: F811
    here, there = (node.store() for node in kubo_pair)
    yield here, there
    here.close()
    there.close()


@pytest.mark.parametrize(
    "size", [0, 1, MIB - 1, MIB, MIB + 1, 10 * MIB, 200 * MIB, *random.Random(11).sample(range(8 * MIB), 3)]
)
def test_every_store_gives_the_same_cid(
    stores: tuple[KuboStore, KuboStore], tmp_path: Path, size: int
) -> None:
    data = random.Random(size).randbytes(size)
    every = [stores[0], LocalStore(tmp_path), MemoryStore()]
    assert {store.put(data) for store in every} == {cid_of(data)}


@pytest.mark.parametrize("size", [0, 1, 20_000, MIB, MIB + 1, 10 * MIB])
def test_a_node_fetches_from_its_peer(stores: tuple[KuboStore, KuboStore], size: int) -> None:
    here, there = stores
    data = os.urandom(size)
    cid = here.put(data)
    assert size == 0 or not there.has(cid)
    assert there.get(cid, max_bytes=size, timeout=30) == data
    assert there.has(cid)


def test_pinning_fetches(stores: tuple[KuboStore, KuboStore]) -> None:
    here, there = stores
    cid = here.put(os.urandom(2 * MIB))
    there.pin(cid, timeout=30)
    assert there.has(cid)


def test_has_asks_for_the_leaves_too(stores: tuple[KuboStore, KuboStore]) -> None:
    here, there = stores
    cid = here.put(os.urandom(3 * MIB))
    transport = Transport(there.address)
    transport.allow(seconds=30, answer_bytes=MIB)
    transport.request("/block/get", (str(cid),))  # brings the root alone
    transport.close_session()
    assert not there.has(cid)


def test_ten_updates_are_fetched_at_once(stores: tuple[KuboStore, KuboStore]) -> None:
    here, there = stores
    updates = [os.urandom(20_000) for _ in range(10)]
    with ThreadPoolExecutor(10) as threads:
        cids = list(threads.map(here.put, updates))
        assert list(threads.map(lambda cid: there.get(cid, max_bytes=20_000, timeout=30), cids)) == updates


def test_content_put_late_reaches_the_peer_that_waits(stores: tuple[KuboStore, KuboStore]) -> None:
    here, there = stores
    data = os.urandom(20_000)
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(there.get, cid_of(data), max_bytes=20_000, timeout=60)
        here.put(data)
        assert waiting.result() == data


@pytest.mark.parametrize("codec", [0x55, DAG_PB])
def test_a_cid_nobody_has_costs_its_deadline(stores: tuple[KuboStore, KuboStore], codec: int) -> None:
    before = time.monotonic()
    with pytest.raises(ContentUnavailable):
        stores[0].get(Cid(os.urandom(32), codec), max_bytes=100, timeout=0.5)
    assert 0.5 <= time.monotonic() - before < 0.5 + SLACK


def test_a_directory_is_no_content(stores: tuple[KuboStore, KuboStore]) -> None:
    empty = Cid.parse("bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354")
    with pytest.raises(ContentUnavailable, match="is a directory"):
        stores[0].get(empty, max_bytes=100, timeout=10)


def test_content_in_other_chunks_has_another_cid(stores: tuple[KuboStore, KuboStore]) -> None:
    # What an attacker adds with other import parameters is not the content of its CID to us.
    transport = Transport(stores[0].address)
    transport.allow(seconds=30, answer_bytes=MIB)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        + bytes(2 * MIB)
        + b"\r\n--x--\r\n"
    )
    (answer,) = transport.request(
        "/add",
        opts={**IMPORT_OPTIONS, "chunker": "size-262144"},
        data=[body],
        headers={"Content-Type": "multipart/form-data; boundary=x"},
        decoder="json",
    )
    transport.close_session()
    with pytest.raises(ContentMismatch):
        stores[0].get(Cid.parse(answer["Hash"]), max_bytes=2 * MIB, timeout=10)


def test_pins_outlive_a_collection_and_the_unpinned_do_not(
    kubo_pair: tuple[KuboNode, KuboNode],  # noqa: F811
    stores: tuple[KuboStore, KuboStore],
) -> None:
    store = stores[1]
    kept, dropped = store.put(os.urandom(1000)), store.put(os.urandom(1000))
    store.unpin(dropped)
    transport = Transport(store.address)
    transport.allow(seconds=60, answer_bytes=MIB)
    transport.request("/repo/gc", decoder="json")
    transport.close_session()
    assert store.has(kept)
    assert not store.has(dropped)


def test_health_counts_peers(stores: tuple[KuboStore, KuboStore]) -> None:
    health = stores[0].health()
    assert (health.name, health.peers) == ("kubo", 1)
    assert tuple(map(int, health.version.split(".")[:2])) >= (0, 40)


def test_connecting_to_nobody_is_an_error(stores: tuple[KuboStore, KuboStore]) -> None:
    peer = f"/ip4/127.0.0.1/tcp/{free_port()}/p2p/12D3KooWKuxYkgU638sKG5sizcQqrtVXJXTmDv2hTheLiFPRHpTi"
    with pytest.raises(StoreError, match="cannot connect to"):
        stores[0].connect(peer)


def test_a_store_survives_the_restart_of_its_node(kubo_binary: Path, tmp_path: Path) -> None:  # noqa: F811
    node = KuboNode(tmp_path / "repo", kubo_binary)
    with node:
        store = open_store(f"kubo:{node.address}")
        cid = store.put(b"kept over restarts")
        api = node.address
    with pytest.raises(StoreUnreachable):
        store.health()
    with KuboNode(tmp_path / "repo", kubo_binary, api=api) as again:
        assert again.address == api
        assert store.get(cid, max_bytes=100, timeout=10) == b"kept over restarts"
        store.close()


def test_one_repository_has_one_node(kubo_pair: tuple[KuboNode, KuboNode], kubo_binary: Path) -> None:  # noqa: F811
    node = kubo_pair[0]
    for second in (node, KuboNode(node.repo, kubo_binary)):
        with pytest.raises(NodeConflict, match="another process uses this IPFS repository"):
            second.start()
    store = node.store()
    assert store.health().peers == 1
    store.close()


def test_a_port_in_use_is_a_conflict(
    kubo_pair: tuple[KuboNode, KuboNode],  # noqa: F811
    kubo_binary: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    with pytest.raises(NodeConflict):
        KuboNode(tmp_path, kubo_binary, api=kubo_pair[0].address).start()


def test_a_program_that_is_not_ipfs_is_told(tmp_path: Path) -> None:
    with pytest.raises(MinervaError, match="cannot make an IPFS repository"):
        KuboNode(tmp_path / "repo", Path("/bin/false")).start()


def test_a_node_talks_to_nobody_it_was_not_told_of(kubo_pair: tuple[KuboNode, KuboNode]) -> None:  # noqa: F811
    node = kubo_pair[0]
    config = json.loads((node.repo / "config").read_text())
    assert config["Bootstrap"] == []
    assert config["Routing"]["Type"] == "none"
    assert not config["AutoConf"]["Enabled"]
    assert config["Plugins"]["Plugins"]["telemetry"]["Disabled"]
    assert "telemetry" not in node.child.log_path.read_text().lower()
    sockets = psutil.Process(node.child.pid).connections()
    assert {connection.laddr.ip for connection in sockets} == {"127.0.0.1"}


def test_a_node_stops_with_its_block_and_dies_with_its_owner(kubo_binary: Path, tmp_path: Path) -> None:  # noqa: F811
    with KuboNode(tmp_path / "one", kubo_binary) as node:
        record = node.child.record
        assert record.alive
    assert not record.alive
    code = (
        "import os, sys; from pathlib import Path; from minerva.store.node import KuboNode\n"
        "node = KuboNode(Path(sys.argv[1]), Path(sys.argv[2])).start()\n"
        "print(node.child.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "two", kubo_binary],
        capture_output=True,
        text=True,
        timeout=60,
    )
    orphan = int(done.stdout)
    if psutil.pid_exists(orphan):
        psutil.Process(orphan).wait(30)


def test_a_detached_node_ends_by_its_record(kubo_binary: Path, tmp_path: Path) -> None:  # noqa: F811
    node = KuboNode(tmp_path, kubo_binary).start(detached=True)
    record, address = node.child.record, node.address
    assert record.terminate()
    with pytest.raises(StoreUnreachable):
        KuboStore(address).health()
    node.stop()


def test_finds_the_ipfs_on_path_when_it_is_new_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = find_kubo()
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    program = tmp_path / "ipfs"
    for version, found in (
        ("0.41.0", program),
        ("0.40.1-rc1", program),
        ("1.0.0", program),
        ("0.8.0", built),
        ("", built),
    ):
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
        assert find_kubo() == found
    program.write_text("#!/bin/sh\nexit 1\n")
    assert find_kubo() == built
