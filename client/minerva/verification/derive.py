"""From a closed Verification to the one block that follows from it (docs/SPECIFICATION.md, B4 to B8).

`decide` needs the chain alone, `aggregate` also the accepted updates' bytes; neither needs the proposer or
the proof, so a miner derives its candidate while it searches for the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from minerva.chain.port import Chain
from minerva.errors import UserError, VerificationFailed
from minerva.learning.aggregation import rule
from minerva.protocol.ballots import Outcome, tally
from minerva.protocol.blocks import Body
from minerva.protocol.cid import Cid
from minerva.protocol.header import Header, genesis_hash
from minerva.protocol.history import History, Registration, RoundRecord
from minerva.protocol.lanes import Lanes
from minerva.protocol.manifest import Manifest
from minerva.protocol.merkle import merkle_root
from minerva.protocol.records import Address, PlacedUpdate
from minerva.protocol.rewards import CumulativeTable, RewardTable, RoundFacts
from minerva.protocol.rules import next_rate
from minerva.protocol.state import FederationConfig, RewardTerms
from minerva.protocol.weights import (
    ReputationTerms,
    committee_after,
    committee_scores,
    committee_size,
    reputations_after,
)
from minerva.store.cid import cid_of
from minerva.verification.combining import Content, aggregate

COMMITTEE = "committee"
"""What the module of that name answers to."""


@dataclass(frozen=True, slots=True)
class Parent:
    """What a block follows from: the block before, or the genesis as number 0.

    ``rates`` are the devices' calibrated rates after that block, in nanoseconds per sample and epoch; ``earned``
    is what each account has earned by the tables of the blocks up to that one.
    """

    number: int
    hash: bytes
    model: Cid
    rates: Mapping[Address, int]
    earned: Mapping[Address, int] = field(default_factory=dict)

    @classmethod
    def of(cls, header: Header, body: bytes) -> Parent:
        """Return a finalised block as a parent; raises `VerificationFailed` if ``body`` is another's."""
        if cid_of(body) != header.body:
            raise VerificationFailed("these bytes are not the block's body", value=f"block {header.number}")
        read = Body.from_bytes(body)
        return cls(header.number, header.hash(), header.model, read.rates, read.earned)

    def rate(self, registration: Registration) -> int:
        """Return a device's calibrated rate in force: this block's, else the one it registered with."""
        return self.rates.get(registration.device, registration.rate_ns)


@dataclass(frozen=True, slots=True)
class Genesis:
    """What a federation began with; ``manifest`` is what ``manifest_cid`` names.

    ``modules`` are the names of the consensus modules by address; ``rewards`` is None where nothing is paid.
    """

    chain_id: int
    federation: Address
    manifest_cid: Cid
    model: Cid
    max_model_bytes: int
    manifest: Manifest
    modules: Mapping[Address, str] = field(default_factory=dict)
    rewards: RewardTerms | None = None

    @classmethod
    def of(
        cls,
        chain_id: int,
        federation: Address,
        config: FederationConfig,
        manifest: bytes,
        *,
        modules: Mapping[Address, str] | None = None,
        rewards: RewardTerms | None = None,
    ) -> Genesis:
        """Read the manifest's bytes; raises `VerificationFailed` when they are not what ``config`` names."""
        if cid_of(manifest) != config.manifest:
            raise VerificationFailed("these bytes are not the federation's manifest", value=federation)
        read = Manifest.from_bytes(manifest)
        try:
            rule(read.aggregation)
        except UserError as error:
            raise VerificationFailed(f"the manifest's {error.what}", value=error) from None
        size = config.max_model_bytes
        return cls(chain_id, federation, config.manifest, config.model, size, read, modules or {}, rewards)

    @classmethod
    def at(cls, chain: Chain, federation: Address, manifest: bytes) -> Genesis:
        """Read all else from the chain; raises as `of`, and as the chain does."""
        modules = {address: name for name, address in chain.modules.items()}
        config, rewards = chain.config(federation), chain.reward_terms(federation)
        return cls.of(chain.chain_id, federation, config, manifest, modules=modules, rewards=rewards)

    @property
    def parent(self) -> Parent:
        """The genesis as the parent of block 1."""
        number_hash = genesis_hash(self.chain_id, self.federation, self.manifest_cid, self.model)
        return Parent(0, number_hash, self.model, {})


