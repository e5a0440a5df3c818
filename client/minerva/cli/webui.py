"""`minerva webui`: serve the dashboard, or put it on IPFS."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from minerva.cli.common import Context, command, stop_on_signals
from minerva.config import STATE_FOLDER
from minerva.errors import ConfigError


def add(app: typer.Typer) -> None:
    """Register the command."""
    command(app, "webui", epilog="Example: minerva webui --set webui.port=8600")(webui)


def webui(
    context: Context,
    ipfs: Annotated[
        bool, typer.Option("--ipfs", help="Add the page to the store's Kubo node instead, and end.")
    ] = False,
) -> None:
    """Serve the dashboard of the configured chain until Ctrl-C; 'make webui' builds it."""
    from minerva.webui.service import serve

    if ipfs:
        _publish(context)
        return
    where: list[str] = []

    def ready(url: str) -> None:
        where.append(url)
        context.err.print(f"dashboard: {url}")

    with stop_on_signals() as stop:
        serve(context.settings, context.store_or_none(), stop=stop, ready=ready)
        context.emit({"url": where[0]}, lambda out: out.print(f"{where[0]}: ended"))


def _publish(context: Context) -> None:
    from minerva.store.kubo import KuboStore
    from minerva.webui.network import network_document
    from minerva.webui.publish import publish
    from minerva.webui.service import last_served, require_built
    from minerva.webui.shown import known

    folder, store = require_built(), context.store()
    state = last_served(context.settings)[1] or context.state
    if not isinstance(store, KuboStore):
        raise ConfigError(
            "the store is no Kubo node",
            value=context.settings.store.url,
            remedy="Start one with 'minerva up', or name one with --store.",
        )
    published = publish(
        folder, {**network_document(context.settings), "results": known(state)}, store, _gateway(context)
    )
    document = {"cid": published.cid, "url": published.url}
    context.emit(document, lambda out: out.print(f"{published.url}", soft_wrap=True))


def _gateway(context: Context) -> str:
    """Return the configured gateway, else that of the local stack."""
    if context.settings.webui.gateway:
        return context.settings.webui.gateway
    try:
        found = str(json.loads((STATE_FOLDER / "stack.json").read_text(encoding="utf-8"))["gateway"])
    except (OSError, ValueError, LookupError, TypeError):
        found = ""
    if not found:
        raise ConfigError(
            "no IPFS gateway is configured",
            remedy="Start the local stack with 'minerva up', or name one: --set webui.gateway=http://host:port.",
        )
    return found
