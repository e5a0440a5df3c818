"""What canaries cost: trainings with and without the steps' hashes, in turns, in the same run (docs/verification.md).

Run: tools/run python benchmarks/canary.py [--widths 64 512 2048] [--runs 15] [--json]

A perceptron of 64 inputs, two hidden layers of each width and 10 labels learns from 1,024 random samples, 32 at a time,
in one thread, by descent as the bundled tasks write it out. Of each kind the fastest training counts: a load makes a
machine slower, never faster, and all times are the processor's. ``ratio`` is that of one that is watched over that of
one that is not, ``compute_ratio`` the same of the time that its record claims, and ``answer_ms`` what it takes, once
trained again, to make and to judge an answer.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

import torch

from minerva.learning.steps import StepRecorder
from minerva.learning.task import Task, load_task
from minerva.learning.training import train_local
from minerva.learning.weights import state_to_bytes
from minerva.protocol.canary import Answer, Challenge, Commitment
from minerva.protocol.records import ZERO_ADDRESS

_TASK = """
import torch
from torch import nn
from torch.nn.functional import cross_entropy
def model():
    return nn.Sequential(
        nn.Linear(64, {width}), nn.ReLU(), nn.Linear({width}, {width}), nn.ReLU(), nn.Linear({width}, 10)
    )
def load_data(folder):
    x = torch.rand(1024, 64)
    return (x, torch.arange(1024) % 10), (x[:32], torch.arange(32) % 10)
def train(model, x, y, *, epochs, seed):
    parameters = list(model.parameters())
    for _ in range(epochs):
        for batch in torch.split(torch.randperm(len(x)), 32):
            gradients = torch.autograd.grad(cross_entropy(model(x[batch]), y[batch]), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter.sub_(gradient, alpha=0.01)
def evaluate(model, x, y):
    return {{"loss": cross_entropy(model(x[:32]), y[:32]).item(), "accuracy": 0.5}}
"""


def measure(task: Task, runs: int) -> dict[str, Any]:
    """Train in turns, watched and not."""
    (x, y), _ = task.load_data()
    base = state_to_bytes(task.initial_state(), {})
    took: dict[bool, list[float]] = {True: [], False: []}
    claims: dict[bool, list[int]] = {True: [], False: []}
    steps: tuple[bytes, ...] = ()
    for run in range(2 * runs + 2):
        watched = bool(run & 1)
        began = time.process_time()
        result = train_local(task, base, x, y, epochs=1, seed=7, recorder=StepRecorder() if watched else None)
        if run > 1:
            took[watched].append(time.process_time() - began)
            claims[watched].append(result.compute_us)
        steps = result.steps or steps
    challenge, commitment = Challenge.of(1, b"\5" * 32, ZERO_ADDRESS, len(steps)), Commitment.to(steps)
    began = time.process_time()
    if not Answer.to(challenge, steps).shows(challenge, commitment, steps[-1]):
        raise SystemExit("an honest answer was found wrong")
    answer_ms = 1000 * (time.process_time() - began)
    plain, watched_s = min(took[False]), min(took[True])
    return {
        "parameters": sum(parameter.numel() for parameter in task.model().parameters()),
        "steps": len(steps),
        "train_ms": 1000 * plain,
        "ratio": watched_s / plain,
        "compute_ratio": min(claims[True]) / min(claims[False]),
        "hash_us_a_step": 1e6 * (watched_s - plain) / len(steps),
        "metadata_bytes": len(f'"steps":"{commitment}",'),
        "answer_ms": answer_ms,
    }


def main() -> None:
    """Print a line for each width."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=int, nargs="+", default=[64, 512, 2048])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = []
    own_time = mock.patch("time.perf_counter_ns", time.process_time_ns)
    with tempfile.TemporaryDirectory() as folder, own_time:
        for width in options.widths:
            file = Path(folder) / f"width_{width}.py"
            file.write_text(_TASK.format(width=width))
            found.append(measure(load_task(str(file)), options.runs))
            if not options.json:
                words = (f"{name} {value:.4g}" for name, value in found[-1].items())
                print(", ".join(words), flush=True)
    if options.json:
        print(json.dumps({"canary": found}, indent=2))


if __name__ == "__main__":
    main()
