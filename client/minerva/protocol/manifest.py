"""The task manifest: what a federation trains, named by its genesis and kept on IPFS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minerva.errors import VerificationFailed
from minerva.protocol import canonical

FLOATING = ("F32", "F16", "BF16")
INTEGER = ("I64", "I32", "I16", "I8", "U8", "BOOL")
ITEM_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One tensor of the model: its name, shape and safetensors dtype (``F32``, ``F16``, ``BF16`` or an integer)."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class RuleParameters:
    """Parameters of the verification rules (integers, so that they have one canonical form).

    ``tau_permille``: rule 3c, the rate may lie within [1/τ, τ] of the calibrated one, in thousandths.
    ``ema_permille``: weight of the newest accepted rate in the moving average, in thousandths.
    ``rate_step_permille``: the most a calibrated rate may move in one accepted round, in thousandths (≥ 1000).
    ``min_rate_ns``, ``max_rate_ns``: rule 3d, the plausible band of nanoseconds per sample and epoch.
    ``sample_cap``: rule 3e, weight counts at most this many times the lower median of the accepted samples.
    ``copy_cosine_ppm``: rule 4, cosine of two deltas from which they are copies, in millionths.
    """

    tau_permille: int = 5000
    ema_permille: int = 200
    rate_step_permille: int = 1250
    min_rate_ns: int = 10
    max_rate_ns: int = 10_000_000_000
    sample_cap: int = 4
    copy_cosine_ppm: int = 999_000


@dataclass(frozen=True, slots=True)
class Manifest:
    """The genesis document (docs/SPECIFICATION.md, section M).

    ``tensors`` are in the order of their names; ``hyperparameters`` is a JSON object without floats (numbers that are not integers are
    carried as decimal strings); ``code_sha256`` is the hex SHA-256 of the training code, which is never fetched and run.
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

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        document = {name: getattr(self, name) for name in self.__slots__ if name not in ("tensors", "rules")}
        document["minerva"] = 1
        document["tensors"] = [{"name": t.name, "shape": list(t.shape), "dtype": t.dtype} for t in self.tensors]
        document["rules"] = {name: getattr(self.rules, name) for name in RuleParameters.__slots__}
        return canonical.dumps(document)

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Read a manifest of a stranger; raises `VerificationFailed` when it is not one."""
        document = canonical.loads(data)
        try:
            if document.pop("minerva") != 1:
                raise VerificationFailed("the manifest is of another version", remedy="Use the matching minerva.")
            tensors = tuple(TensorSpec(t["name"], tuple(t["shape"]), t["dtype"]) for t in document.pop("tensors"))
            rules = RuleParameters(**document.pop("rules"))
            manifest = cls(tensors=tensors, rules=rules, **document)
        except (KeyError, TypeError, AttributeError) as error:
            raise VerificationFailed("not a task manifest", value=str(error)[:120]) from None
        manifest._check()
        return manifest

    def _check(self) -> None:
        for tensor in self.tensors:
            sizes_ok = all(isinstance(size, int) and 0 <= size < 2**40 for size in tensor.shape)
            if not isinstance(tensor.name, str) or tensor.dtype not in ITEM_BYTES or not sizes_ok:
                raise VerificationFailed("not a tensor of this protocol", value=str(tensor)[:120])
        if [t.name for t in self.tensors] != sorted({t.name for t in self.tensors}):
            raise VerificationFailed("tensor names are not unique and sorted")
        for name in RuleParameters.__slots__:
            if not isinstance(getattr(self.rules, name), int) or getattr(self.rules, name) <= 0:
                raise VerificationFailed("a rule parameter is not a positive integer", value=name)
