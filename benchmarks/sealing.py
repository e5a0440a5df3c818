"""What confidential mode costs: an update sealed and opened, beside serialising and hashing the same bytes.

    python benchmarks/sealing.py [--parameters 11200000] [--miners 3,16] [--rounds 7] [--json]

The baseline is what a device does anyway: it writes the tensors as safetensors and hashes the bytes (SHA-256). Each
round measures baseline, seal and open one after the other; the figures are medians, the ratios medians of the rounds'
ratios. One thread; nothing is read from disk. ``peak_mib`` is the most that Python and its extensions held beside the
content while an envelope was made, by ``tracemalloc``, in a run of its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from minerva.learning.weights import serialize
from minerva.sealing.envelope import Context, Envelope, seal
from minerva.sealing.keyring import Keyring

CONTEXT = Context(31337, "0x" + "7" * 40, 3, "0x" + "9" * 40)
LAYERS = 20
MIB = 1 << 20


def main() -> None:
    """Measure, and print a table or one JSON document."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--parameters", type=int, default=11_200_000, help="of float32: 44.8 MB")
    arguments.add_argument("--miners", default="3,16")
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--json", action="store_true")
    given = arguments.parse_args()
    figures = measure(given.parameters, [int(count) for count in given.miners.split(",")], given.rounds)
    if given.json:
        print(json.dumps(figures, indent=2))
        return
    print(
        f"{figures['bytes'] / 1e6:.1f} MB; serialised and hashed in {1000 * figures['baseline_seconds']:.0f} ms"
    )
    print("miners  seal ms  ratio  open ms  ratio  overhead bytes  peak MiB")
    for miners, row in figures["miners"].items():
        print(
            f"{miners:>6}  {1000 * row['seal_seconds']:7.1f}  {row['seal_ratio']:5.2f}"
            f"  {1000 * row['open_seconds']:7.1f}  {row['open_ratio']:5.2f}"
            f"  {row['overhead_bytes']:14}  {row['peak_mib']:8.1f}"
        )


def measure(parameters: int, miners: list[int], rounds: int) -> dict[str, Any]:
    """Return the figures for each number of miners; times are in seconds."""
    layer = -(-parameters // LAYERS)
    sizes = [min(layer, parameters - start) for start in range(0, parameters, layer)]
    random = np.random.default_rng(0)
    tensors = {f"layer.{n:02}": random.standard_normal(size, np.float32) for n, size in enumerate(sizes)}

    def baseline() -> bytes:
        content = serialize(tensors, {"round": "3"})
        sha256(content).digest()
        return content

    content, baselines, rows = baseline(), list[float](), dict[str, Any]()
    for count in miners:
        rings = [Keyring(Path("none"), [X25519PrivateKey.generate()]) for _ in range(count)]
        keys = {f"0x{number:040d}": ring.public for number, ring in enumerate(rings)}
        times: list[tuple[float, float, float]] = []
        for _ in range(rounds):
            base, _ = _timed(baseline)
            sealing, envelope = _timed(lambda keys=keys: seal(CONTEXT, content, keys))  # type: ignore[misc]
            opening, opened = _timed(lambda data=envelope, ring=rings[-1]: Envelope.read(data).open(ring))  # type: ignore[misc]
            assert opened == content
            times.append((base, sealing, opening))
        baselines += [base for base, _, _ in times]
        rows[str(count)] = {
            "seal_seconds": statistics.median(sealing for _, sealing, _ in times),
            "open_seconds": statistics.median(opening for _, _, opening in times),
            "seal_ratio": statistics.median(sealing / base for base, sealing, _ in times),
            "open_ratio": statistics.median(opening / base for base, _, opening in times),
            "overhead_bytes": len(envelope) - len(content),
            "peak_mib": _peak(lambda keys=keys: seal(CONTEXT, content, keys)),  # type: ignore[misc]
        }
    return {"bytes": len(content), "baseline_seconds": statistics.median(baselines), "miners": rows}


def _timed(job: Callable[[], bytes]) -> tuple[float, bytes]:
    began = time.perf_counter()
    made = job()
    return time.perf_counter() - began, made


def _peak(job: Callable[[], bytes]) -> float:
    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


if __name__ == "__main__":
    main()