@dataclass(frozen=True, slots=True)
class Proposed:
    """What of a block depends on who proposes it.

    ``body`` is canonical JSON; ``lanes`` are the header's weights for the next round; ``earned`` is what each
    account has earned once this block is final.
    """

    body: bytes
    body_cid: Cid
    rewards_root: bytes
    rewards_total: int
    lanes: Lanes
    earned: Mapping[Address, int]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the chain alone says of a block.

    ``outcomes`` are in update order, ``accepted`` and their counted ``weights`` (rule 3e) too; ``rates`` are
    those after the block; ``proposed`` gives the rest by the proposer's contract, and raises `VerificationFailed`
    for one that is no miner of the round.
    """

    outcomes: tuple[Outcome, ...]
    accepted: tuple[PlacedUpdate, ...]
    weights: tuple[int, ...]
    accepted_root: bytes
    rates: Mapping[Address, int]
    proposed: Callable[[Address], Proposed] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Derivation(Decision):
    """A block but for its proposer and proof.

    ``model`` is the global model's bytes, ``state`` those of what the rule remembers after it, if anything.
    """

    model: bytes
    model_cid: Cid
    state: bytes | None = None


def decide(genesis: Genesis, record: RoundRecord, parent: Parent, history: History) -> Decision:
    """Tally the ballots of a round and write the block's body.

    Parameters
    ----------
    genesis
        The federation's.
    record
        The round, Verification closed.
    parent
        The block that the new one follows.
    history
        For the devices' registrations.

    Raises
    ------
    VerificationFailed
        Verification is not closed, or an update is by a device that never registered.
    """
    if record.ballots_root is None:
        raise VerificationFailed("Verification of the round is not closed", value=record.round)
    rules = genesis.manifest.rules
    updates = tuple(placed.update for placed in record.updates)
    outcomes = outcomes_of(genesis, record)
    accepted = tuple(
        placed for placed, outcome in zip(record.updates, outcomes, strict=True) if outcome.accepted
    )
    rates = {device: ns for device, ns in parent.rates.items() if history.registered(device, record.round)}
    for placed in accepted:
        rate = parent.rate(history.registration(placed.update.device, record.round))
        rates[placed.update.device] = next_rate(rate, placed.update, rules)
    body = Body(
        chain_id=genesis.chain_id,
        federation=genesis.federation,
        number=parent.number + 1,
        parent=parent.hash,
        round=record.round,
        model=parent.model,
        updates=updates,
        outcomes=outcomes,
        ballots={index: record.ballots.get(index) for index in record.weights},
        aggregation=genesis.manifest.aggregation,
        sample_cap=rules.sample_cap,
        rates=rates,
    )
    root = merkle_root([placed.update.leaf() for placed in accepted])
    proposed = cache(lambda proposer: _propose(genesis, record, parent, body, proposer))
    return Decision(outcomes, accepted, tuple(body.weights), root, rates, proposed)


def outcomes_of(genesis: Genesis, record: RoundRecord) -> tuple[Outcome, ...]:
    """Tally the ballots of a round; in a committee nobody judges its own update (K9)."""
    updates = [placed.update for placed in record.updates]
    if genesis.modules.get(record.module) != COMMITTEE:
        return tuple(tally(record.ballots, record.weights, len(updates)))
    owners = {index: miner.owner for index, miner in record.miners.items()}
    return tuple(
        tally(
            record.ballots, record.weights, len(updates),
            own=lambda index, position: updates[position].device == owners[index],
        )
    )  # fmt: skip


def facts_of(
    genesis: Genesis, record: RoundRecord, outcomes: tuple[Outcome, ...], proposer: int
) -> RoundFacts:
    """Say what the rewards of a round follow from; ``proposer`` is the index of its block's proposer."""
    return RoundFacts(
        record.round, tuple(placed.update for placed in record.updates), outcomes,
        genesis.manifest.rules.sample_cap, {i: record.miners[i].owner for i in record.weights},
        {i: record.ballots.get(i) for i in record.weights}, record.miners[proposer].owner,
    )  # fmt: skip


