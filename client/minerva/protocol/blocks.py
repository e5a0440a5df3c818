"""The body of an FL block: what its header commits to by CID (docs/SPECIFICATION.md, B4 to B6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from eth_utils.address import is_checksum_address

from minerva.errors import UserError, VerificationFailed
from minerva.protocol import canonical
from minerva.protocol.ballots import Outcome
from minerva.protocol.cid import Cid
from minerva.protocol.reasons import Reason
from minerva.protocol.records import Address, Update
from minerva.protocol.rules import counted_weights

VERSION = 1
MAX_BODY_BYTES = 1 << 26
"""No body is longer: 60,000 updates, 64 ballots over them and 60,000 rates take about 45 MB."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a block says beside its header.

    ``model`` is the parent's model; ``updates`` (in update order, R3) and ``outcomes`` are as long as each
    other; ``ballots`` holds the verdicts of every voter by index, None for one that did not
    vote; ``sample_cap`` is rule 3e's; ``rates`` are the calibrated rates after this block, in nanoseconds per
    sample and epoch; ``earned`` is what each account has earned by the tables of all blocks up to this one.
    """

    chain_id: int
    federation: Address
    number: int
    parent: bytes
    round: int
    model: Cid
    updates: tuple[Update, ...]
    outcomes: tuple[Outcome, ...]
    ballots: Mapping[int, bytes | None]
    aggregation: str
    sample_cap: int
    rates: Mapping[Address, int]
    earned: Mapping[Address, int] = field(default_factory=dict)

    @property
    def accepted(self) -> tuple[int, ...]:
        """Positions of the accepted updates."""
        return tuple(position for position, outcome in enumerate(self.outcomes) if outcome.accepted)

    @property
    def weights(self) -> list[int]:
        """Counted weights of the accepted updates (rule 3e)."""
        return counted_weights(
            [self.updates[position].samples for position in self.accepted], self.sample_cap
        )

    def document(self) -> dict[str, Any]:
        """Return the body as a JSON object without floats."""
        return {
            "minerva": VERSION,
            "chainId": self.chain_id,
            "federation": self.federation,
            "number": self.number,
            "parent": _to_hex(self.parent),
            "round": self.round,
            "model": str(self.model),
            "updates": [_to_entry(*pair) for pair in zip(self.updates, self.outcomes, strict=True)],
            "ballots": {
                str(index): None if verdicts is None else _to_hex(verdicts)
                for index, verdicts in self.ballots.items()
            },
            "accepted": list(self.accepted),
            "weights": self.weights,
            "aggregation": {"rule": self.aggregation, "sampleCap": self.sample_cap},
            "rates": dict(self.rates),
            "earned": {account: str(amount) for account, amount in self.earned.items()},
        }

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical.dumps(self.document())

    @classmethod
    def from_bytes(cls, data: bytes) -> Body:
        """Read a body of a stranger; raises `VerificationFailed`, and nothing else, when it is not one."""
        if len(data) > MAX_BODY_BYTES:
            raise VerificationFailed(
                "a block body is too long", value=f"{len(data)} bytes of at most {MAX_BODY_BYTES}"
            )
        document = canonical.loads(data)
        try:
            body = cls._read(document)
            same = body.to_bytes() == data
        except (KeyError, TypeError, ValueError, AttributeError, UserError) as error:
            raise VerificationFailed(
                "not a block body", value=f"{type(error).__name__} {error}"[:120]
            ) from None
        if not same:
            raise VerificationFailed(
                "not a block body", value="a field is unknown, or does not follow from the others as it must"
            )
        return body

    @classmethod
    def _read(cls, document: dict[str, Any]) -> Body:
        federation, round_ = _address(document["federation"]), _integer(document["round"], 32)
        entries = _instance(document["updates"], list)
        return cls(
            chain_id=_integer(document["chainId"], 256),
            federation=federation,
            number=_integer(document["number"], 32),
            parent=_from_hex(document["parent"], 32),
            round=round_,
            model=Cid.parse(_instance(document["model"], str)),
            updates=tuple(_to_update(entry, federation, round_) for entry in entries),
            outcomes=tuple(_to_outcome(entry) for entry in entries),
            ballots={
                _integer(int(index), 6): None if verdicts is None else _from_hex(verdicts, len(entries))
                for index, verdicts in document["ballots"].items()
            },
            aggregation=_instance(document["aggregation"]["rule"], str),
            sample_cap=_integer(document["aggregation"]["sampleCap"], 64),
            rates={_address(device): _integer(rate, 256) for device, rate in document["rates"].items()},
            earned={
                _address(account): _integer(int(_instance(amount, str)), 256)
                for account, amount in document["earned"].items()
            },
        )


def _to_entry(update: Update, outcome: Outcome) -> dict[str, Any]:
    return {
        "device": update.device,
        "miner": update.miner,
        "cid": str(update.cid),
        "samples": update.samples,
        "epochs": update.epochs,
        "computeUs": update.compute_us,
        "lossBefore": update.loss_before,
        "lossAfter": update.loss_after,
        "leaf": _to_hex(update.leaf()),
        "accepted": outcome.accepted,
        "quality": outcome.quality,
        "reason": None if outcome.accepted else {"code": outcome.reason, "name": _name(outcome.reason)},
    }


def _to_update(entry: dict[str, Any], federation: Address, round_: int) -> Update:
    return Update(
        federation=federation,
        round=round_,
        device=_address(entry["device"]),
        miner=_address(entry["miner"]),
        cid=Cid.parse(_instance(entry["cid"], str)),
        samples=_integer(entry["samples"], 32),
        epochs=_integer(entry["epochs"], 32),
        compute_us=_integer(entry["computeUs"], 64),
        loss_before=_integer(entry["lossBefore"], 63, signed=True),
        loss_after=_integer(entry["lossAfter"], 63, signed=True),
    )


def _to_outcome(entry: dict[str, Any]) -> Outcome:
    accepted = _instance(entry["accepted"], bool)
    return Outcome(
        accepted, _integer(entry["quality"], 8), 0 if accepted else _integer(entry["reason"]["code"], 6)
    )


def _name(code: int) -> str:
    try:
        return Reason(code).name
    except ValueError:
        return f"REASON_{code}"


def _to_hex(value: bytes) -> str:
    return "0x" + value.hex()


def _from_hex(text: object, length: int) -> bytes:
    value = bytes.fromhex(_instance(text, str).removeprefix("0x"))
    if len(value) != length:
        raise ValueError(f"{len(value)} bytes where {length} are due")
    return value


def _address(text: object) -> Address:
    return _checksummed(_instance(text, str))


@lru_cache(4096)
def _checksummed(address: str) -> Address:
    if not is_checksum_address(address):
        raise ValueError(f"not a checksummed address: {address[:50]}")
    return address


def _integer(value: object, bits: int, *, signed: bool = False) -> int:
    if type(value) is not int or not (-(1 << bits) if signed else 0) <= value < 1 << bits:
        raise ValueError(f"not an integer of {bits} bits")
    return value


def _instance(value: object, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected, not {type(value).__name__}")
    return value
