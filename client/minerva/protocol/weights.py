"""What a block makes of the miners' weights: reputation and committee (docs/SPECIFICATION.md, K8 and K9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from minerva.protocol.ballots import ACCEPT_FROM, Outcome
from minerva.protocol.lanes import MINERS, Lanes, pack
from minerva.protocol.reasons import NEUTRAL
from minerva.protocol.records import Address, Update

MAX_CAP = (1 << 15) - 1
MEMBER = 1
FIRST_RANK = 1 << 15
"""A lane from here on is a standby's."""
_PERMILLE = 1000


@dataclass(frozen=True, slots=True)
class ReputationTerms:
    """The parameters of a proof of reputation, in the order in which they are encoded."""

    start: int
    cap: int
    decay_permille: int
    presence: int
    ballot: int
    block: int

    def encode(self) -> bytes:
        """Return the parameters as the module takes them."""
        return encode(["uint16"] * 6, astuple(self))

    @classmethod
    def decode(cls, parameters: bytes) -> ReputationTerms | None:
        """Read the module's parameters; None when they are out of bounds."""
        if len(parameters) != 192:
            return None
        try:
            terms = cls(*decode(["uint16"] * 6, parameters))
        except DecodingError:
            return None
        points = max(terms.presence, terms.ballot, terms.block)
        sound = 1 <= terms.start <= terms.cap <= MAX_CAP and terms.decay_permille <= _PERMILLE
        return terms if sound and points <= terms.cap else None


@dataclass(frozen=True, slots=True)
class ReputationChange:
    """What a block makes of one miner's reputation, and of what that is made (K8).

    ``kept`` is what decay leaves of ``before``; to it come the points for ``presence`` (that it ``voted``), for the
    ``ballot``'s agreement with the outcome on ``agreed`` of the ``judged`` updates, and for the ``block``; ``after``
    is the sum, within 1 and the cap.
    """

    before: int
    kept: int
    voted: bool
    presence: int
    ballot: int
    agreed: int
    judged: int
    block: int
    after: int


def reputation_changes(
    reputations: Mapping[int, int],
    ballots: Mapping[int, bytes | None],
    outcomes: Sequence[Outcome],
    proposer: int,
    terms: ReputationTerms,
) -> dict[int, ReputationChange]:
    """Return by index what a block makes of its miners' reputations; parameters as for `reputations_after`."""
    changes = {}
    for index, before in reputations.items():
        kept, presence, ballot, agreed, judged = before * terms.decay_permille // _PERMILLE, 0, 0, 0, 0
        verdicts = ballots.get(index)
        voted = verdicts is not None
        if verdicts is not None:
            agreed, judged = agreement(verdicts, outcomes)
            presence, ballot = terms.presence, terms.ballot * agreed // judged if judged else 0
        block = terms.block if index == proposer else 0
        after = max(1, min(terms.cap, kept + presence + ballot + block))
        changes[index] = ReputationChange(before, kept, voted, presence, ballot, agreed, judged, block, after)
    return changes


def reputations_after(
    reputations: Mapping[int, int],
    ballots: Mapping[int, bytes | None],
    outcomes: Sequence[Outcome],
    proposer: int,
    terms: ReputationTerms,
) -> Lanes:
    """Return what the block's header says of its miners (K8).

    Parameters
    ----------
    reputations
        Lane by index of each miner in the snapshot, as of the opening.
    ballots
        Verdict bytes by index; None, or no entry, for one that did not vote.
    outcomes
        What the ballots decide, in update order.
    proposer
        The index of the block's miner.
    terms
        The module's parameters.
    """
    changes = reputation_changes(reputations, ballots, outcomes, proposer, terms)
    return pack({index: change.after for index, change in changes.items()})


def agreement(verdicts: bytes, outcomes: Sequence[Outcome]) -> tuple[int, int]:
    """Return on how many updates a ballot says as the outcome does, and how many it judges at all."""
    judged = [
        (verdict >= ACCEPT_FROM, outcome.accepted)
        for verdict, outcome in zip(verdicts, outcomes, strict=True)
        if verdict not in NEUTRAL
    ]
    return sum(said == decided for said, decided in judged), len(judged)


def committee_scores(
    owners: Mapping[int, Address], updates: Sequence[Update], outcomes: Sequence[Outcome]
) -> dict[int, int]:
    """Score each miner by the best accepted update of the device with its owner's address.

    ``owners`` holds who signs for each miner of the snapshot; ``outcomes`` are as long as ``updates``.
    """
    best: dict[Address, int] = {}
    for update, outcome in zip(updates, outcomes, strict=True):
        if outcome.accepted:
            best[update.device] = max(best.get(update.device, 0), outcome.quality + 1)
    return {index: best.get(owner, 0) for index, owner in owners.items()}


def committee_after(scores: Mapping[int, int], parent: bytes, size: int) -> Lanes:
    """Return the next committee and those that stand by for it, as the block's header says (K9).

    Parameters
    ----------
    scores
        Score by index of each miner in the snapshot.
    parent
        The hash of the block's parent, which breaks ties.
    size
        The module's parameter.
    """

    def place(index: int) -> tuple[int, bytes]:
        return (-scores[index], keccak(encode(["bytes32", "uint8"], [parent, index])))

    ranking = sorted(scores, key=place)
    return pack({i: MEMBER if n < size else FIRST_RANK + n - size for n, i in enumerate(ranking)})


def committee_of(lanes: Mapping[int, int]) -> dict[int, int]:
    """Return the lanes of a committee's members, without those who stand by."""
    return {index: lane for index, lane in lanes.items() if lane < FIRST_RANK}


def committee_size(parameters: bytes) -> int | None:
    """Read the committee's parameter; None when it is out of bounds."""
    size = int.from_bytes(parameters)
    return size if len(parameters) == 32 and 1 <= size <= MINERS else None
