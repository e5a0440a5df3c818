"""The compiled search agrees with the reference hash, and stops when told."""

from __future__ import annotations

import secrets
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from eth_utils.crypto import keccak

from minerva.miner.keccak import WIDTH, load_kernel
from minerva.miner.search import Engine, Found, Search, find_nonce
from minerva.protocol.machine import meets

IMPOSSIBLE = 1 << 48


@pytest.fixture(scope="module")
def engine(kernel_cache: Path) -> Engine:
    engine = Engine(kernel_cache)
    engine.load()
    return engine


@pytest.fixture
def cold(tmp_path: Path) -> Engine:
    """Nobody compiled anything."""
    return Engine(tmp_path)


def leading(block: np.ndarray, lane: int) -> int:
    changed = block.copy()
    changed[7] = lane
    return int.from_bytes(keccak(changed.tobytes())[:8])


@pytest.mark.parametrize("bits", [1, 4, 8, 11])
def test_the_kernel_finds_the_first_hash_below_the_limit(kernel_cache: Path, bits: int) -> None:
    kernel = load_kernel(kernel_cache)
    block = np.frombuffer(secrets.token_bytes(64), dtype="<u8").astype(np.uint64)
    start, limit = secrets.randbits(62), 1 << (64 - bits)
    offset = kernel(block, start, 1 << 10, limit)
    expected = next(i for i in range(WIDTH << 10) if leading(block, start + i) < limit)
    assert offset == expected


def test_the_kernel_says_so_when_no_hash_is_below_the_limit(kernel_cache: Path) -> None:
    block = np.zeros(8, np.uint64)
    assert load_kernel(kernel_cache)(block, 0, 4, 0) == -1


@pytest.mark.parametrize("difficulty", [1, 2, 3, 1000, 100_003])
def test_a_found_nonce_solves_the_puzzle(engine: Engine, difficulty: int) -> None:
    seed = secrets.token_bytes(32)
    found = find_nonce(engine, seed, difficulty, threading.Event())
    assert found is not None and meets(seed, found.nonce, difficulty)
    assert len(found.proof) == 32 and int.from_bytes(found.proof) == found.nonce


@pytest.mark.parametrize("difficulty", [1, 2, 1000])
def test_easy_puzzles_need_no_compiler(cold: Engine, difficulty: int) -> None:
    seed = secrets.token_bytes(32)
    found = find_nonce(cold, seed, difficulty, threading.Event())
    assert found is not None and meets(seed, found.nonce, difficulty)
    assert cold.kernel is None


def test_the_kernel_takes_over_once_it_is_there(cold: Engine, engine: Engine) -> None:
    found: list[Found] = []
    search = Search(cold, secrets.token_bytes(32), 3_000_000, found.append)
    time.sleep(0.02)
    cold.kernel = engine.kernel
    assert search.join(30.0) and found[0].hashes > 0


def test_two_searches_of_one_puzzle_start_in_different_places(engine: Engine) -> None:
    results = [find_nonce(engine, bytes(32), 1, threading.Event()) for _ in range(4)]
    assert len({found.nonce for found in results if found}) == 4


@pytest.mark.parametrize("compiled", [True, False])
def test_a_search_stops_within_milliseconds(engine: Engine, cold: Engine, compiled: bool) -> None:
    found: list[Found] = []
    search = Search(
        engine if compiled else cold, secrets.token_bytes(32), IMPOSSIBLE, found.append, threads=2
    )
    time.sleep(0.05)
    began = time.perf_counter()
    search.stop()
    assert search.join(5.0)
    assert time.perf_counter() - began < 1.0  # some milliseconds on an idle machine
    assert not found


def test_several_threads_tell_one_nonce(engine: Engine) -> None:
    found: list[Found] = []
    search = Search(engine, secrets.token_bytes(32), 1, found.append, threads=4)
    assert search.join(5.0)
    assert len(found) == 1


def test_the_kernel_leaves_the_interpreter_to_others(kernel_cache: Path) -> None:
    kernel, block, ticks = load_kernel(kernel_cache), np.zeros(8, np.uint64), 0
    worker = threading.Thread(target=lambda: kernel(block, 0, 1 << 16, 0))
    worker.start()
    while worker.is_alive():
        ticks += 1
        time.sleep(0)
    assert ticks > 100


def test_the_kernel_reaches_a_useful_rate(kernel_cache: Path) -> None:
    """A floor that any machine reaches; the figure that counts is a benchmark's."""
    kernel, block, passes = load_kernel(kernel_cache), np.zeros(8, np.uint64), 1 << 13
    kernel(block, 0, 16, 0)
    began = time.thread_time()
    kernel(block, 0, passes, 0)
    assert passes * WIDTH / (time.thread_time() - began) > 1e6
