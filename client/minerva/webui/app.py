"""The dashboard over HTTP: static files with the right types and headers, ``config.json``, and ``/ipfs/<cid>``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request, send_from_directory
from werkzeug.exceptions import HTTPException

from minerva.errors import ContentTooLarge, ContentUnavailable, MinervaError, UserError
from minerva.protocol.cid import Cid
from minerva.store.port import Store

log = logging.getLogger(__name__)

MAX_CONTENT_BYTES = 1 << 28
"""The longest content that is held in memory to be served."""
CONTENT_SECONDS = 30.0
THREADS = 8
"""Requests that are answered at once."""
STORE_READS = THREADS - 2
"""Those of them that may wait for the store: contents that nobody serves leave threads to the page itself."""
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # A policy in the page itself cannot forbid that it is framed; the rest of it is there.
    "Content-Security-Policy": "frame-ancestors 'none'",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


def create_dashboard(folder: Path, network: Callable[[], Mapping[str, Any]], store: Store | None) -> Flask:
    """Make the application.

    Parameters
    ----------
    folder
        The built page: what `make webui` makes.
    network
        Makes the document of ``config.json``, anew for each request (`network_document`).
    store
        Whose contents ``/ipfs/<cid>`` serves; None serves none.
    """
    app = Flask(__name__, static_folder=None)
    reads = threading.Semaphore(STORE_READS)

    def config() -> Response:
        return jsonify(dict(network()))

    def content(cid: str) -> Response:
        if store is None:
            raise UserError("there is no store here", value=cid, remedy="Name one with --store.")
        wanted = Cid.parse(cid)
        if not reads.acquire(blocking=False):
            return _problem(503, "the store is busy with other contents: try again in a moment")
        try:
            data = store.get(wanted, max_bytes=MAX_CONTENT_BYTES, timeout=CONTENT_SECONDS)
        finally:
            reads.release()
        answer = Response(data, mimetype="application/octet-stream")
        answer.headers["Cache-Control"] = _FOR_EVER
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    def page(path: str = "index.html") -> Response:
        answer = send_from_directory(folder.absolute(), path, etag=True)
        answer.headers["Content-Type"] = _TYPES.get(Path(path).suffix, "application/octet-stream")
        # Vite names what lies there by its content.
        answer.headers["Cache-Control"] = _FOR_EVER if path.startswith("assets/") else _ASK_AGAIN
        return answer

    routes: dict[str, Callable[..., Response]] = {
        "/config.json": config,
        "/ipfs/<cid>": content,
        "/": page,
        "/<path:path>": page,
    }
    for rule, view in routes.items():
        app.add_url_rule(rule, f"{view.__name__} {rule}", view)
    app.after_request(_harden)
    _register_errors(app)
    return app


def _harden(answer: Response) -> Response:
    answer.headers.update(_HEADERS)
    return answer


def _register_errors(app: Flask) -> None:
    @app.errorhandler(MinervaError)
    def _minerva(error: MinervaError) -> Response:
        kinds = ((ContentTooLarge, 413), (ContentUnavailable, 504), (UserError, 400))
        return _problem(next((status for kind, status in kinds if isinstance(error, kind)), 502), error.what)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        return _problem(error.code or 500, f"{error.name.lower()}: {request.path[:200]}")

    @app.errorhandler(Exception)
    def _fault(error: Exception) -> Response:
        log.exception("a fault of the dashboard's server at %s", request.path, exc_info=error)
        return _problem(500, "a fault of the server itself; its log has the traceback")


def _problem(status: int, what: str) -> Response:
    answer = Response(f"{what}\n", status=status, mimetype="text/plain")
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
