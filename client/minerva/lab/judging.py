"""The protocol's own judge over a round of the lab: which update is refused, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from minerva.attacks.files import Claim
from minerva.learning.vectors import Layout, Vector
from minerva.learning.weights import pack
from minerva.protocol.history import Registration
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.reasons import Reason
from minerva.protocol.records import ZERO32, Address, PlacedUpdate, Update
from minerva.store.cid import cid_of
from minerva.verification.judge import Judge

FEDERATION = to_checksum_address("0x" + "fe" * 20)
MINER = to_checksum_address("0x" + "3a" * 20)
RATE_NS = 1000
"""Nanoseconds per sample and epoch of a device in the lab; an honest one keeps to it."""
ROUND_SECONDS = 3600
RULES = RuleParameters()


@dataclass(frozen=True, slots=True)
class Sent:
    """What one device sends in a round: the file that it serves (None: nothing), and what it says of it."""

    content: bytes | None
    claim: Claim


def device(number: int) -> Address:
    """Return the address of a device of the lab."""
    return to_checksum_address(f"0x{number + 1:040x}")


def honest_claim(samples: int, epochs: int) -> Claim:
    """Return what a device says that keeps to its calibrated rate."""
    return Claim(samples, epochs, max(1, samples * epochs * RATE_NS // 1000), samples, RATE_NS)


def file_of(layout: Layout, local: Vector, number: int, round_: int) -> bytes:
    """Return the update that a device would serve for this local model."""
    metadata = {"federation": FEDERATION, "round": str(round_), "device": device(number)}
    return pack(zip(layout.spec, layout.arrays(local), strict=True), metadata)


def most_bytes(layout: Layout) -> int:
    """Longest file that a federation with this model would allow."""
    return 2 * 4 * layout.size + 65_536


def judge_round(
    layout: Layout, base: Vector, sent: Sequence[Sent], order: Sequence[int], round_: int
) -> list[Reason | None]:
    """Apply the verification rules to what the devices of a round sent.

    Parameters
    ----------
    sent
        By device.
    order
        Devices in the order in which their records stand on the chain.

    Returns
    -------
    list
        By device, the reason of a refusal, None for an accepted update.
    """
    model = pack(
        zip(layout.spec, layout.arrays(base), strict=True),
        {"federation": FEDERATION, "round": str(round_ - 1)},
    )
    judge = Judge(FEDERATION, round_, layout.spec, RULES, model, most_bytes(layout))
    placed = []
    for position, number in enumerate(order):
        made, claim = sent[number], sent[number].claim
        cid = cid_of(made.content if made.content is not None else bytes(number + 1))
        update = Update(
            FEDERATION,
            round_,
            device(number),
            MINER,
            cid,
            claim.samples,
            claim.epochs,
            claim.compute_us,
            0,
            0,
        )
        where = PlacedUpdate(update, 0, position, position + 1, 0, ROUND_SECONDS)
        registration = Registration(device(number), MINER, ZERO32, claim.dataset_size, claim.rate_ns, 1)
        judge.record(where, registration, claim.rate_ns, 0)
        judge.admit(where, Reason.UNAVAILABLE if made.content is None else made.content)
        placed.append(where)
    reasons: list[Reason | None] = [None] * len(sent)
    for number, reason in zip(order, judge.reasons(placed), strict=True):
        reasons[number] = reason
    return reasons
