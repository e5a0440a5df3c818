"""Who earned what in a federation, derived from its logs and manifest alone (docs/SPECIFICATION.md, Y4 to Y7)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from minerva.chain.port import Chain
from minerva.errors import UserError, VerificationFailed
from minerva.protocol.blocks import MAX_BODY_BYTES, Body
from minerva.protocol.escrow import Escrow
from minerva.protocol.events import BlockFinalized, BlockProposed, Log
from minerva.protocol.header import Header
from minerva.protocol.history import History
from minerva.protocol.records import Address
from minerva.protocol.reward_events import AttestationCredited, RewardsClaimed
from minerva.protocol.rewards import CumulativeTable, Receipt, RewardTable
from minerva.store.cid import cid_of
from minerva.store.port import Store
from minerva.verification.derive import Genesis, facts_of, outcomes_of

MAX_MANIFEST_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account has earned by tables and claimed of it, and what it may claim for attestations."""

    account: Address
    earned: int
    claimed: int
    attested: int

    @property
    def by_table(self) -> int:
        """What of its grants it may claim."""
        return max(0, self.earned - self.claimed)

    @property
    def claimable(self) -> int:
        """All that it may claim."""
        return self.by_table + self.attested


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a claim shows: the last block's header, and the proof of an account's entry in its table."""

    header: Header
    cumulative: int
    proof: tuple[bytes, ...]


class Earnings:
    """The reward tables of all blocks of a federation.

    Parameters
    ----------
    chain, store
        Where logs and manifest are read; what the store gives is checked by its CID.
    federation
        The federation's contract.
    timeout
        Seconds for fetching the manifest.

    Attributes
    ----------
    escrow
        What lies there.
    earned
        What each account has earned by the last block's table.
    difference
        What of the last block's table does not follow from the rounds; None when all does.

    Raises
    ------
    UserError
        The federation pays nothing.
    VerificationFailed
        The logs or the manifest contradict themselves, or nobody can know the last block's table.
    StoreError, ChainError
        As they say.
    """

    def __init__(self, chain: Chain, store: Store, federation: Address, *, timeout: float = 30.0) -> None:
        self.escrow = require_escrow(chain, federation)
        self._chain, self._federation = chain, federation
        manifest = store.get(chain.config(federation).manifest, max_bytes=MAX_MANIFEST_BYTES, timeout=timeout)
        self._genesis = Genesis.at(chain, federation, manifest)
        self.logs = chain.logs(federation)
        self.history = History(chain.chain_id, federation)
        self.history.apply(self.logs)
        self._tables = {header.round: self._derive(header) for header in self.history.blocks}
        self._attested = attestations(self.logs)
        earned = Counter[Address]()
        for table in self._tables.values():
            earned.update(table.grants)
        self._table, self.difference = CumulativeTable(earned), None
        if self.history.blocks and self._table.root != self.history.blocks[-1].rewards_root:
            self._table, self.difference = self._stated(store, timeout)
        self.earned: Mapping[Address, int] = self._table.earned

    @property
    def attesters(self) -> Mapping[int, frozenset[Address]]:
        """Who will be paid for attesting the block, by its round."""
        return self._attested

    def standing(self, account: Address) -> Standing:
        """Return what the account may claim now."""
        return self._standings([account])[0]

    def everybody(self) -> list[Standing]:
        """Return all who ever earned anything, the most first."""
        accounts = {*self.earned, *(a for who in self._attested.values() for a in who)}
        found = self._standings(sorted(accounts))
        return sorted(found, key=lambda one: one.claimable + one.claimed, reverse=True)

    def claims(self, account: Address | None = None) -> list[RewardsClaimed]:
        """Return what an account, or everybody, was paid so far."""
        paid = [log.event for log in self.logs if isinstance(log.event, RewardsClaimed)]
        return [event for event in paid if account in (None, event.account)]

    def entitlement(self, account: Address) -> Entitlement:
        """Return what an account that earned something shows to be paid for all blocks so far."""
        header = self.history.blocks[-1]
        return Entitlement(header, self.earned[account], tuple(self._table.proof(account)))

    def receipt(self, account: Address, round: int) -> Receipt:
        """Return why the account earned what it did; raises `UserError` for a round without a block."""
        table = self._tables.get(round)
        if table is None:
            current = self.history.current
            if current is None or not 0 < round <= current.round:
                what = "did not open yet"
            else:
                skipped = self.history.round(round).skipped is not None
                what = "was skipped, so nobody earned anything" if skipped else "is not over yet"
            raise UserError(f"round {round} {what}", remedy="A round pays when its block is final.")
        attested = account in self._attested.get(round, frozenset())
        return table.receipt(account, attestation=self.escrow.attestation_reward if attested else 0)

    def _standings(self, accounts: Sequence[Address]) -> list[Standing]:
        known = self._chain.reward_accounts(self._federation, accounts)
        return [
            Standing(account, self.earned.get(account, 0), claimed, attested)
            for account, (claimed, attested) in zip(accounts, known, strict=True)
        ]

    def _derive(self, header: Header) -> RewardTable:
        record = self.history.round(header.round)
        index = next(i for i, miner in record.miners.items() if miner.contract == header.proposer)
        facts = facts_of(self._genesis, record, outcomes_of(self._genesis, record), index)
        return RewardTable(facts, self.escrow.terms)

    def _stated(self, store: Store, timeout: float) -> tuple[CumulativeTable, str]:
        """Return the table that the last block's body has, though it is another than the rounds give."""
        header = self.history.blocks[-1]
        what = f"the table of block {header.number} is not the one that its rounds give"
        data = store.get(header.body, max_bytes=MAX_BODY_BYTES, timeout=timeout)
        if cid_of(data) == header.body:
            table = CumulativeTable(Body.from_bytes(data).earned)
            if table.root == header.rewards_root:
                return table, what
        raise VerificationFailed(
            what,
            value=f"0x{header.rewards_root.hex()}",
            remedy="Check the federation with 'minerva verify', and claim by a later block.",
        )


def attestations(logs: Iterable[Log]) -> dict[int, frozenset[Address]]:
    """Return, by round, who approved the candidate that became its block, last of all that they approved (Y6)."""
    candidates, approved = 0, dict[Address, int]()
    final: defaultdict[int, frozenset[Address]] = defaultdict(frozenset)
    for log in logs:
        match log.event:
            case BlockProposed():
                candidates += 1
            case AttestationCredited(account):
                approved[account] = candidates
            case BlockFinalized(round):
                final[round] = frozenset(who for who, which in approved.items() if which == candidates)
    return dict(final)


def require_escrow(chain: Chain, federation: Address) -> Escrow:
    """Return the federation's escrow; raises `UserError` when it pays nothing."""
    escrow = chain.escrow(federation)
    if escrow is None:
        raise UserError(
            "the federation pays no rewards", value=federation, remedy="It was created without any."
        )
    return escrow
