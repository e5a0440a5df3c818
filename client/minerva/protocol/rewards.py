"""Who earns what by a block, in exact integers, and the tables that pay it (docs/SPECIFICATION.md, Y3 to Y7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from minerva.protocol.ballots import ACCEPT_FROM, Outcome
from minerva.protocol.merkle import StandardMerkleTree, Value
from minerva.protocol.reasons import NEUTRAL
from minerva.protocol.records import Address, Update
from minerva.protocol.rules import MAX_WEIGHT, counted_weights
from minerva.protocol.state import RewardTerms

TREE_TYPES = ("address", "uint256")
_DOMAIN_TYPEHASH = keccak(
    text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_CLAIM_TO_TYPEHASH = keccak(text="ClaimTo(address account,address to,uint256 cumulative,uint256 claimed)")


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """What a round's rewards follow from.

    ``updates`` are in update order and ``outcomes`` as long; ``voters`` are the owners, by index, of those who
    voted or were to vote when Verification closed, ``ballots`` the verdicts cast, by index, None or left out
    for a voter that cast none; ``proposer`` is the owner of the block's proposer.
    """

    round: int
    updates: tuple[Update, ...]
    outcomes: tuple[Outcome, ...]
    sample_cap: int
    voters: Mapping[int, Address]
    ballots: Mapping[int, bytes | None]
    proposer: Address


@dataclass(frozen=True, slots=True)
class DataShare:
    """``amount`` = ⌊pool × samples × quality / total⌋, samples as counted (V5), total that of all accepted."""

    account: Address
    samples: int
    quality: int
    total: int
    pool: int
    amount: int


@dataclass(frozen=True, slots=True)
class ProposerShare:
    """``amount`` = ⌊pool × counted / offered⌋: of the samples offered to the round, those that the block holds."""

    account: Address
    counted: int
    offered: int
    pool: int
    amount: int


@dataclass(frozen=True, slots=True)
class BallotShare:
    """``amount`` = ⌊pool × agreed / (updates × voters)⌋; of its verdicts ``judged`` are not "unavailable"."""

    account: Address
    agreed: int
    judged: int
    updates: int
    voters: int
    pool: int
    amount: int


@dataclass(frozen=True, slots=True)
class AttestationShare:
    """``amount`` for having attested the block; by the vault itself, in no table."""

    account: Address
    amount: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Why an account earned what it did in a round; None where it had no such part."""

    round: int
    account: Address
    data: DataShare | None
    proposer: ProposerShare | None
    ballots: BallotShare | None
    attestation: AttestationShare | None

    @property
    def amount(self) -> int:
        """All of it."""
        parts = (self.data, self.proposer, self.ballots, self.attestation)
        return sum(part.amount for part in parts if part)

    def document(self) -> dict[str, object]:
        """Plain data, e.g. for JSON."""
        return {**asdict(self), "amount": self.amount}


class RewardTable:
    """What a block grants (Y4), and why.

    Parameters
    ----------
    facts
        The round as it ended.
    terms
        The federation's.
    """

    def __init__(self, facts: RoundFacts, terms: RewardTerms) -> None:
        self.round = facts.round
        accepted = [u for u, o in zip(facts.updates, facts.outcomes, strict=True) if o.accepted]
        weights = counted_weights([update.samples for update in accepted], facts.sample_cap)
        qualities = [outcome.quality for outcome in facts.outcomes if outcome.accepted]
        self._data = _share_data(accepted, weights, qualities, terms.pool(terms.data_bps))
        offered = _offered(facts.updates, [update.samples for update in accepted], facts.sample_cap)
        self._proposer = _share_proposer(
            facts.proposer, sum(weights), offered, terms.pool(terms.proposer_bps)
        )
        self._ballots = _share_ballots(facts, terms.pool(terms.ballot_bps))

    @property
    def grants(self) -> dict[Address, int]:
        """What each account earns; nobody who earns nothing."""
        sums: dict[Address, int] = {}
        shares: list[DataShare | ProposerShare | BallotShare] = [*self._data, self._proposer, *self._ballots]
        for share in shares:
            if share.amount:
                sums[share.account] = sums.get(share.account, 0) + share.amount
        return sums

    @property
    def total(self) -> int:
        """The header's `rewardsTotal`."""
        return sum(self.grants.values())

    def receipt(self, account: Address, *, attestation: int = 0) -> Receipt:
        """Explain what ``account`` earned, with what it earns by ``attestation`` beside the table."""
        return Receipt(
            self.round,
            account,
            next((share for share in self._data if share.account == account), None),
            self._proposer if self._proposer.account == account else None,
            next((share for share in self._ballots if share.account == account), None),
            AttestationShare(account, attestation) if attestation else None,
        )


