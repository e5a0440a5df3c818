"""`minerva federation reputation`: what each block made of the miners' reputations, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from minerva.cli.common import Context, address, command, table
from minerva.cli.governance import app as app

if TYPE_CHECKING:
    from minerva.protocol.weights import ReputationChange


@command(app, "reputation", epilog="Example: minerva federation reputation 0xFederation --of 0xMiner")
def reputation(
    context: Context,
    federation: Annotated[
        str | None, typer.Argument(help="The federation's address.", show_default=False)
    ] = None,
    of: Annotated[
        str | None, typer.Option("--of", help="The account of one miner; else all.", show_default=False)
    ] = None,
) -> None:
    """Show what each block made of the miners' reputations, and of what: presence, ballot, block, decay."""
    from minerva.verification.reputation import reputation_steps

    where = context.federation(federation)
    owner = None if of is None else address(of)
    steps = [step for step in reputation_steps(context.chain(), where) if owner in (None, step.owner)]
    document = {
        "federation": where,
        "steps": [
            {"round": step.round, "index": step.index, "owner": step.owner, **asdict(step.change)}
            for step in steps
        ],
    }
    head = ("round", "miner", "before", "after", "why")
    rows = [
        [str(step.round), step.owner, str(step.change.before), str(step.change.after), words(step.change)]
        for step in steps
    ]
    context.emit(document, lambda out: table(out, head, rows))


def words(change: ReputationChange) -> str:
    """Say of what a reputation is made."""
    parts = [f"{change.kept} of {change.before} kept"]
    if change.voted:
        parts.append(f"{change.presence} for a ballot")
        parts.append(f"{change.ballot} for agreeing on {change.agreed} of {change.judged} updates")
    else:
        parts.append("no ballot")
    if change.block:
        parts.append(f"{change.block} for the block")
    total = change.kept + change.presence + change.ballot + change.block
    if change.after != total:
        parts.append(f"kept {'at the cap' if change.after < total else 'at 1'}")
    return ", ".join(parts)
