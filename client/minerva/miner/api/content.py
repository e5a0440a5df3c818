"""Bytes in and out by CID, for devices without an IPFS node."""

from __future__ import annotations

from collections.abc import Iterator

from apiflask import APIBlueprint
from flask import Response, jsonify, request

from minerva.errors import UserError
from minerva.miner.api.common import view
from minerva.miner.view import PushRefused
from minerva.protocol.cid import Cid
from minerva.store.cid import cid_of

blueprint = APIBlueprint("content", __name__, tag="content")

_PIECE = 1 << 18  # bytes


@blueprint.put("/updates/<cid>")
@blueprint.doc(
    summary="Push the bytes of a local update whose record is on the chain",
    description="Taken when a record of the current round commits to it and lies deep enough.",
    responses={
        201: "judged and kept",
        400: "not a CID",
        404: "no such record",
        409: "its record is refused already",
        411: "no length",
        413: "too large",
        422: "other bytes",
        425: "not deep enough yet",
        503: "the store does not answer",
    },
)
def push(cid: str) -> tuple[Response, int]:
    """Take an update's bytes in."""
    wanted, miner = _parse(cid), view()
    length = request.content_length
    if length is None:
        raise PushRefused(411, "the length of the content is not given", remedy="Send a Content-Length.")
    if length > miner.max_content_bytes:
        raise PushRefused(
            413,
            "the update is larger than the federation allows",
            value=length,
            remedy=f"At most {miner.max_content_bytes} bytes.",
        )
    miner.expect(wanted)
    content = request.stream.read(length)
    if len(content) != length or cid_of(content) != wanted:
        raise PushRefused(
            422, "the bytes do not hash to the CID", value=cid, remedy="Push what the record commits to."
        )
    miner.take(wanted, content)
    return jsonify({"cid": cid, "bytes": length}), 201


@blueprint.get("/models/<cid>")
@blueprint.doc(
    summary="A global model",
    responses={200: "its bytes", 404: "not a model of this federation", 504: "not available now"},
)
def model(cid: str) -> Response:
    """Answer a global model's bytes."""
    return _content(cid, ("model",))


@blueprint.get("/content/<cid>")
@blueprint.doc(
    summary="A model, block body, manifest, accepted update or state of the aggregation rule",
    responses={200: "its bytes", 404: "not known here", 504: "not available now"},
)
def content(cid: str) -> Response:
    """Answer the bytes of anything that the federation knows."""
    return _content(cid, ("model", "body", "manifest", "update", "state"))


def _content(cid: str, kinds: tuple[str, ...]) -> Response:
    wanted, miner = _parse(cid), view()
    if miner.kind_of(wanted) not in kinds:
        raise PushRefused(
            404, "this miner does not serve that content", value=cid, remedy="See /blocks for what it knows."
        )
    if request.if_none_match.contains(cid):
        return Response(status=304)
    data = miner.content(wanted)
    answer = Response(_pieces(data), mimetype="application/octet-stream")
    answer.content_length = len(data)
    answer.set_etag(cid)
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _pieces(data: bytes) -> Iterator[bytes]:
    view_ = memoryview(data)
    for at in range(0, len(data), _PIECE):
        yield bytes(view_[at : at + _PIECE])


def _parse(text: str) -> Cid:
    try:
        return Cid.parse(text)
    except UserError as error:
        raise PushRefused(400, error.what, value=text, remedy=error.remedy) from None
