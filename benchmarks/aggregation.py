"""Job A: aggregating updates of the size of ResNet-18 from safetensors files, beside `load all, stack, mean`.

    python benchmarks/aggregation.py [--updates 100] [--robust 20] [--threads 2] [--rules median,krum] [--json]

FedAvg takes ``--updates`` files, every other rule ``--robust`` of them. Each figure is the median of three runs
in a process of its own, from the opening of the files, which lie in the page cache, to the bytes of the global
model; the ratio is to the baseline over as many files. Memory is the peak of the process's RssAnon above what
it had before (mapped pages of files do not count).
"""

from __future__ import annotations

import argparse
import json
import mmap
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minerva.learning.aggregation import aggregator, kernels
from minerva.learning.weights import Weights, parse, serialize

REPEATS = 3
RULES = (
    "fedavg", "median", "trimmed_mean:f=4", "krum:f=4", "multi_krum:f=4", "geometric_median", "centred_clipping",
    "nnm:f=4+trimmed_mean:f=4", "bucketing+median", "clip+fedavg", "fedadam",
)  # fmt: skip
NAMES = {"federation": "0x" + "0" * 40, "round": "1"}
_SAMPLE_SECONDS = 0.002


def main() -> None:
    """Make the files, run every rule in a process of its own, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=100, help="files for FedAvg")
    parser.add_argument("--robust", type=int, default=20, help="files for every other rule")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rules", default=",".join(RULES), help="separated by semicolons or commas before a name")
    parser.add_argument("--folder", default=None, help="where the files are made, on a disk: 45 MB each")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", nargs=2, metavar=("RULE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        print(json.dumps(measure(options.worker[0], Path(options.worker[1]), options.updates, options.threads)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        report(options, Path(folder))


def report(options: argparse.Namespace, folder: Path) -> None:
    """Measure everything over files in ``folder``."""
    chosen = options.rules.replace(";", ",").split(",")
    counts = {text: options.updates if text == "fedavg" else options.robust for text in chosen}
    size = make_files(folder, max(counts.values()))
    baselines: dict[int, dict[str, float]] = {}
    rules: dict[str, dict[str, float]] = {}
    for text, count in counts.items():
        if count not in baselines:
            baselines[count] = in_process("baseline", folder, count, options.threads)
        found = in_process(text, folder, count, options.threads)
        ratio = baselines[count]["seconds"] / found["seconds"]
        rules[text] = {
            "updates": count,
            "seconds": round(found["seconds"], 3),
            "gb_per_s": round(count * size / found["seconds"] / 1e9, 2),
            "ratio": round(ratio, 2),
            "peak_mib": round(found["peak_mib"]),
        }
        if not options.json:
            print_line(text, rules[text])
    baseline = {str(count): {k: round(v, 3) for k, v in found.items()} for count, found in baselines.items()}
    if options.json:
        shown = {"rules": rules, "baseline": baseline, "threads": options.threads, "bytes": size}
        print(json.dumps(shown, indent=2))
        return
    for count, found in baseline.items():
        print(f"baseline, {count} updates: {found['seconds']} s, {found['peak_mib']:.0f} MiB")


def print_line(text: str, found: dict[str, float]) -> None:
    """Print one rule's figures."""
    print(
        f"{text:26} {found['updates']:4} updates {found['seconds']:7.3f} s {found['gb_per_s']:6.2f} GB/s"
        f" {found['ratio']:6.2f} times the baseline's speed {found['peak_mib']:6} MiB",
        flush=True,
    )


def in_process(text: str, folder: Path, count: int, threads: int) -> dict[str, float]:
    """Measure in a fresh process."""
    command = [sys.executable, __file__, "--worker", text, str(folder)]
    command += ["--updates", str(count), "--threads", str(threads)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=900)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(text: str, folder: Path, count: int, threads: int) -> dict[str, float]:
    """Return the median seconds, and the most anonymous memory of all runs."""
    paths = [folder / f"{number}.safetensors" for number in range(count)]
    base = folder / "base.safetensors"
    run = baseline if text == "baseline" else robust(text, base, threads)
    warm_up(text, threads)
    before, seconds = anonymous_mib(), []
    with peak() as highest:
        for _ in range(REPEATS):
            began = time.perf_counter()
            run(paths)
            seconds.append(time.perf_counter() - began)
    return {"seconds": statistics.median(seconds), "peak_mib": highest() - before}


