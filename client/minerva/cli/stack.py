"""`minerva up` and `minerva down`: a local stack in the background."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from minerva.cli.common import Context, command, facts
from minerva.config import STATE_FOLDER

_Folder = Annotated[Path, typer.Option("--folder", help="Where the stack's state lies.")]


def add(app: typer.Typer) -> None:
    """Register the commands."""
    command(app, "up", epilog="Example: minerva up --miners 3 --task digits")(up)
    command(app, "down", epilog="Example: minerva down")(down)


def up(
    context: Context,
    miners: Annotated[int, typer.Option(min=1, max=10, help="How many miners.")] = 3,
    task: Annotated[str, typer.Option(help="A bundled task's name, or a path to a task file.")] = "digits",
    folder: _Folder = STATE_FOLDER,
) -> None:
    """Start a chain, two IPFS nodes, the contracts, a federation and its miners in the background.

    State and ports survive `minerva down`; commands in this folder find the stack by themselves.
    """
    from minerva.stack.background import Background

    document = Background(folder).up(
        miners=miners, task=task, create=context.settings.create, say=context.err.print
    )

    def render(out: Console) -> None:
        facts(
            out,
            [
                ("chain", document["rpc"]),
                ("store", f"{document['store']} ({', '.join(document['stores'])})"),
                ("federation", f"{document['federation']} ({document['task']})"),
                ("dashboard", document["webui"] or "not built: 'make webui' builds it"),
                *((f"miner {n}", f"{url}  (API: {url}/docs)") for n, url in document["miners"].items()),
            ],
        )
        out.print(f"Join it:  minerva device run --account anvil:20 --set device.task={document['task']}")

    context.emit(document, render)


def down(context: Context, folder: _Folder = STATE_FOLDER) -> None:
    """End the background stack; its state stays for the next `minerva up`."""
    from minerva.stack.background import Background

    ended = Background(folder).down(context.err.print)
    words = f"ended {len(ended)} processes" if ended else "nothing was running"
    context.emit({"ended": ended}, lambda out: out.print(words))
