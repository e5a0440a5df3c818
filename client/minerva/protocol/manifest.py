"""The task manifest: what a federation trains, named by its genesis and kept on IPFS."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from minerva.errors import VerificationFailed
from minerva.protocol import canonical

FLOATING = ("F32", "F16", "BF16")
INTEGER = ("I64", "I32", "I16", "I8", "U8", "BOOL")
ITEM_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
MAX_RANK = 16
MAX_LENGTH = 2**40
MAX_TENSORS = 65_536
MAX_BYTES = 2**40
RESERVED = "__metadata__"
"""The name that safetensors keeps for the file's metadata."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One tensor of the model: name, shape and safetensors dtype (``F32``, ``F16``, ``BF16``, an integer)."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Length of its data in bytes."""
        return self.size * ITEM_BYTES[self.dtype]

    @property
    def floating(self) -> bool:
        """Whether it is averaged; integer buffers are not."""
        return self.dtype in FLOATING


@dataclass(frozen=True, slots=True)
class RuleParameters:
    """Parameters of the verification rules (integers, so that they have one canonical form).

    ``tau_permille``, ``slow_permille``: rule 3c, how many times as fast and as slow as calibrated a record
    may be, in thousandths. ``ema_permille``: weight of the newest accepted rate in the moving average, in
    thousandths. ``rate_step_permille``, ``rate_range_permille``: the most a calibrated rate may move in one
    accepted round, and away from the registered one, in thousandths (≥ 1000). ``min_rate_ns``,
    ``max_rate_ns``: rule 3d, the plausible band of nanoseconds per sample and epoch. ``sample_cap``: rule 3e,
    weight counts at most this many times the lower median of the accepted samples. ``copy_cosine_ppm``: rule
    4, cosine of two deltas from which they are copies whatever the round's others are like, in millionths.
    ``original_spread_permille``, ``original_power``: rule 4, least factor by which the round's values are
    taken to lie apart (≥ 1000), and how many such factors below their median one is no longer like the
    others. ``bound_permille``, ``bound_floor_permille``: rule 5, how many spreads a norm may lie above the
    median, and the least spread as a share of the median, in thousandths. ``useful_permille``: rule 6, how
    many spreads a loss may lie above the others', in thousandths, where a miner measures it.
    """

    tau_permille: int = 2000
    slow_permille: int = 20_000
    ema_permille: int = 50
    rate_step_permille: int = 1250
    rate_range_permille: int = 1500
    min_rate_ns: int = 10
    max_rate_ns: int = 10_000_000_000
    sample_cap: int = 4
    copy_cosine_ppm: int = 999_000
    original_spread_permille: int = 1500
    original_power: int = 6
    bound_permille: int = 10_000
    bound_floor_permille: int = 150
    useful_permille: int = 5000


