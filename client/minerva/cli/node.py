"""`minerva node`: a device that is also a miner, with one key."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated

import typer

from minerva.cli.common import Context, command, stop_on_signals

app = typer.Typer(help="Nodes: a device and a miner with one key, as in a fully decentralised federation.")

_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]


@command(
    app, "run", epilog="Example: minerva node run 0xFederation --account node.json --set device.data=./scans"
)
def run(context: Context, federation: _Federation = None) -> None:
    """Run a miner and, with the same key, a device of it until Ctrl-C; joins as both when needed.

    Both read their own section of the configuration; an allow-list that one of them names is the other's as well. A
    closed federation is still served.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from minerva.cli.device import build_device
    from minerva.cli.miner import miner_settings
    from minerva.node import run_node

    named, chain = context.federation(federation), context.chain()
    settings = miner_settings(context)
    listed = settings.allow_list or context.settings.device.allow_list
    with stop_on_signals() as stop:
        actor, store = context.actor(), context.store()
        device = build_device(context, named, allow_list=listed)
        submitted = run_node(
            chain, store, actor, named, replace(settings, allow_list=listed), device, stop,
            ready=lambda url: context.err.print(f"node's API: {url}  (OpenAPI page: {url}/docs)"),
        )  # fmt: skip
        context.emit(
            {"node": actor.address, "federation": named, "submitted": submitted},
            lambda out: out.print(f"{actor.address}: ended, {submitted} updates submitted"),
        )
