"""`minerva webui`: serve the dashboard."""

from __future__ import annotations

import typer

from minerva.cli.common import Context, command, stop_on_signals


def add(app: typer.Typer) -> None:
    """Register the command."""
    command(app, "webui", epilog="Example: minerva webui --set webui.port=8600")(webui)


def webui(context: Context) -> None:
    """Serve the dashboard of the configured chain until Ctrl-C; 'make webui' builds it."""
    from minerva.webui.service import serve

    where: list[str] = []

    def ready(url: str) -> None:
        where.append(url)
        context.err.print(f"dashboard: {url}")

    with stop_on_signals() as stop:
        serve(context.settings, context.store_or_none(), stop=stop, ready=ready)
        context.emit({"url": where[0]}, lambda out: out.print(f"{where[0]}: ended"))
