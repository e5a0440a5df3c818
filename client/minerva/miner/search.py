"""The search for a proof of work (docs/SPECIFICATION.md, W): at full speed, and over at once when told."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eth_utils.crypto import keccak

from minerva.protocol.machine.proof_of_work import meets

if TYPE_CHECKING:
    from minerva.miner.keccak import Kernel

log = logging.getLogger(__name__)

_BATCH_SECONDS = 0.002
_FIRST_PASSES = 1 << 9
_MOST_PASSES = 1 << 14
_PLAIN_HASHES = 256


@dataclass(frozen=True, slots=True)
class Found:
    """A nonce that solves the puzzle, the hashes that its thread tried, and the seconds that took."""

    nonce: int
    hashes: int
    seconds: float

    @property
    def proof(self) -> bytes:
        """``abi.encode(uint256 nonce)``."""
        return self.nonce.to_bytes(32, "big")


class Engine:
    """The compiled kernel, once it is there: compiling it takes seconds, loading it from ``cache`` one."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.kernel: Kernel | None = None

    def warm_up(self) -> None:
        """Start compiling or loading in a thread of its own; only the first call does anything."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self.load, name="warm-up", daemon=True)
                self._thread.start()

    def load(self) -> Kernel:
        """Compile or load now."""
        from minerva.miner.keccak import load_kernel

        began = time.perf_counter()
        self.kernel = load_kernel(self._cache)
        log.info("the compiled search is ready after %.1f s", time.perf_counter() - began)
        return self.kernel


def find_nonce(engine: Engine, seed: bytes, difficulty: int, stop: threading.Event) -> Found | None:
    """Try nonces from a random one on until one solves the puzzle or ``stop`` is set.

    Parameters
    ----------
    engine
        Until it has its kernel, plain Python searches: a hundredth of the speed will do for easy puzzles.
    seed
        32 bytes.
    difficulty
        Expected hashes, 1 to 2^48.

    Returns
    -------
    Found or None
        None when ``stop`` was set first.
    """
    began, tried, passes = time.perf_counter(), 0, _FIRST_PASSES
    high, start = secrets.token_bytes(24), secrets.randbits(62)
    target = ((1 << 256) - 1) // difficulty
    while not stop.is_set():
        batch = time.perf_counter()
        if engine.kernel is None:
            offset, size = _search_plainly(seed + high, start, target), _PLAIN_HASHES
        else:
            offset, size = _search(engine.kernel, seed + high, start, passes, target >> 192)
            pace = _BATCH_SECONDS / max(time.perf_counter() - batch, 1e-6)
            passes = max(_FIRST_PASSES // 8, min(_MOST_PASSES, int(passes * pace)))
        if offset >= 0:
            nonce = int.from_bytes(high + (start + offset).to_bytes(8, "little"))
            if not meets(seed, nonce, difficulty):
                raise RuntimeError(f"the compiled hash is wrong for seed {seed.hex()} and nonce {nonce}")
            return Found(nonce, tried + offset + 1, time.perf_counter() - began)
        start, tried = start + size, tried + size
    return None


def _search(kernel: Kernel, prefix: bytes, start: int, passes: int, limit: int) -> tuple[int, int]:
    import numpy as np

    from minerva.miner.keccak import WIDTH

    block = np.frombuffer(prefix + bytes(8), dtype="<u8").astype(np.uint64)
    return kernel(block, start, passes, limit), passes * WIDTH


def _search_plainly(prefix: bytes, start: int, target: int) -> int:
    for offset in range(_PLAIN_HASHES):
        if int.from_bytes(keccak(prefix + (start + offset).to_bytes(8, "little"))) <= target:
            return offset
    return -1


class Search:
    """One puzzle being worked on by threads; the first to solve it calls ``found``, once."""

    def __init__(
        self,
        engine: Engine,
        seed: bytes,
        difficulty: int,
        found: Callable[[Found], None],
        *,
        threads: int = 1,
    ) -> None:
        self.seed, self.difficulty = seed, difficulty
        self._engine, self._found = engine, found
        self._stop, self._once = threading.Event(), threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"search-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Give up; the threads end within one batch, some milliseconds."""
        self._stop.set()

    def join(self, timeout: float) -> bool:
        """Wait for the threads to end; whether they did."""
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        found = find_nonce(self._engine, self.seed, self.difficulty, self._stop)
        if found is None:
            return
        with self._once:
            if self._stop.is_set():
                return
            self._stop.set()
        self._found(found)
