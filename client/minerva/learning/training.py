"""A device's work in a round: train from the global model, time it, and say how the loss moved."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from minerva.errors import DataError, TaskError
from minerva.learning.weights import Buffer, bytes_to_state
from minerva.protocol import hash_tree
from minerva.protocol.records import LOSS_DECIMALS

if TYPE_CHECKING:
    from torch import Tensor, nn

    from minerva.learning.steps import StepRecorder
    from minerva.learning.task import Task

_SCALE: int = 10**LOSS_DECIMALS
_INT64 = 2**63
_WARM_UP_SAMPLES = 32
_warm: set[str] = set()  # hashes of the code that has trained in this process


@dataclass(frozen=True, slots=True, eq=False)
class LocalResult:
    """What a device has after a round of local training.

    ``state``: the local model. ``compute_us``: wall-clock time of the training loop alone, microseconds, at
    least 1. ``loss_before``, ``loss_after``: loss of the global and of the local model on the local data,
    fixed-point with six decimals. ``samples``, ``epochs``: how much was trained on. ``accuracy_after``: on
    the local data, from 0 to 1. ``steps``: the hashes of the model after each step, where they were recorded.
    """

    state: dict[str, Tensor]
    compute_us: int
    loss_before: int
    loss_after: int
    samples: int
    epochs: int
    accuracy_after: float
    steps: tuple[bytes, ...] = ()


def train_local(
    task: Task,
    base: Buffer,
    x: Tensor,
    y: Tensor,
    *,
    epochs: int,
    seed: int,
    recorder: StepRecorder | None = None,
    **hyperparameters: Any,
) -> LocalResult:
    """Train the global model on local data.

    The same arguments give the same local model on one machine with one number of threads. The first call in
    a process trains a scratch model on a few samples beforehand, so that lazy imports and allocations do not
    count as compute time.

    Parameters
    ----------
    task
        The local copy of the training code.
    base
        Safetensors bytes of the global model.
    x, y
        The device's samples and labels, first axis the sample's.
    epochs
        Passes over the samples.
    seed
        Seeds the order of the samples.
    recorder
        Records the steps, for canaries; what that takes is no compute time, as the calibration hashes nothing.
    hyperparameters
        Changes to the task's own.

    Raises
    ------
    UpdateRefused
        The global model is not of this task's tensors.
    TaskError
        The task fails, its loss is not finite any more, or its steps cannot be recorded.
    DataError
        There are no samples.
    """
    _check_samples(x, y)
    model = task.model_with(bytes_to_state(base, task.spec()))
    before = task.evaluate(model, x, y)
    if task.code_sha256 not in _warm:
        _timed(task, task.model(), x[:_WARM_UP_SAMPLES], y[:_WARM_UP_SAMPLES], 1, seed, hyperparameters)
    with recorder.watching(model) if recorder else nullcontext():
        elapsed = _timed(task, model, x, y, epochs, seed, hyperparameters)
    after = task.evaluate(model, x, y)
    return LocalResult(
        state={name: tensor.detach() for name, tensor in model.state_dict().items()},
        compute_us=max(1, (elapsed - (recorder.elapsed_ns if recorder else 0)) // 1000),
        loss_before=to_fixed(before["loss"]),
        loss_after=to_fixed(after["loss"]),
        samples=len(x),
        epochs=epochs,
        accuracy_after=after["accuracy"],
        steps=tuple(recorder.hashes) if recorder else (),
    )


def calibrate(task: Task, x: Tensor, y: Tensor, *, runs: int = 5, epochs: int = 1, limit: int = 2048) -> int:
    """Measure this machine's rate on scratch models: nanoseconds per sample and epoch, at least 1.

    The fastest of ``runs`` over the first ``limit`` samples, after one that is not counted: a load makes a
    machine slower, never faster. Rule 3c compares later rounds with it.
    """
    _check_samples(x, y)
    x, y = x[:limit], y[:limit]
    elapsed = [_timed(task, task.model(), x, y, epochs, seed, {}) for seed in range(runs + 1)]
    return max(1, round(min(elapsed[1:]) / (len(x) * epochs)))


def to_fixed(value: float) -> int:
    """Turn a loss into the record's fixed-point integer: int64, six decimals, rounded to nearest even."""
    if not math.isfinite(value) or abs(value) * _SCALE >= _INT64:
        raise TaskError(
            "a loss does not fit its record",
            value=value,
            remedy="Training diverged: lower the learning rate, or look at the data.",
        )
    return round(value * _SCALE)


def dataset_commitment(x: Tensor, y: Tensor, salt: bytes | None = None) -> bytes:
    """Commit to a data set without revealing it: 32 bytes.

    A SHA-256 Merkle tree (RFC 6962's leaf and node prefixes, an odd node moves up) over the samples in order,
    hashed together with their number, shapes and dtypes. Each leaf is blinded by its own key,
    HMAC-SHA256(salt, index): whoever does not know the salt cannot test a guess at a sample, and the device
    can later open single samples by giving their keys. The commitment binds the device to this data; it does
    not prove that the data is good or was trained on.

    Parameters
    ----------
    x, y
        Samples and labels, first axis the sample's.
    salt
        Secret of the device; None draws one and forgets it, so that nothing can ever be opened.
    """
    import torch

    _check_samples(x, y)
    secret = secrets.token_bytes(32) if salt is None else salt
    rows = [
        torch.as_tensor(part).detach().cpu().contiguous().reshape(len(part), -1).view(torch.uint8).numpy()
        for part in (x, y)
    ]
    leaves = []
    for index in range(len(x)):
        leaf = hashlib.sha256(b"\x00" + hmac.digest(secret, index.to_bytes(8, "big"), "sha256"))
        leaf.update(rows[0][index])
        leaf.update(rows[1][index])
        leaves.append(leaf.digest())
    described = "|".join(f"{part.dtype} {list(part.shape)}" for part in (x, y))
    return hashlib.sha256(b"\x02" + described.encode() + hash_tree.root(leaves)).digest()


def _timed(
    task: Task,
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    epochs: int,
    seed: int,
    hyperparameters: dict[str, Any],
) -> int:
    """Train and return the nanoseconds that it took."""
    start = time.perf_counter_ns()
    task.train(model, x, y, epochs=epochs, seed=seed, **hyperparameters)
    elapsed: int = time.perf_counter_ns() - start
    _warm.add(task.code_sha256)
    return elapsed


def _check_samples(x: Tensor, y: Tensor) -> None:
    if len(x) != len(y) or not len(x):
        raise DataError(
            "there is nothing to train on",
            value=f"{len(x)} samples, {len(y)} labels",
            remedy="Look at the data.",
        )