RULE_BOUNDS = {
    "tau_permille": (1000, 10**6),
    "slow_permille": (1000, 10**6),
    "ema_permille": (1, 1000),
    "rate_range_permille": (1000, 10**6),
    "rate_step_permille": (1000, 10**6),
    "min_rate_ns": (1, 2**63 - 1),
    "max_rate_ns": (1, 2**63 - 1),
    "sample_cap": (1, 2**31),
    "copy_cosine_ppm": (1, 10**6),
    "original_spread_permille": (1000, 10**6),
    "original_power": (1, 64),
    "bound_permille": (1, 2**63 - 1),
    "bound_floor_permille": (0, 10**6),
    "useful_permille": (1, 2**63 - 1),
}
"""Least and most of each of `RuleParameters`."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The genesis document (docs/SPECIFICATION.md, section T).

    ``tensors`` are in the order of their names; ``hyperparameters`` is a flat JSON object without floats
    (numbers that are not integers are carried as decimal strings); ``code_sha256`` is the hex SHA-256 of the
    training code, which is never fetched and run; ``evaluation`` says who measures accuracy on which data.
    """

    title: str
    task: str
    inputs: str
    labels: str
    tensors: tuple[TensorSpec, ...]
    hyperparameters: dict[str, Any]
    rules: RuleParameters
    aggregation: str
    code_sha256: str
    evaluation: str
    confidential: bool = False

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        document = {name: getattr(self, name) for name in self.__slots__ if name not in ("tensors", "rules")}
        document["minerva"] = 1
        document["tensors"] = [
            {"name": t.name, "shape": list(t.shape), "dtype": t.dtype} for t in self.tensors
        ]
        if not self.confidential:
            del document["confidential"]  # so that a manifest of before the field keeps its CID
        document["rules"] = {name: getattr(self.rules, name) for name in RuleParameters.__slots__}
        return canonical.dumps(document)

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read a manifest of a stranger; raises `VerificationFailed` when it is not one."""
        document = canonical.loads(data)
        try:
            version = document.pop("minerva")
            if not _is_integer(version) or version != 1:
                raise VerificationFailed(
                    "the manifest is of another version", remedy="Use the matching minerva."
                )
            tensors = tuple(_tensor(**fields) for fields in document.pop("tensors"))
            rules = RuleParameters(**document.pop("rules"))
            manifest = cls(tensors=tensors, rules=rules, **document)
        except (KeyError, TypeError, AttributeError) as error:
            raise VerificationFailed("not a task manifest", value=ascii(str(error))[:120]) from None
        manifest._check()
        return manifest

    def _check(self) -> None:
        for name in ("title", "task", "inputs", "labels", "aggregation", "code_sha256", "evaluation"):
            if not isinstance(getattr(self, name), str):
                raise VerificationFailed("a field of the manifest is not a text", value=name)
        if not isinstance(self.confidential, bool):
            raise VerificationFailed(
                "a field of the manifest is neither true nor false", value="confidential"
            )
        if not re.fullmatch("[0-9a-f]{64}", self.code_sha256):
            raise VerificationFailed(
                "the code's hash is not 64 hex digits", value=ascii(self.code_sha256)[:80]
            )
        if not isinstance(self.hyperparameters, dict) or not all(
            isinstance(value, (str, int, bool)) for value in self.hyperparameters.values()
        ):
            raise VerificationFailed(
                "the hyper-parameters are not a flat object of texts, integers and booleans"
            )
        names = [tensor.name for tensor in self.tensors]
        if names != sorted(set(names)) or not 0 < len(names) <= MAX_TENSORS:
            raise VerificationFailed("tensor names are not unique and sorted", value=f"{len(names)} tensors")
        if sum(tensor.nbytes for tensor in self.tensors) > MAX_BYTES:
            raise VerificationFailed("the model is too large", remedy=f"At most {MAX_BYTES} bytes.")
        for name, (lowest, highest) in RULE_BOUNDS.items():
            value = getattr(self.rules, name)
            if not _is_integer(value) or not lowest <= value <= highest:
                raise VerificationFailed(
                    "a rule parameter is out of bounds",
                    value=f"{name} = {value}",
                    remedy=f"It is an integer from {lowest} to {highest}.",
                )
        if self.rules.min_rate_ns > self.rules.max_rate_ns:
            raise VerificationFailed(
                "the plausible band of rates is empty", value=f"from {self.rules.min_rate_ns} ns"
            )


def _tensor(name: Any, shape: Any, dtype: Any) -> TensorSpec:
    fits = isinstance(shape, list) and len(shape) <= MAX_RANK
    if not fits or not all(_is_integer(length) and 0 <= length < MAX_LENGTH for length in shape):
        raise VerificationFailed("not a tensor of this protocol", value=ascii(f"shape {shape}")[:120])
    if not isinstance(name, str) or not isinstance(dtype, str) or dtype not in ITEM_BYTES or name == RESERVED:
        raise VerificationFailed("not a tensor of this protocol", value=ascii(f"{name}: {dtype}")[:120])
    return TensorSpec(name, tuple(shape), dtype)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
