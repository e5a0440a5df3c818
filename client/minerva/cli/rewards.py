"""`minerva rewards`: show, claim, receipt; and `minerva federation fund`, `reclaim`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from minerva.amounts import parse_amount, show_amount
from minerva.cli import federation as federations
from minerva.cli.common import Context, address, command, complain, facts, table, write_whole
from minerva.cli.escrow import escrow_document, escrow_words
from minerva.cli.receipts import lines_of
from minerva.errors import UserError

if TYPE_CHECKING:
    from minerva.chain.port import Receipt as Mined
    from minerva.verification.earnings import Earnings, Standing

app = typer.Typer(help="What is earned by data and work: show it, claim it, and why it is that much.")
_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]
_Of = Annotated[
    str | None,
    typer.Option("--of", help="Whose; the configured account's when not given.", show_default=False),
]


@command(federations.app, "fund", epilog="Example: minerva federation fund 0xFederation --amount 0.5ether")
def fund(
    context: Context,
    federation: _Federation = None,
    amount: Annotated[
        str | None, typer.Option(help="Wei, 0.5ether, or a token's least unit; else all that is lacking.")
    ] = None,
) -> None:
    """Pay into the escrow of a federation. Anyone may; round 1 opens when it is complete."""
    from minerva.cli.once import pay_once
    from minerva.protocol.reward_events import RewardsFunded
    from minerva.rewards import finish_funding
    from minerva.rewards import fund as pay_in
    from minerva.verification.earnings import require_escrow

    found, chain = context.federation(federation), context.chain()
    escrow = require_escrow(chain, found)
    given = None if amount is None else parse_amount(amount, escrow.terms.token)
    receipt: Mined | None = None
    if given is not None or escrow.required > escrow.funded:
        actor = context.actor()

        def lacking() -> int:
            now = require_escrow(chain, found)
            return now.required - now.funded

        receipt = pay_once(
            given,
            lacking,
            lambda: finish_funding(actor, escrow),
            lambda wanted: pay_in(chain, actor, found, require_escrow(chain, found), wanted),
        )
    paid = (
        [log.event.amount for log in receipt.logs if isinstance(log.event, RewardsFunded)] if receipt else []
    )
    escrow = require_escrow(chain, found)
    document = _funded(escrow_document(escrow), sum(paid))
    document |= {"gas": receipt.gas_used} if receipt else {}
    context.emit(document, lambda out: out.print(escrow_words(escrow)))


@command(federations.app, "reclaim", epilog="Example: minerva federation reclaim 0xFederation")
def reclaim(context: Context, federation: _Federation = None) -> None:
    """Return to the requester what nobody can earn any more; after the claim period, all that is left."""
    from minerva.protocol.reward_actions import Reclaim
    from minerva.protocol.reward_events import RewardsReturned
    from minerva.verification.earnings import require_escrow

    found, chain = context.federation(federation), context.chain()
    escrow = require_escrow(chain, found)
    receipt = context.actor().send(Reclaim(found, escrow.vault, chain.now()))
    to, amount = next(
        (log.event.to, log.event.amount) for log in receipt.logs if isinstance(log.event, RewardsReturned)
    )
    document = {"federation": found, "to": to, "amount": str(amount), "gas": receipt.gas_used}
    context.emit(document, lambda out: out.print(f"{show_amount(amount, escrow.terms.token)} to {to}"))


@command(app, "show", epilog="Example: minerva rewards show 0xFederation --account device.json")
def show(
    context: Context,
    federation: _Federation = None,
    of: _Of = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody who earned something.")] = False,
) -> None:
    """Show what an account has earned and claimed, and what it may claim now."""
    earnings = _earnings(context, context.federation(federation))
    if everybody:
        standings = earnings.everybody()
    else:
        standings = [earnings.standing(_account(context, of))]
    token = earnings.escrow.terms.token
    accounts = [_standing(earnings, standing) for standing in standings]
    document = {
        "federation": context.federation(federation), "token": token, "escrow": escrow_document(earnings.escrow),
        "blocks": len(earnings.history.blocks),
    } | ({"accounts": accounts} if everybody else accounts[0])  # fmt: skip

    def render(out: Console) -> None:
        if everybody:
            head = ("account", "earned", "claimed", "may claim", "of it for attestations")
            table(out, head, [[s.account, *_sums(s, token)] for s in standings])
            return
        names = ("account", "earned", "claimed", "mayClaim", "attested")
        facts(out, zip(names, [standings[0].account, *_sums(standings[0], token)], strict=True))
        facts(out, [("escrow", escrow_words(earnings.escrow))])
        if until := earnings.escrow.closes_at:
            facts(out, [("claimsEnd", f"{until} (seconds of the chain)")])

    context.emit(document, render)


@command(app, "claim", epilog="Example: minerva rewards claim 0xFederation --to 0xCold --account device.json")
def claim(
    context: Context,
    federation: _Federation = None,
    of: _Of = None,
    to: Annotated[
        str | None, typer.Option(help="Another recipient; the account signs for it.", show_default=False)
    ] = None,
    sign: Annotated[
        Path | None,
        typer.Option(help="With --to: write the signed claim here and send nothing.", show_default=False),
    ] = None,
    submit: Annotated[
        Path | None,
        typer.Option(help="Send a claim that somebody signed, from this file.", show_default=False),
    ] = None,
) -> None:
    """Claim all that an account earned so far, in one transaction. Who sends it does not matter: it pays the account."""
    from minerva.rewards import SignedClaim, claim, submit_claim

    found, chain = context.federation(federation), context.chain()
    if submit is not None:
        if to or sign or of:
            raise UserError(
                "--submit takes all else from its file", remedy="Leave --of, --to and --sign out."
            )
        given = SignedClaim.parse(_read(submit))
        if given.federation != found:
            raise UserError(
                "the claim is for another federation", value=given.federation, remedy="Name that one."
            )
        earnings = _earnings(context, found)
        _paid(context, earnings, submit_claim(chain, context.actor(), earnings, given))
        return
    if sign is not None and to is None:
        raise UserError("--sign needs a recipient", remedy="Name one with --to.")
    if to is not None:
        if of is not None:
            raise UserError("only the account itself can sign for --to", remedy="Leave --of out.")
        _claim_to(context, found, address(to), sign)
        return
    earnings, account = _earnings(context, found), _account(context, of)
    _paid(context, earnings, claim(chain, context.actor(), found, earnings, account))


@command(
    app, "receipt", epilog="Example: minerva rewards receipt 0xFederation --round 3 --account device.json"
)
def receipt(
    context: Context,
    round: Annotated[int, typer.Option(min=1, help="The round.")],
    federation: _Federation = None,
    of: _Of = None,
) -> None:
    """Say why an account earned what it did in a round."""
    earnings, account = _earnings(context, context.federation(federation)), _account(context, of)
    made = earnings.receipt(account, round)
    token = earnings.escrow.terms.token
    document = {"federation": context.federation(federation), "token": token, **made.document()}
    words = lines_of(made, token)

    def render(out: Console) -> None:
        for line in words:
            out.print(line)

    context.emit(_digits(document) | {"words": words}, render)


def _claim_to(context: Context, federation: str, to: str, sign: Path | None) -> None:
    from minerva.connect import password_source
    from minerva.keys import load_account
    from minerva.rewards import sign_claim, submit_claim

    chain, settings = context.chain(), context.settings
    signer = load_account(settings.key.account, chain.chain_id, password_source(settings))
    earnings = _earnings(context, federation)
    signed = sign_claim(chain, signer, federation, earnings, to)
    if sign is None:
        _paid(context, earnings, submit_claim(chain, context.actor(), earnings, signed))
        return
    write_whole(sign, (json.dumps(signed.document(), indent=2) + "\n").encode())
    words = f"{sign}: whoever has it may send it: minerva rewards claim {federation} --submit {sign}"
    context.emit({"written": str(sign), **signed.document()}, lambda out: out.print(words))


def _paid(context: Context, earnings: Earnings, mined: Mined) -> None:
    """Tell what a claim paid."""
    from minerva.protocol.reward_events import RewardsClaimed

    event = next(log.event for log in mined.logs if isinstance(log.event, RewardsClaimed))
    token, amount = earnings.escrow.terms.token, event.by_table + event.by_attestations
    document = {
        "account": event.account, "to": event.to, "token": token, "amount": str(amount),
        "byTable": str(event.by_table), "byAttestations": str(event.by_attestations), "gas": mined.gas_used,
        "transaction": "0x" + mined.transaction.hex(),
    }  # fmt: skip
    words = f"{show_amount(amount, token)} to {event.to}"
    words += "" if event.to == event.account else f", earned by {event.account}"
    context.emit(document, lambda out: out.print(words))


def _earnings(context: Context, federation: str) -> Earnings:
    """Derive the tables; whatever in them does not follow from the rounds is told, and claimed all the same."""
    from minerva.verification.earnings import Earnings, require_escrow

    require_escrow(context.chain(), federation)
    found = Earnings(context.chain(), context.store(), federation)
    if found.difference:
        complain(f"{found.difference}; the block's own table counts. Check it with 'minerva verify'.")
    return found


def _account(context: Context, of: str | None) -> str:
    return context.account_address() if of is None else address(of)


def _standing(earnings: Earnings, standing: Standing) -> dict[str, Any]:
    claims = [
        {"to": event.to, "byTable": str(event.by_table), "byAttestations": str(event.by_attestations)}
        for event in earnings.claims(standing.account)
    ]
    return {
        "account": standing.account, "earned": str(standing.earned), "claimed": str(standing.claimed),
        "attested": str(standing.attested), "mayClaim": str(standing.claimable), "claims": claims,
    }  # fmt: skip


def _sums(standing: Standing, token: str) -> list[str]:
    sums = (standing.earned, standing.claimed, standing.claimable, standing.attested)
    return [show_amount(amount, token) for amount in sums]


def _funded(escrow: dict[str, Any] | None, amount: int) -> dict[str, Any]:
    return {"amount": str(amount), "escrow": escrow}


def _digits(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose sums of money are digits: JSON's numbers do not hold them everywhere."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found[name] = _digits(value)
        else:
            found[name] = str(value) if name in ("amount", "pool") else value
    return found


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            "the file cannot be read", value=f"{path}: {error.strerror}", remedy="Name another."
        ) from None
    except (ValueError, RecursionError):
        raise UserError("not a signed claim", value=path, remedy="Name the file that --sign wrote.") from None
