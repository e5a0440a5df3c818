"""How long the dashboard's pages take to show a large federation, in Chromium on a local chain with real contracts.

    python benchmarks/dashboard.py [--rounds 1000] [--devices 50] [--repeat 3] [--keep FOLDER] [--json]

Makes the federation (benchmarks/crowded.py), serves the built page ('make webui') for it, and opens the Federation page
with nothing kept in the browser (cold), then it and the others with what the browser kept (warm). A page is open when
its tables show the last round and all devices. Prints medians: milliseconds, those of CPU in the page's main thread, the
longest time for which it could not answer, and the ratio to the baseline in the same run: the federation's and its
miners' events, read in ranges of 500 blocks and decoded by viem in node. `--keep` leaves the chain in a folder, and takes
it from there the next time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import crowded

from minerva.chain.dev import AnvilNode
from minerva.stack.dashboard import start_dashboard
from minerva.stack.parts import Stack

WEBUI = Path(__file__).resolve().parents[1] / "webui"
NEVER = 1e9
"""The chain is saved at its end only: its state has hundreds of megabytes."""
TARGETS = {"cold": 10_000, "federation": 2_000}
BROWSE_SECONDS = 900


def main() -> int:
    """Measure, print, and fail when a page does not come to show all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="minerva-bench-") as folder:
        result = measure(options.keep or Path(folder), options.rounds, options.devices, options.repeat)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    return 0


def measure(folder: Path, rounds: int, devices: int, repeat: int) -> dict[str, Any]:
    """Make the federation or take the one that was kept, and open its pages."""
    stack = Stack(folder / f"{rounds}x{devices}", say=lambda line: print(line, file=sys.stderr))
    try:
        stack.anvil = AnvilNode(stack.root / "chain", save_seconds=NEVER)
        stack.anvil.start()
        stack.children["chain"] = stack.anvil.child
        stack.start_stores()
        stack.deploy()
        made = _made(stack, rounds, devices)
        url = start_dashboard(stack, made["federation"])
        if not url:
            raise SystemExit("dashboard: error: the page is not served: build it with 'make webui'")
        asked = {**made, "url": url, "rpc": stack.rpc, "rounds": rounds, "devices": devices, "repeat": repeat}
        found = _browse(asked)
    finally:
        stack.stop()
    return _document(asked, found)


def _made(stack: Stack, rounds: int, devices: int) -> dict[str, Any]:
    file = stack.root / "federation.json"
    if not file.exists():
        stack.say(f"making a federation of {rounds} rounds and {devices} devices")
        start = time.perf_counter()
        made = crowded.make(stack, rounds, devices)
        file.write_text(json.dumps({**made, "making_s": time.perf_counter() - start}))
    document: dict[str, Any] = json.loads(file.read_text())
    return document


def _browse(asked: dict[str, Any]) -> dict[str, Any]:
    command = ["node", "scripts/opening.mjs", json.dumps(asked)]
    run = subprocess.run(command, cwd=WEBUI, capture_output=True, text=True, timeout=BROWSE_SECONDS)
    if run.returncode:
        raise SystemExit(f"dashboard: error: {run.stderr.strip()[-2000:]}")
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def _document(asked: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    baseline = found["baseline"]["ms"]
    pages = {
        name: {
            "ms": statistics.median(times := [one["ms"] for one in runs]),
            "runs_ms": times,
            "cpu_ms": statistics.median(one["cpuMs"] for one in runs),
            "blocked_ms": statistics.median(one["blockedMs"] for one in runs),
            "ratio": statistics.median(times) / baseline,
            "target_ms": TARGETS.get(name),
        }
        for name, runs in found["pages"].items()
    }
    return {
        "rounds": asked["rounds"], "devices": asked["devices"], "making_s": asked["making_s"],
        "events": found["baseline"]["events"], "baseline_ms": baseline, "pages": pages,
    }  # fmt: skip


def show(result: dict[str, Any]) -> None:
    """Print the figures."""
    print(
        f"{result['rounds']:,} rounds, {result['devices']} devices, {result['events']:,} events, "
        f"made in {result['making_s']:.0f} s; baseline {result['baseline_ms']:.0f} ms"
    )
    for name, page in result["pages"].items():
        goal = f"  (target {page['target_ms']:,} ms)" if page["target_ms"] else ""
        print(
            f"{'federation, cold' if name == 'cold' else name + ', warm':18} {page['ms']:7.0f} ms  "
            f"ratio {page['ratio']:.2f}  CPU {page['cpu_ms']:5.0f} ms  "
            f"longest without an answer {page['blocked_ms']:.0f} ms{goal}"
        )


if __name__ == "__main__":
    sys.exit(main())
