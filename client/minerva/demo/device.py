"""One device of the demo as a process: ``python -m minerva.demo.device KIND --config FILE``."""

from __future__ import annotations

from typing import Annotated

import typer

from minerva.cli.common import Context, command, program, stop_on_signals
from minerva.cli.device import build_device
from minerva.demo import adversaries

app = typer.Typer()


@command(app, "run")
def run(context: Context, kind: Annotated[str, typer.Argument()]) -> None:
    """Run a device of this kind until the federation closes."""
    made = adversaries.kind(kind)
    device = build_device(context, context.federation(None), made)
    with stop_on_signals() as stop:
        device.run(stop)


if __name__ == "__main__":
    program(app)
