"""Attacks on the record and on the file: what verification refuses by its name (docs/SPECIFICATION.md, section V)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np

from minerva.learning.weights import pack, parse

INFLATION = 100
CONSISTENT = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """What a device says of itself: at registration ``dataset_size`` and ``rate_ns``, in the record the rest."""

    samples: int
    epochs: int
    compute_us: int
    dataset_size: int
    rate_ns: int


def inflate_samples(claim: Claim, factor: int = INFLATION) -> Claim:
    """Claim a larger data set, at registration and in the record, than the compute time fits (rule 3c)."""
    return replace(claim, samples=claim.samples * factor, dataset_size=claim.dataset_size * factor)


def inflate_record(claim: Claim, factor: int = INFLATION) -> Claim:
    """Claim more samples in the record than at registration (rule 3b)."""
    return replace(claim, samples=claim.samples * factor)


def forge_time(claim: Claim, factor: int = INFLATION) -> Claim:
    """Claim to have computed for longer than so many samples take (rule 3c)."""
    return replace(claim, compute_us=claim.compute_us * factor)


def forge_both(claim: Claim, factor: int = CONSISTENT) -> Claim:
    """Claim more samples and the time that they would take: consistent, so that the sample cap alone holds it (V5)."""
    return replace(inflate_samples(claim, factor), compute_us=claim.compute_us * factor)


def truncate(content: bytes) -> bytes:
    """Cut the end off (rule 2, MALFORMED)."""
    return content[:-3]


def oversize(content: bytes, most: int) -> bytes:
    """Append zeros until the file is longer than the federation allows (rule 1, TOO_LARGE)."""
    return content + b"\0" * (most + 1 - len(content))


def poison_number(content: bytes, value: float) -> bytes:
    """Put NaN or infinity into the first floating tensor (rule 2, NOT_FINITE)."""
    weights = parse(content)
    arrays = [array.copy() for array in weights.arrays]
    first = next(i for i, spec in enumerate(weights.specs) if spec.floating)
    arrays[first].reshape(-1)[0] = value
    return pack(zip(weights.specs, arrays, strict=True), dict(weights.metadata))


def reshape(content: bytes) -> bytes:
    """Declare the first tensor flat with one more axis: the same numbers in another shape (rule 2, WRONG_TENSORS)."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    name = next(key for key in sorted(header) if key != "__metadata__")
    header[name]["shape"] = [int(np.prod(header[name]["shape"])), 1, 1]
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[8 + length :]