def _propose(
    genesis: Genesis, record: RoundRecord, parent: Parent, body: Body, proposer: Address
) -> Proposed:
    index = next((i for i, miner in record.miners.items() if miner.contract == proposer), None)
    if index is None:
        raise VerificationFailed(f"the proposer is no miner of round {record.round}", value=proposer)
    earned, total = CumulativeTable(parent.earned), 0
    if genesis.rewards is not None:
        facts = facts_of(genesis, record, body.outcomes, index)
        table = RewardTable(facts, genesis.rewards)
        earned, total = earned.add(table.grants), table.total
    data = replace(body, earned=earned.earned).to_bytes()
    lanes = _next_lanes(genesis, record, parent, body, index)
    return Proposed(data, cid_of(data), earned.root, total, lanes, earned.earned)


def _next_lanes(genesis: Genesis, record: RoundRecord, parent: Parent, body: Body, proposer: int) -> Lanes:
    """Return the weights that the round's consensus module takes for the next one (K7 to K9)."""
    match genesis.modules.get(record.module):
        case "por":
            terms = ReputationTerms.decode(record.parameters)
            if terms is None:
                raise VerificationFailed(
                    "not the parameters of a proof of reputation", value=record.parameters
                )
            return reputations_after(record.weights, body.ballots, body.outcomes, proposer, terms)
        case "committee":
            size = committee_size(record.parameters)
            if size is None:
                raise VerificationFailed("not the parameters of a committee", value=record.parameters)
            owners = {index: miner.owner for index, miner in record.miners.items()}
            return committee_after(committee_scores(owners, body.updates, body.outcomes), parent.hash, size)
        case _:
            return ()


def derive_block(
    genesis: Genesis,
    record: RoundRecord,
    parent: Parent,
    history: History,
    base: bytes,
    content: Content,
    *,
    state: bytes | None = None,
    spool: Path | None = None,
    threads: int = 1,
) -> Derivation:
    """Derive the one block of a round: `decide`, then `aggregate`; see there for parameters and errors."""
    decision = decide(genesis, record, parent, history)
    made = aggregate(genesis, record, decision, base, content, state=state, spool=spool, threads=threads)
    model_cid = cid_of(made.model) if decision.accepted else parent.model
    return Derivation(
        decision.outcomes, decision.accepted, decision.weights, decision.accepted_root, decision.rates,
        decision.proposed, made.model, model_cid, made.state,
    )  # fmt: skip


def header_for(
    derivation: Derivation, record: RoundRecord, parent: Parent, proposer: Address, proof: bytes
) -> Header:
    """Write a derived block's header; ``proposer`` is the miner's contract, ``proof`` the module's."""
    if record.updates_root is None or record.ballots_root is None:
        raise VerificationFailed("Verification of the round is not closed", value=record.round)
    own = derivation.proposed(proposer)
    return Header(
        parent.number + 1, parent.hash, record.round, record.updates_root, record.ballots_root,
        derivation.accepted_root, own.body_cid, derivation.model_cid, own.rewards_root, own.rewards_total,
        own.lanes, proposer, proof,
    )  # fmt: skip


def compare(header: Header, derivation: Derivation) -> str | None:
    """Name the first field of a candidate that differs, None when it is the derived block.

    These are the fields that the contract cannot check; it refuses a candidate with any other number, parent,
    round, root or proposer (docs/SPECIFICATION.md, P11).
    """
    theirs = derivation.proposed(header.proposer)
    pairs = (
        ("acceptedRoot", header.accepted_root.hex(), derivation.accepted_root.hex()),
        ("body", header.body, theirs.body_cid),
        ("model", header.model, derivation.model_cid),
        ("rewardsRoot", header.rewards_root.hex(), theirs.rewards_root.hex()),
        ("rewardsTotal", header.rewards_total, theirs.rewards_total),
        ("weights", header.weights, theirs.lanes),
    )
    for name, stated, derived in pairs:
        if stated != derived:
            return f"header.{name}: says {stated}, derives {derived}"
    return None
