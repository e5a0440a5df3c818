"""What this miner and the others signed of candidates."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Integer
from apiflask.validators import Range
from flask import Response, jsonify

from minerva.miner.api.common import view
from minerva.miner.statement_book import MOST_STATEMENTS

blueprint = APIBlueprint("statements", __name__, tag="state")

_MOST = (1 << 32) - 1


class _Page(Schema):
    offset = Integer(
        load_default=0, validate=Range(0, _MOST), metadata={"description": "statements to leave out"}
    )


@blueprint.get("/statements/<int:round_>")
@blueprint.doc(
    summary="The signed statements of a round, at most 500: of this miner, and of others as it heard them",
    description="EIP-712 `Statement`s for the federation's StakeVault; none where nothing is staked.",
    responses={200: "the statements"},
)
@blueprint.input(_Page, location="query")
def statements(round_: int, query_data: dict[str, Any]) -> Response:
    """Answer a round's statements in the order in which they came."""
    book, offset = view().statements, query_data["offset"]
    found = book.of_round(min(round_, _MOST), offset)
    document = {
        "round": round_,
        "chainId": book.chain_id,
        "vault": book.vault,
        "statements": [signed.document() for signed in found],
        "next": offset + MOST_STATEMENTS if len(found) == MOST_STATEMENTS else None,
    }
    return jsonify(document)
