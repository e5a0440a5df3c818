"""`minerva stake report`: present what an account signed against itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from minerva.cli.common import Context, command
from minerva.cli.stake import app as app
from minerva.errors import UserError, WrongChain

if TYPE_CHECKING:
    from minerva.protocol.evidence import Evidence

_MOST_BYTES = 1 << 16
_File = Annotated[
    Path,
    typer.Argument(help="Evidence as a miner leaves it in STATE/evidence, in JSON.", show_default=False),
]


@command(app, "report", epilog="Example: minerva stake report evidence.json --account reporter.json")
def report(context: Context, file: _File) -> None:
    """Present evidence of equivocation to the federation's stake vault; the reporter earns a share."""
    from minerva.cli.common import address
    from minerva.protocol.stake_actions import Report

    evidence = read(file)
    federation = address(evidence.first.statement.federation)
    chain = context.chain()
    if evidence.chain_id != chain.chain_id:
        raise WrongChain(
            f"the evidence is of chain {evidence.chain_id}, the deployment of chain {chain.chain_id}",
            remedy="Name the node with --rpc, or the deployment with --deployment.",
        )
    chain.requester(federation)
    stakes = chain.stakes(federation)
    vault = stakes.vault if stakes else None
    if vault != evidence.vault:
        raise WrongChain(
            "the evidence is for another vault than the federation's",
            value=evidence.vault,
            remedy=f"The federation's is {vault}." if vault else "Nothing is staked in this federation.",
        )
    receipt = context.actor().send(Report(federation, evidence.vault, evidence))
    document = {
        "federation": federation,
        "vault": evidence.vault,
        "account": evidence.account,
        "round": evidence.round,
        "transaction": "0x" + receipt.transaction.hex(),
        "block": receipt.block_number,
    }
    context.emit(
        document,
        lambda out: out.print(f"{evidence.account} is punished for round {evidence.round} of {federation}"),
    )


def read(file: Path) -> Evidence:
    """Read evidence; raises `UserError` for a file that holds none."""
    from minerva.protocol.evidence import Evidence, Malformed

    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
        evidence = Evidence.parse(json.loads(data if len(data) <= _MOST_BYTES else b""))
    except OSError as error:
        raise UserError("the evidence cannot be read", value=f"{file}: {error.strerror}") from None
    except (Malformed, ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, Malformed) else "no JSON"
        remedy = "A miner leaves evidence in the folder evidence of its state."
        raise UserError("the file holds no evidence", value=f"{file}: {why}", remedy=remedy) from None
    if objection := evidence.objection():
        raise UserError("that is no offence", value=f"{file}: {objection}")
    return evidence