def baseline(paths: Sequence[Path]) -> None:
    """Load all, stack, mean."""
    import torch
    from safetensors.torch import load_file, save

    states = [load_file(path) for path in paths]
    mean = {name: torch.stack([state[name] for state in states]).mean(dim=0) for name in states[0]}
    save(mean)


def robust(text: str, base: Path, threads: int) -> Callable[[Sequence[Path]], None]:
    """Return a run of a rule."""

    def run(paths: Sequence[Path]) -> None:
        model = mapped(base)
        total = aggregator(text)(model.specs, base=model, threads=threads)
        for number, path in enumerate(paths):
            total.accept(mapped(path), number + 1)
        total.state(NAMES)
        total.aggregate(NAMES)

    return run


def mapped(path: Path) -> Weights:
    """Read a file through the page cache, without a copy."""
    with path.open("rb") as file:
        return parse(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))


def warm_up(text: str, threads: int) -> None:
    """Compile, or load what was compiled."""
    if text == "baseline":
        import safetensors.torch
        import torch

        torch.set_num_threads(threads)
        safetensors.torch.save({"w": torch.ones(1)})
        return
    small = parse(serialize({"w": np.ones(kernels.LEAST, "f4")}, {}))
    total = aggregator(text)(small.specs, base=small, threads=threads)
    for number in range(16):
        total.accept(small, number + 1)
    total.aggregate(NAMES)


class peak:  # noqa: N801
    """Follows the process's anonymous memory while it is open; called, returns the most that was seen."""

    def __enter__(self) -> Callable[[], float]:
        self._most, self._over = anonymous_mib(), threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        return lambda: self._most

    def __exit__(self, *failure: object) -> None:
        self._over.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._over.wait(_SAMPLE_SECONDS):
            self._most = max(self._most, anonymous_mib())


def anonymous_mib() -> float:
    """RssAnon of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise OSError("/proc/self/status has no RssAnon: this benchmark needs Linux")


def make_files(folder: Path, count: int) -> int:
    """Write a base and updates of it, a fifth of them hostile; return the length of one."""
    random = np.random.default_rng(0)
    shapes = dict(resnet18())
    base = {name: random.standard_normal(shape, np.float32) * np.float32(0.05) for name, shape in shapes.items()}
    data = serialize(base, NAMES)
    (folder / "base.safetensors").write_bytes(data)
    for number in range(count):
        factor = np.float32(-0.1 if number % 5 == 0 else 0.01)
        local = {
            name: array + (random.random(array.shape, np.float32) - np.float32(0.4)) * factor
            for name, array in base.items()
        }
        (folder / f"{number}.safetensors").write_bytes(serialize(local, NAMES))
    return len(data)


def resnet18() -> Iterator[tuple[str, Any]]:
    """Names and shapes of ResNet-18 for ten classes: 102 tensors, 11.19 million numbers."""

    def convolution(name: str, out: int, into: int, kernel: int) -> Iterator[tuple[str, Any]]:
        yield f"{name}.weight", (out, into, kernel, kernel)
        for part in ("weight", "bias", "running_mean", "running_var"):
            yield f"{name}.bn.{part}", (out,)

    yield from convolution("conv1", 64, 3, 7)
    width = 64
    for layer, out in enumerate((64, 128, 256, 512), 1):
        for block in (0, 1):
            name = f"layer{layer}.{block}"
            yield from convolution(f"{name}.conv1", out, width, 3)
            yield from convolution(f"{name}.conv2", out, out, 3)
            if width != out:
                yield from convolution(f"{name}.downsample", out, width, 1)
            width = out
    yield "fc.weight", (10, 512)
    yield "fc.bias", (10,)


if __name__ == "__main__":
    main()
