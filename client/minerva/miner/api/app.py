"""The application factory: blueprints, limits, and errors as JSON whatever happens."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from apiflask import APIFlask, HTTPError
from flask import Response, jsonify, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.exceptions import HTTPException

from minerva import __version__
from minerva.errors import ContentUnavailable, MinervaError, StoreError
from minerva.miner.api import canaries, content, docs, events, metrics, state, statements
from minerva.miner.view import MinerView, PushRefused

log = logging.getLogger(__name__)

_REMEDIES = {
    404: "See /docs for the paths.",
    405: "See /docs for the methods.",
    413: "The federation's limit is maxModelBytes.",
    422: "See /docs for the parameters.",
    429: "Wait a second; the answer's Retry-After says how long.",
}


_BUILDING = threading.Lock()
"""Werkzeug compiles each route through `ast`, which CPython 3.11 does not bear in two threads at once (gh-106905)."""


@dataclass(frozen=True, slots=True)
class ApiConfig:
    """How the API behaves.

    ``rate_limit``: requests for each client address, in flask-limiter's words. ``event_heartbeat_seconds``:
    between two comments on a quiet event stream.
    """

    rate_limit: str = "200 per second"
    event_heartbeat_seconds: float = 15.0


def create_app(view: MinerView, config: ApiConfig | None = None) -> APIFlask:
    """Make the application that answers for ``view``.

    Errors are JSON objects ``{error, value, remedy}`` with the status that fits, never a traceback.
    """
    with _BUILDING:
        return _build(view, config or ApiConfig())


def _build(view: MinerView, config: ApiConfig) -> APIFlask:
    app = APIFlask(__name__, title="Minerva miner", version=__version__, docs_path=None, json_errors=False)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.description = "What a miner knows of its federation, and the way in for devices without an IPFS node."
    app.tags = ["state", "content", "events"]
    Limiter(
        get_remote_address,
        app=app,
        default_limits=[config.rate_limit],
        storage_uri="memory://",
        headers_enabled=True,
    )
    app.extensions["minerva"] = view
    app.config["EVENT_HEARTBEAT_SECONDS"] = config.event_heartbeat_seconds
    for blueprint in (
        state.blueprint,
        statements.blueprint,
        canaries.blueprint,
        content.blueprint,
        events.blueprint,
        metrics.blueprint(view),
        docs.blueprint,
    ):
        app.register_blueprint(blueprint)
    _register_errors(app)
    return app


def problem(status: int, error: str, value: object | None = None, remedy: str = "") -> Response:
    """Answer an error as JSON."""
    answer = jsonify({"error": error, "value": None if value is None else str(value)[:200], "remedy": remedy})
    answer.status_code = status
    return answer


def _register_errors(app: APIFlask) -> None:
    @app.error_processor  # parameters that do not validate
    def _validation(error: HTTPError) -> tuple[Response, int, dict[str, str]]:
        return (
            problem(error.status_code, error.message or "the request is wrong", error.detail, _REMEDIES[422]),
            error.status_code,
            {},
        )

    @app.errorhandler(PushRefused)
    def _refused(error: PushRefused) -> Response:
        return problem(error.status, error.error, error.value, error.remedy)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        code = error.code or 500
        answer = problem(code, error.name.lower(), request.path, _REMEDIES.get(code, ""))
        for name, value in error.get_headers():
            if name.lower() in ("retry-after", "allow"):
                answer.headers[name] = value
        return answer

    @app.errorhandler(MinervaError)
    def _minerva(error: MinervaError) -> Response:
        status = (
            504 if isinstance(error, ContentUnavailable) else 503 if isinstance(error, StoreError) else 400
        )
        return problem(status, error.what, error.value, error.remedy)

    @app.errorhandler(Exception)
    def _fault(error: Exception) -> Response:
        log.exception("a fault in the API at %s", request.path, exc_info=error)
        return problem(500, "a fault of the miner itself", type(error).__name__, "Its log has the traceback.")
