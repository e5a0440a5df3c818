"""What devices are asked about their training, and what came of it."""

from __future__ import annotations

from apiflask import APIBlueprint
from eth_utils.address import is_address, to_checksum_address
from flask import Response, jsonify, request

from minerva.miner.api.common import view
from minerva.miner.view import PushRefused
from minerva.protocol.canary import MOST_ANSWER_BYTES
from minerva.protocol.records import Address

blueprint = APIBlueprint("canaries", __name__, tag="state")


@blueprint.get("/canaries")
@blueprint.doc(
    summary="The last canaries, at most 100: whom this miner asked to train again, and the outcome",
    description="Outcomes: asked, answered, wrong, late, unanswered. Evidence for people; no ballot goes by it.",
    responses={200: "the canaries"},
)
def canaries() -> Response:
    """Answer the outcomes, the latest first."""
    found = view().canaries
    return jsonify({"counts": found.counts(), "canaries": found.rows()})


@blueprint.get("/canaries/<device>")
@blueprint.doc(
    summary="What a device is asked and has not answered",
    responses={200: "its challenges", 400: "not an address"},
)
def challenges(device: str) -> Response:
    """Answer the open challenges."""
    return jsonify({"challenges": [one.document() for one in view().canaries.open(_address(device))]})


@blueprint.post("/canaries/<int:round_>/<device>")
@blueprint.doc(
    summary="Answer a challenge",
    description="Signed by the device's key. The first signed answer is judged and counts.",
    responses={
        200: "judged",
        400: "not an address",
        403: "not signed by the device",
        404: "not asked",
        409: "judged already",
        411: "no length",
        413: "too large",
        422: "not an answer",
    },
)
def answer(round_: int, device: str) -> Response:
    """Judge an answer."""
    length = request.content_length
    if length is None:
        raise PushRefused(411, "the length of the answer is not given", remedy="Send a Content-Length.")
    if length > MOST_ANSWER_BYTES:
        raise PushRefused(
            413, "the answer is too long", value=length, remedy=f"At most {MOST_ANSWER_BYTES} bytes."
        )
    outcome = view().canaries.answer(round_, _address(device), request.stream.read(length))
    return jsonify({"round": round_, "outcome": outcome})


def _address(text: str) -> Address:
    if not text.startswith("0x") or not is_address(text):
        raise PushRefused(400, "that is no address", value=ascii(text)[:60])
    return str(to_checksum_address(text))
