"""Actions with something wrong in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from eth_utils import keccak

from minerva.protocol import actions as act
from minerva.protocol import stake_actions as bond
from minerva.protocol.cid import Cid
from minerva.protocol.header import Header
from minerva.protocol.records import ZERO32, ZERO_ADDRESS, Address

JUNK = keccak(b"junk")


def spoil(random: Random, action: act.Action, contracts: Sequence[Address], *, nobody: Address) -> act.Action:
    """The same action with one thing wrong; the very same where nothing can be.

    ``contracts`` are miners' contracts that the action may name instead, ``nobody`` is no federation.
    """
    other = {"miner": random.choice(contracts)}
    match action:
        case act.RegisterMiner():
            return replace(
                action,
                **random.choice(({"endpoint": "x" * 257}, {"federation": nobody}, _junk_evidence(random))),
            )
        case act.RegisterDevice():
            empty = ({"dataset_root": ZERO32}, {"dataset_size": 0}, {"rate_ns": 0})
            return replace(action, **random.choice((*empty, other, other, _junk_evidence(random))))
        case act.CheckInDevice() | act.LeaveDevice():
            return replace(action, **other)
        case act.SubmitUpdate():
            return replace(
                action, **random.choice((_wrong_round(random, action), {"cid": codec_cid(0x71)}, other))
            )
        case act.Vote():
            longer = {"verdicts": action.verdicts + b"\xff"}
            wrong = (longer, {"updates_root": JUNK}, _wrong_round(random, action))
            return replace(action, **random.choice(wrong))
        case act.Attest():
            return replace(action, **random.choice(({"candidate": JUNK}, _wrong_round(random, action))))
        case act.Propose():
            return replace(action, header=_spoil_header(random, action.header))
        case bond.Deposit():
            wrong = ({"amount": 0}, {"value": action.value + 1}, {"amount": 1 << 128}, {"amount": 1 << 127})
            return replace(action, **random.choice(wrong))
        case bond.Unbond():
            return replace(action, amount=random.choice((0, 1 << 128)))
        case bond.Withdraw():
            return replace(action, to=random.choice((ZERO_ADDRESS, action.vault)))
        case _:
            return action


def codec_cid(codec: int) -> Cid:
    """A CID that the type does not allow, as a stranger's transaction may carry it."""
    forged = object.__new__(Cid)
    object.__setattr__(forged, "digest", keccak(b"forged"))
    object.__setattr__(forged, "codec", codec)
    return forged


def _junk_evidence(random: Random) -> dict[str, bytes]:
    """What proves nothing, or does not even decode."""
    return {
        "evidence": random.choice((b"", JUNK, bytes(64), bytes(31) + b"\x20" + bytes(31) + b"\x02", JUNK * 3))
    }


def _wrong_round(random: Random, action: act.SubmitUpdate | act.Vote | act.Attest) -> dict[str, int]:
    return {"round": max(0, action.round + random.choice((-1, 1)))}


def _spoil_header(random: Random, header: Header) -> Header:
    wrong = (
        {"number": header.number + 1}, {"parent": JUNK}, {"round": header.round + 1}, {"updates_root": JUNK},
        {"ballots_root": JUNK}, {"body": codec_cid(0)}, {"model": codec_cid(0x71)},
        {"proposer": ZERO_ADDRESS}, {"proof": b""}, {"proof": header.proof + b"\0"},
        {"proof": header.proof[:31]},
    )  # fmt: skip
    return replace(header, **random.choice(wrong))
