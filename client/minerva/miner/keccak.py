"""Keccak-256 of many nonces at once, compiled by numba: sixteen states side by side fill the widest vectors.

The permutation is Keccak-f[1600] (https://keccak.team/files/Keccak-reference-3.0.pdf), unrolled over its 25
lanes: loops over lanes would keep LLVM from holding them in registers, at a twentieth of the speed.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import binding
from numpy.typing import NDArray

WIDTH = 16
"""Nonces for each pass of the permutation."""
Kernel = Callable[[NDArray[np.uint64], int, int, int], int]

u = np.uint64
_ODD, _EVEN = u(0x00FF00FF00FF00FF), u(0x0000FFFF0000FFFF)
_SIGNATURE = "int64(uint64[::1], uint64, int64, uint64, uint64[::1], uint64[::1])"
_ROUND_CONSTANTS = np.array(
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000,
        0x000000000000808B, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
        0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
        0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003,
        0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ],
    dtype=np.uint64,
)  # fmt: skip
_lock = threading.Lock()
_kernels: dict[Path, Kernel] = {}


def load_kernel(cache: Path) -> Kernel:
    """Compile the kernel (seconds), or load it from the folder ``cache``, which processes may share.

    Returns
    -------
    callable
        ``kernel(block, start, passes, limit)`` hashes ``block`` (eight uint64: the little-endian lanes of
        seed and nonce) with lane 7 set to ``start`` and the ``passes * WIDTH - 1`` values after it. It
        returns how far from ``start`` the first lies whose hash's leading 64 bits, read big-endian, are
        below ``limit``; -1 for none. It runs without the GIL.
    """
    with _lock:
        if cache not in _kernels:
            cache.mkdir(parents=True, exist_ok=True)
            with (cache / "lock").open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # one process compiles, the others load what it made
                _kernels[cache] = _compile(cache)
        return _kernels[cache]


def _compile(cache: Path) -> Kernel:
    config: Any = numba.config
    config.CACHE_DIR = str(cache)
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):  # LLVM shuns 512 bits for fear of lower clocks; here they double the rate
        config.CPU_NAME = binding.get_host_cpu_name()
        config.CPU_FEATURES = features.flatten() + ",-prefer-256-bit"
    search: Any = numba.njit(_SIGNATURE, nogil=True, cache=True)(_search)

    def kernel(block: NDArray[np.uint64], start: int, passes: int, limit: int) -> int:
        scratch = np.empty(25 * WIDTH, np.uint64)
        return int(search(block, np.uint64(start), passes, np.uint64(limit), scratch, _ROUND_CONSTANTS))

    return kernel


def _search(block: Any, start: Any, passes: Any, limit: Any, s: Any, round_constants: Any) -> Any:
    for i in range(passes):
        for k in range(25):
            lane = u(0)
            if k < 8:
                lane = block[k]
            elif k == 8:  # the padding of 64 bytes begins here …
                lane = u(1)
            elif k == 16:  # … and ends with the rate of 136
                lane = u(1 << 63)
            for j in range(16):
                s[16 * k + j] = lane
        for j in range(16):
            s[112 + j] = start + u(16 * i + j)
        for r in range(24):
            constant = round_constants[r]
            for j in range(16):
                a0, a1, a2, a3, a4 = s[j], s[16 + j], s[32 + j], s[48 + j], s[64 + j]
                a5, a6, a7, a8, a9 = s[80 + j], s[96 + j], s[112 + j], s[128 + j], s[144 + j]
                a10, a11, a12, a13, a14 = s[160 + j], s[176 + j], s[192 + j], s[208 + j], s[224 + j]
                a15, a16, a17, a18, a19 = s[240 + j], s[256 + j], s[272 + j], s[288 + j], s[304 + j]
                a20, a21, a22, a23, a24 = s[320 + j], s[336 + j], s[352 + j], s[368 + j], s[384 + j]
                c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
                c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
                c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
                c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
                c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
                d0 = c4 ^ ((c1 << u(1)) | (c1 >> u(63)))
                d1 = c0 ^ ((c2 << u(1)) | (c2 >> u(63)))
                d2 = c1 ^ ((c3 << u(1)) | (c3 >> u(63)))
                d3 = c2 ^ ((c4 << u(1)) | (c4 >> u(63)))
                d4 = c3 ^ ((c0 << u(1)) | (c0 >> u(63)))
                b0 = a0 ^ d0
                t = a6 ^ d1
                b1 = (t << u(44)) | (t >> u(20))
                t = a12 ^ d2
                b2 = (t << u(43)) | (t >> u(21))
                t = a18 ^ d3
                b3 = (t << u(21)) | (t >> u(43))
                t = a24 ^ d4
                b4 = (t << u(14)) | (t >> u(50))
                t = a3 ^ d3
                b5 = (t << u(28)) | (t >> u(36))
                t = a9 ^ d4
                b6 = (t << u(20)) | (t >> u(44))
                t = a10 ^ d0
                b7 = (t << u(3)) | (t >> u(61))
                t = a16 ^ d1
                b8 = (t << u(45)) | (t >> u(19))
                t = a22 ^ d2
                b9 = (t << u(61)) | (t >> u(3))
                t = a1 ^ d1
                b10 = (t << u(1)) | (t >> u(63))
                t = a7 ^ d2
                b11 = (t << u(6)) | (t >> u(58))
                t = a13 ^ d3
                b12 = (t << u(25)) | (t >> u(39))
                t = a19 ^ d4
                b13 = (t << u(8)) | (t >> u(56))
                t = a20 ^ d0
                b14 = (t << u(18)) | (t >> u(46))
                t = a4 ^ d4
                b15 = (t << u(27)) | (t >> u(37))
                t = a5 ^ d0
                b16 = (t << u(36)) | (t >> u(28))
                t = a11 ^ d1
                b17 = (t << u(10)) | (t >> u(54))
                t = a17 ^ d2
                b18 = (t << u(15)) | (t >> u(49))
                t = a23 ^ d3
                b19 = (t << u(56)) | (t >> u(8))
                t = a2 ^ d2
                b20 = (t << u(62)) | (t >> u(2))
                t = a8 ^ d3
                b21 = (t << u(55)) | (t >> u(9))
                t = a14 ^ d4
                b22 = (t << u(39)) | (t >> u(25))
                t = a15 ^ d0
                b23 = (t << u(41)) | (t >> u(23))
                t = a21 ^ d1
                b24 = (t << u(2)) | (t >> u(62))
                s[j] = b0 ^ (~b1 & b2) ^ constant
                s[16 + j] = b1 ^ (~b2 & b3)
                s[32 + j] = b2 ^ (~b3 & b4)
                s[48 + j] = b3 ^ (~b4 & b0)
                s[64 + j] = b4 ^ (~b0 & b1)
                s[80 + j] = b5 ^ (~b6 & b7)
                s[96 + j] = b6 ^ (~b7 & b8)
                s[112 + j] = b7 ^ (~b8 & b9)
                s[128 + j] = b8 ^ (~b9 & b5)
                s[144 + j] = b9 ^ (~b5 & b6)
                s[160 + j] = b10 ^ (~b11 & b12)
                s[176 + j] = b11 ^ (~b12 & b13)
                s[192 + j] = b12 ^ (~b13 & b14)
                s[208 + j] = b13 ^ (~b14 & b10)
                s[224 + j] = b14 ^ (~b10 & b11)
                s[240 + j] = b15 ^ (~b16 & b17)
                s[256 + j] = b16 ^ (~b17 & b18)
                s[272 + j] = b17 ^ (~b18 & b19)
                s[288 + j] = b18 ^ (~b19 & b15)
                s[304 + j] = b19 ^ (~b15 & b16)
                s[320 + j] = b20 ^ (~b21 & b22)
                s[336 + j] = b21 ^ (~b22 & b23)
                s[352 + j] = b22 ^ (~b23 & b24)
                s[368 + j] = b23 ^ (~b24 & b20)
                s[384 + j] = b24 ^ (~b20 & b21)
        for j in range(16):
            lane = ((s[j] & _ODD) << u(8)) | ((s[j] >> u(8)) & _ODD)  # turn its bytes round
            lane = ((lane & _EVEN) << u(16)) | ((lane >> u(16)) & _EVEN)
            if (lane << u(32)) | (lane >> u(32)) < limit:
                return 16 * i + j
    return -1
