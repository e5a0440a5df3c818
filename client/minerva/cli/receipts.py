"""A receipt in words: why an account earned its sum in a round (docs/SPECIFICATION.md, Y4 and Y6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minerva.amounts import show_amount

if TYPE_CHECKING:
    from minerva.protocol.rewards import BallotShare, DataShare, ProposerShare, Receipt

_MOST_QUALITY = 191


def lines_of(receipt: Receipt, token: str) -> list[str]:
    """Return what a receipt says, the sum first."""
    lines = [
        f"{receipt.account} earned {show_amount(receipt.amount, token)} in round {receipt.round}"
        + (":" if receipt.amount else ".")
    ]
    if receipt.data:
        lines.append(_data(receipt.data, token))
    if receipt.proposer:
        lines.append(_proposer(receipt.proposer, token))
    if receipt.ballots:
        lines.append(_ballots(receipt.ballots, token))
    if receipt.attestation:
        lines.append(f"- {show_amount(receipt.attestation.amount, token)} for having attested the block.")
    if len(lines) == 1:
        lines.append(
            "- It had no accepted update, proposed no block that became final, and neither voted nor attested."
        )
    return lines


def _data(share: DataShare, token: str) -> str:
    quality = f"quality {share.quality} of {_MOST_QUALITY}"
    whole = f"{show_amount(share.pool, token)} for all accepted data"
    return (
        f"- {show_amount(share.amount, token)} for its update: {share.samples} counted samples times {quality} are "
        f"{share.samples * share.quality} of {share.total} in all accepted updates together, of {whole}."
    )


def _proposer(share: ProposerShare, token: str) -> str:
    return (
        f"- {show_amount(share.amount, token)} for the block that it proposed: the block holds {share.counted} of the "
        f"{share.offered} samples that were offered to the round, of {show_amount(share.pool, token)} for the proposer."
    )


def _ballots(share: BallotShare, token: str) -> str:
    whole = f"{show_amount(share.pool, token)} for all ballots"
    return (
        f"- {show_amount(share.amount, token)} for its ballot: {share.agreed} of its {share.judged} verdicts say what "
        f"the majority found, over {share.updates} updates and {share.voters} voters, of {whole}."
    )
