"""Server-sent events: the federation's logs and the miner's status as they come."""

from __future__ import annotations

from collections.abc import Iterator

from apiflask import APIBlueprint
from flask import Response, current_app

from minerva.miner.api.common import view
from minerva.miner.view import PushRefused

blueprint = APIBlueprint("events", __name__, tag="events")


@blueprint.get("/events")
@blueprint.doc(
    summary="The federation's logs and the miner's status as server-sent events",
    description="Kinds: log, removed (by a re-organisation), status. A comment comes when it is quiet.",
    responses={200: "an endless stream", 503: "enough clients listen already"},
)
def events() -> Response:
    """Answer an endless stream."""
    miner, heartbeat = view(), float(current_app.config["EVENT_HEARTBEAT_SECONDS"])
    broadcaster = miner.broadcaster
    subscription = broadcaster.subscribe()
    if subscription is None:
        raise PushRefused(503, "enough clients listen already", remedy="Try again later.")

    def stream() -> Iterator[str]:
        try:
            yield "retry: 1000\n\n"
            for message in subscription.messages(heartbeat):
                yield message or ": quiet\n\n"
        finally:
            broadcaster.unsubscribe(subscription)

    answer = Response(stream(), mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.call_on_close(lambda: broadcaster.unsubscribe(subscription))
    return answer
