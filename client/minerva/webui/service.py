"""The dashboard's server as a process: where it listens, and how others learn of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from minerva.config import Settings
from minerva.errors import UserError
from minerva.miner.api.server import MinerServer
from minerva.paths import project_root
from minerva.store.port import Store
from minerva.webui.app import THREADS, create_dashboard
from minerva.webui.network import network_document
from minerva.webui.shown import known

ADDRESS_FILE = "webui.json"
"""In the state folder: ``{"url": …}`` of the server that ran last."""
NOT_BUILT = "'make webui' builds it."


def built() -> Path | None:
    """Return the folder of the built page; None where it was not built, or there is no checkout."""
    try:
        folder = project_root() / "webui" / "dist"
    except UserError:
        return None
    return folder if (folder / "index.html").is_file() else None


def require_built() -> Path:
    """Return the folder of the built page; raises `UserError` where there is none."""
    folder = built()
    if folder is None:
        raise UserError("the dashboard is not built", remedy=NOT_BUILT)
    return folder


def last_served(settings: Settings) -> tuple[str, Path | None]:
    """Return the dashboard's address and state folder where one last ran from here; else where it would, and None."""
    state = Path(settings.state)
    for folder in (state, state.parent / "webui"):
        try:
            url = str(json.loads((folder / ADDRESS_FILE).read_text(encoding="utf-8"))["url"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        return url.rstrip("/"), folder
    return f"http://{settings.webui.host}:{settings.webui.port}", None


def serve(
    settings: Settings, store: Store | None, *, stop: threading.Event, ready: Callable[[str], None]
) -> None:
    """Serve the page until ``stop``.

    Raises
    ------
    UserError
        The page is not built.
    ConfigError
        The network cannot be described to a browser.
    NodeConflict
        The address is taken.
    """
    folder = require_built()
    section = settings.webui
    network, state = network_document(settings), Path(settings.state)
    app = create_dashboard(folder, lambda: {**network, "results": known(state)}, store)
    server = MinerServer(
        app, host=section.host, port=section.port, threads=THREADS, max_body_bytes=1 << 16, section="webui"
    )
    address = state / ADDRESS_FILE
    address.parent.mkdir(parents=True, exist_ok=True)
    server.start()
    try:
        address.write_text(json.dumps({"url": server.url}), encoding="utf-8")
        ready(server.url)
        stop.wait()
    finally:
        server.stop()
