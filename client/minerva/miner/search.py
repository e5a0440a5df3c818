"""The search for a proof of work (docs/SPECIFICATION.md, section W): at full speed, and over within milliseconds when told."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from minerva.protocol.machine.proof_of_work import meets

if TYPE_CHECKING:
    from minerva.miner.keccak import Kernel

log = logging.getLogger(__name__)

_BATCH_SECONDS = 0.002
_FIRST_PASSES = 1 << 9
_MOST_PASSES = 1 << 14


@dataclass(frozen=True, slots=True)
class Found:
    """A nonce that solves the puzzle, the hashes that the finding thread tried, and how many seconds that took."""

    nonce: int
    hashes: int
    seconds: float

    @property
    def proof(self) -> bytes:
        """``abi.encode(uint256 nonce)``."""
        return self.nonce.to_bytes(32, "big")


def find_nonce(kernel: Kernel, seed: bytes, difficulty: int, stop: threading.Event) -> Found | None:
    """Try nonces from a random one on until one solves the puzzle or ``stop`` is set.

    Parameters
    ----------
    kernel
        From `minerva.miner.keccak.load_kernel`.
    seed
        32 bytes.
    difficulty
        Expected hashes, 1 to 2^48.

    Returns
    -------
    Found or None
        None when ``stop`` was set first.
    """
    import numpy as np

    from minerva.miner.keccak import WIDTH

    began, tried, passes = time.perf_counter(), 0, _FIRST_PASSES
    high = secrets.token_bytes(24)
    start = secrets.randbits(63)
    block = np.frombuffer(seed + high + bytes(8), dtype="<u8").astype(np.uint64)
    limit = ((1 << 256) - 1) // difficulty >> 192
    while not stop.is_set():
        batch = time.perf_counter()
        offset = kernel(block, start, passes, limit)
        if offset >= 0:
            nonce = int.from_bytes(high + (start + offset).to_bytes(8, "little"))
            tried += offset + 1
            if meets(seed, nonce, difficulty):
                return Found(nonce, tried, time.perf_counter() - began)
            raise RuntimeError(f"the compiled hash is wrong for seed {seed.hex()} and nonce {nonce}")
        start, tried = (start + passes * WIDTH) % (1 << 63), tried + passes * WIDTH
        pace = _BATCH_SECONDS / max(time.perf_counter() - batch, 1e-6)
        passes = max(_FIRST_PASSES // 8, min(_MOST_PASSES, int(passes * pace)))
    return None


class Search:
    """One puzzle being worked on by threads; the first to solve it calls ``found``, once."""

    def __init__(
        self, cache: Path, seed: bytes, difficulty: int, found: Callable[[Found], None], *, threads: int = 1
    ) -> None:
        self.seed, self.difficulty = seed, difficulty
        self._cache, self._found = cache, found
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
        from minerva.miner.keccak import load_kernel

        found = find_nonce(load_kernel(self._cache), self.seed, self.difficulty, self._stop)
        if found is None:
            return
        with self._once:
            if self._stop.is_set():
                return
            self._stop.set()
        self._found(found)


def warm_up(cache: Path) -> threading.Thread:
    """Compile the kernel, or load it from ``cache``, in a thread of its own: nobody waits for it before the first puzzle."""

    def load() -> None:
        from minerva.miner.keccak import load_kernel

        began = time.perf_counter()
        load_kernel(cache)
        log.info("the search is ready after %.1f s", time.perf_counter() - began)

    thread = threading.Thread(target=load, name="warm-up", daemon=True)
    thread.start()
    return thread
