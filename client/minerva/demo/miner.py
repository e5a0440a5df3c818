"""One miner of the demo that cheats, as a process: ``python -m minerva.demo.miner KIND --config FILE``."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import Annotated

import typer

from minerva.cli.common import Context, command
from minerva.cli.miner import serve
from minerva.errors import MinervaError

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
    try:
        app(standalone_mode=False)
    except MinervaError as failure:
        print(f"minerva: {failure}", file=sys.stderr)
        sys.exit(failure.exit_code)
