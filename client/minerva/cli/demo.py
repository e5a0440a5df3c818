"""`minerva demo`: the main job."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from minerva.cli.common import Context, command
from minerva.errors import VerificationFailed


class Consensus(StrEnum):
    """The consensus modules that the demo can run."""

    POW = "pow"
    POS = "pos"
    POR = "por"
    COMMITTEE = "committee"


def add(app: typer.Typer) -> None:
    """Register the command."""
    command(app, "demo", epilog="Example: minerva demo --rounds 5 --json > summary.json")(demo)


def demo(
    context: Context,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Rounds to run.")] = 5,
    miners: Annotated[int, typer.Option(min=1, max=10, help="Miners, each a process.")] = 3,
    kill_round: Annotated[int, typer.Option(min=0, help="Kill a miner in this round; 0: in none.")] = 4,
    consensus: Annotated[Consensus, typer.Option(help="Who proposes the blocks.")] = Consensus.POW,
    seed: Annotated[int, typer.Option(min=0, help="Of the partition.")] = 1,
    runs: Annotated[Path, typer.Option(help="Folder for the runs.")] = Path("runs"),
) -> None:
    """Run six devices (three cheat) and three miners (one is killed) on real parts, and tell the story."""
    from minerva.demo.display import Display
    from minerva.demo.report import print_summary
    from minerva.demo.story import DemoOptions, run_demo

    folder = runs / time.strftime("%Y%m%d-%H%M%S")
    options = DemoOptions(
        folder, rounds=rounds, miners=miners, kill_round=kill_round, seed=seed, consensus=consensus.value
    )
    with Display(context.err) as display:
        summary, observer = run_demo(options, display)
    failure = None
    if not summary["verified"]:
        failure = VerificationFailed(
            "the chain does not re-derive",
            value=summary["firstDifference"],
            remedy=f"See the logs in {folder}/stack/logs.",
        )
    elif not summary["rewards"]["withinEscrow"]:
        failure = VerificationFailed(
            "what was paid is not what the receipts and the escrow say",
            value=summary["rewards"]["vault"],
            remedy=f"See the payouts in the summary, and the logs in {folder}/stack/logs.",
        )
    context.emit(summary, lambda out: print_summary(out, observer, summary, folder), failure)
