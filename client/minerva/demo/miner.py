"""One miner of the demo that cheats, as a process: ``python -m minerva.demo.miner KIND --config FILE``."""

from __future__ import annotations

import os
from functools import partial
from typing import Annotated

import typer

from minerva.cli.common import Context, command, program
from minerva.cli.miner import serve

app = typer.Typer()


@command(app, "run")
def run(
    context: Context,
    kind: Annotated[str, typer.Argument()],
    ring: Annotated[list[str], typer.Option()] = [],  # noqa: B006 - as typer wants it
    victims: Annotated[list[str], typer.Option()] = [],  # noqa: B006
) -> None:
    """Run a miner of this kind until a signal ends it."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from minerva.attacks.miners import MINERS

    serve(context, None, partial(MINERS[kind], ring=frozenset(ring), victims=frozenset(victims)))


if __name__ == "__main__":
    program(app)