class CumulativeTable:
    """What each account earned so far by the tables of all blocks (Y5).

    Parameters
    ----------
    earned
        Account → sum; those with zero are left out.
    """

    def __init__(self, earned: Mapping[Address, int] | None = None) -> None:
        self.earned = {account: amount for account, amount in (earned or {}).items() if amount}
        self._tree = StandardMerkleTree(TREE_TYPES, map(self._entry, self.earned))

    @property
    def root(self) -> bytes:
        """The header's `rewardsRoot`; zero while nobody earned anything."""
        return self._tree.root

    def add(self, grants: Mapping[Address, int]) -> CumulativeTable:
        """Return the table after a block that grants this."""
        accounts = {**self.earned, **grants}
        return CumulativeTable({a: self.earned.get(a, 0) + grants.get(a, 0) for a in accounts})

    def proof(self, account: Address) -> list[bytes]:
        """Return the proof of the account's entry; raises `KeyError` when it never earned anything."""
        return self._tree.proof(self._entry(account))

    def _entry(self, account: Address) -> Value:
        return (account, self.earned[account])


def claim_to_digest(
    chain_id: int, vault: Address, account: Address, to: Address, cumulative: int, claimed: int
) -> bytes:
    """Return what ``account`` signs so that ``vault`` pays it to another recipient (Y7)."""
    domain = keccak(
        _DOMAIN_TYPEHASH
        + keccak(text="Minerva")
        + keccak(text="1")
        + encode(("uint256", "address"), (chain_id, vault))
    )
    types = ("address", "address", "uint256", "uint256")
    message = keccak(_CLAIM_TO_TYPEHASH + encode(types, (account, to, cumulative, claimed)))
    return keccak(b"\x19\x01" + domain + message)


def _share_data(
    accepted: list[Update], weights: list[int], qualities: list[int], pool: int
) -> list[DataShare]:
    total = sum(n * q for n, q in zip(weights, qualities, strict=True))
    return [
        DataShare(update.device, n, q, total, pool, pool * n * q // total if total else 0)
        for update, n, q in zip(accepted, weights, qualities, strict=True)
    ]


def _share_proposer(account: Address, counted: int, offered: int, pool: int) -> ProposerShare:
    offered = max(offered, counted)
    return ProposerShare(account, counted, offered, pool, pool * counted // offered if offered else 0)


def _offered(updates: Iterable[Update], accepted_samples: list[int], cap: int) -> int:
    """S of Y4: what all updates would count for, refused ones included; 0 when none is accepted."""
    if not accepted_samples:
        return 0
    most = min(cap * sorted(accepted_samples)[(len(accepted_samples) - 1) // 2], MAX_WEIGHT)
    return sum(min(update.samples, most) for update in updates if update.samples * update.epochs)


def _share_ballots(facts: RoundFacts, pool: int) -> list[BallotShare]:
    updates, voters = len(facts.updates), len(facts.voters)
    shares = []
    for index, owner in sorted(facts.voters.items()):
        verdicts = facts.ballots.get(index) or b""
        judged = [
            (verdict >= ACCEPT_FROM) == outcome.accepted
            for verdict, outcome in zip(verdicts, facts.outcomes, strict=False)
            if verdict not in NEUTRAL
        ]
        agreed = sum(judged)
        amount = pool * agreed // (updates * voters) if updates else 0
        shares.append(BallotShare(owner, agreed, len(judged), updates, voters, pool, amount))
    return shares
