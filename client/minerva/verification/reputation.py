"""Why a miner's reputation is what it is, from a federation's logs alone (docs/SPECIFICATION.md, K8)."""

from __future__ import annotations

from dataclasses import dataclass

from minerva.chain.port import Chain
from minerva.errors import UserError, VerificationFailed
from minerva.protocol.ballots import tally
from minerva.protocol.history import History
from minerva.protocol.records import Address
from minerva.protocol.rounds import RoundRecord
from minerva.protocol.weights import ReputationChange, ReputationTerms, reputation_changes


@dataclass(frozen=True, slots=True)
class ReputationStep:
    """What the block of a round made of one miner's reputation; ``owner`` is the miner's account."""

    round: int
    index: int
    owner: Address
    change: ReputationChange


def reputation_steps(chain: Chain, federation: Address) -> list[ReputationStep]:
    """Return what every block of a round with the module "por" changed, by round and index.

    Raises
    ------
    UserError
        No block was made under that module.
    VerificationFailed
        The logs contradict themselves.
    """
    history = History(chain.chain_id, federation)
    history.apply(chain.logs(federation))
    records = [history.round(header.round) for header in history.blocks]
    steps = [
        ReputationStep(record.round, index, record.miners[index].owner, change)
        for record in records
        if record.module == chain.modules.get("por")
        for index, change in sorted(_changes(record).items())
    ]
    if not steps:
        raise UserError(
            "no block of the federation changed a reputation",
            value=federation,
            remedy="Blocks do so where its consensus module is 'por'.",
        )
    return steps


def _changes(record: RoundRecord) -> dict[int, ReputationChange]:
    terms = ReputationTerms.decode(record.parameters)
    assert record.block is not None
    by = record.block.proposer
    proposer = next((index for index, miner in record.miners.items() if miner.contract == by), None)
    if terms is None or proposer is None:
        raise VerificationFailed("not a round of a proof of reputation", value=record.round)
    outcomes = tally(record.ballots, record.weights, len(record.updates))
    return reputation_changes(record.weights, record.ballots, outcomes, proposer, terms)
