"""What a miner knows: health, status, updates, blocks."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Integer
from apiflask.validators import Range
from flask import Response, jsonify

from minerva.miner.api.common import view
from minerva.protocol.reasons import words

blueprint = APIBlueprint("state", __name__, tag="state")

MOST_BLOCKS = 100
MOST_UPDATES = 1000
_MOST = (1 << 32) - 1


class _Updates(Schema):
    round = Integer(
        load_default=None, validate=Range(1, _MOST), metadata={"description": "default: the current round"}
    )
    offset = Integer(
        load_default=0, validate=Range(0, _MOST), metadata={"description": "updates to leave out"}
    )


class _Blocks(Schema):
    from_ = Integer(
        data_key="from",
        load_default=None,
        validate=Range(1, _MOST),
        metadata={"description": "first number; default: the last 100"},
    )


@blueprint.get("/health")
@blueprint.doc(
    summary="Whether the miner can do its work",
    description="200 when it is registered, follows the chain, can sign and its store answers; else 503.",
    responses={200: "healthy", 503: "not healthy"},
)
def health() -> Response:
    """Answer 200 or 503 with every check."""
    checks = view().checks()
    healthy = all(check.ok for check in checks)
    answer = jsonify({"healthy": healthy, "checks": {c.name: {"ok": c.ok, "words": c.words} for c in checks}})
    answer.status_code = 200 if healthy else 503
    return answer


@blueprint.get("/status")
@blueprint.doc(
    summary="Phase, round, who takes part, and what the miner waits for until when",
    responses={200: "the status"},
)
def status() -> Response:
    """Answer this moment."""
    return jsonify({**view().status.document(), "canaries": view().canaries.counts()})


@blueprint.get("/updates")
@blueprint.doc(
    summary="The updates of a round, at most 1000, with this miner's verdicts and the ballots' outcome",
    responses={200: "the updates"},
)
@blueprint.input(_Updates, location="query")
def updates(query_data: dict[str, Any]) -> Response:
    """Answer a round's updates in update order."""
    miner = view()
    round_ = query_data["round"] or miner.status.round
    rows = miner.ledger.rows(
        "SELECT * FROM updates WHERE round = ? ORDER BY miner_index, pool_index LIMIT ? OFFSET ?",
        (round_, MOST_UPDATES, query_data["offset"]),
    )
    for row in rows:
        row["verdict"] = _verdict(row["verdict"])
        row["verdict_words"] = "" if row["reason"] is None else words(row["reason"])
        row["accepted"] = None if row["accepted"] is None else bool(row["accepted"])
        row["refusal_words"] = "" if row["refusal"] is None else words(row["refusal"])
    summary = miner.ledger.rows("SELECT * FROM rounds WHERE round = ?", (round_,))
    following = query_data["offset"] + MOST_UPDATES if len(rows) == MOST_UPDATES else None
    document = {
        "round": round_,
        "summary": summary[0] if summary else None,
        "updates": rows,
        "next": following,
    }
    return jsonify(document)


@blueprint.get("/blocks")
@blueprint.doc(summary="Finalised blocks, at most 100", responses={200: "the blocks"})
@blueprint.input(_Blocks, location="query")
def blocks(query_data: dict[str, Any]) -> Response:
    """Answer blocks by number."""
    ledger = view().ledger
    first = query_data["from_"]
    if first is None:
        first = max(1, view().status.height - MOST_BLOCKS + 1)
    rows = ledger.rows("SELECT * FROM blocks WHERE number >= ? ORDER BY number LIMIT ?", (first, MOST_BLOCKS))
    for row in rows:
        row["own"] = bool(row["own"])
        row["agreed"] = None if row["agreed"] is None else bool(row["agreed"])
        timings = ledger.rows("SELECT name, ms FROM timings WHERE round = ?", (row["round"],))
        row["ms"] = {t["name"]: t["ms"] for t in timings}
    following = rows[-1]["number"] + 1 if len(rows) == MOST_BLOCKS else None
    return jsonify({"blocks": rows, "next": following})


def _verdict(verdict: int | None) -> str:
    if verdict is None:
        return "none yet"
    return "accepted" if verdict >= 64 else "refused"
