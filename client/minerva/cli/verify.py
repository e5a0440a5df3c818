"""`minerva verify`: re-derive a block, or the whole chain, from chain and IPFS alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from minerva.cli.common import Context, command
from minerva.errors import VerificationFailed


def add(app: typer.Typer) -> None:
    """Register the command."""
    command(app, "verify", epilog="Example: minerva verify 0xFederation --block 3")(verify)


def verify(
    context: Context,
    federation: Annotated[
        str | None, typer.Argument(help="The federation's address.", show_default=False)
    ] = None,
    block: Annotated[int | None, typer.Option(min=1, help="Only this block.", show_default=False)] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for one fetch.")] = 30.0,
    key: Annotated[
        Path | None,
        typer.Option(
            help="A miner's sealing keys, for a confidential federation; default: sealing.json in the state folder.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Re-derive every block: records, ballots, verdicts, accepted list, aggregate byte for byte, CIDs, links.

    Exit status 1, and the first thing that differs, when one does not.
    """
    from minerva.sealing.keyring import FILE, Keyring
    from minerva.verification.audit import audit

    address = context.federation(federation)
    own = context.state / FILE
    keys = Keyring.read(key or own) if key or own.exists() else None
    quiet = context.as_json or not context.err.is_terminal
    with Progress(console=context.err, transient=True, disable=quiet) as progress:
        bar = progress.add_task("re-deriving", total=None)

        def advance(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total)

        report = audit(
            context.chain(), context.store(), address, block=block, timeout=timeout, progress=advance,
            keys=keys,
        )  # fmt: skip

    def render(out: Console) -> None:
        for line in report.lines():
            out.print(line)

    failure = None
    if not report.ok:
        failure = VerificationFailed(
            "the chain does not re-derive",
            value=report.first_difference or "something could not be fetched",
            remedy="The report says what was looked at.",
        )
    context.emit(report.to_json(), render, failure)
