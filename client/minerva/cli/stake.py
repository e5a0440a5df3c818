"""`minerva stake`: show, deposit, unbond, withdraw, burn."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from minerva.amounts import parse_amount, show_amount
from minerva.cli.common import Context, address, command, facts

if TYPE_CHECKING:
    from minerva.chain.port import Receipt
    from minerva.protocol.stake import Stake, Stakes

app = typer.Typer(help="What miners stake: put it up, take it out, and what it is at stake for.")
_Federation = Annotated[str | None, typer.Argument(help="The federation's address.", show_default=False)]
_SUM = "Wei, 0.5ether, or a token's least unit"


@command(app, "show", epilog="Example: minerva stake show 0xFederation --account miner.json")
def show(
    context: Context,
    federation: _Federation = None,
    of: Annotated[
        str | None,
        typer.Option("--of", help="Whose; the configured account's when not given.", show_default=False),
    ] = None,
) -> None:
    """Show what a federation wants staked, and what an account has staked there."""
    from minerva.staking import require_stakes

    found, chain = context.federation(federation), context.chain()
    stakes = require_stakes(chain, found)
    account = None
    if of or context.settings.key.account:
        account = address(of) if of else context.account_address()
    document = stakes_document(stakes) | {"federation": found}
    if account is not None:
        document |= stake_document(stakes, account, chain.stake_of(found, account))

    def render(out: Console) -> None:
        facts(out, terms_words(stakes), indent=20)
        if account is not None:
            facts(out, stake_words(document, stakes, chain.now()), indent=20)

    context.emit(document, render)


@command(app, "deposit", epilog="Example: minerva stake deposit 0xFederation --amount 0.1ether")
def deposit(
    context: Context,
    federation: _Federation = None,
    amount: Annotated[
        str | None, typer.Option(help=f"{_SUM}; else what is missing of the minimum.", show_default=False)
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(
            "--for", help="Whose stake it will be; the sender's when not given.", show_default=False
        ),
    ] = None,
) -> None:
    """Put up stake, for the configured account or another; of a token, exactly that is allowed first."""
    from minerva.cli.once import pay_once
    from minerva.staking import deposit as put_up
    from minerva.staking import finish_deposit, missing_stake, require_stakes

    found, chain = context.federation(federation), context.chain()
    stakes = require_stakes(chain, found)
    account = address(of) if of else context.account_address()
    given = None if amount is None else parse_amount(amount, stakes.terms.token)

    def lacking() -> int:
        return missing_stake(stakes, chain.stake_of(found, account))

    receipt: Receipt | None = None
    if given is not None or lacking():
        actor = context.actor()
        receipt = pay_once(
            given,
            lacking,
            lambda: finish_deposit(actor, stakes, account),
            lambda wanted: put_up(chain, actor, found, stakes, account, wanted),
        )
    _tell(context, found, stakes, account, receipt)


@command(app, "unbond", epilog="Example: minerva stake unbond 0xFederation --amount 0.1ether")
def unbond(
    context: Context,
    federation: _Federation = None,
    amount: Annotated[
        str | None, typer.Option(help=f"{_SUM}; else all that counts.", show_default=False)
    ] = None,
) -> None:
    """Begin to take stake out. It can be slashed until it is withdrawn; a miner keeps the minimum."""
    from minerva.cli.once import pay_once
    from minerva.staking import finish_unbonding, require_stakes
    from minerva.staking import unbond as begin

    found, chain = context.federation(federation), context.chain()
    stakes, account = require_stakes(chain, found), context.account_address()
    given = None if amount is None else parse_amount(amount, stakes.terms.token)
    actor = context.actor()

    def take_out(wanted: int) -> Receipt:
        return begin(chain, actor, found, stakes, wanted)

    receipt = pay_once(
        given,
        lambda: chain.stake_of(found, account).bonded,
        lambda: finish_unbonding(actor, stakes),
        take_out,
    )
    _tell(context, found, stakes, account, receipt or take_out(0))


@command(app, "withdraw", epilog="Example: minerva stake withdraw 0xFederation --to 0xCold")
def withdraw(
    context: Context,
    federation: _Federation = None,
    to: Annotated[
        str | None, typer.Option(help="Who gets it; the account itself when not given.", show_default=False)
    ] = None,
) -> None:
    """Send what is released of the account's stake, and its bounties, out."""
    from minerva.protocol.stake_events import StakeWithdrawn
    from minerva.staking import require_stakes
    from minerva.staking import withdraw as send_out

    found, chain = context.federation(federation), context.chain()
    stakes, account = require_stakes(chain, found), context.account_address()
    receiver = address(to) if to else account
    receipt = send_out(chain, context.actor(), found, stakes, receiver)
    amount = next(log.event.amount for log in receipt.logs if isinstance(log.event, StakeWithdrawn))
    document = stake_document(stakes, account, chain.stake_of(found, account))
    document |= {"federation": found, "to": receiver, "amount": str(amount), "gas": receipt.gas_used}
    words = f"{show_amount(amount, stakes.terms.token)} to {receiver}"
    context.emit(document, lambda out: out.print(words))


@command(app, "burn", epilog="Example: minerva stake burn 0xFederation")
def burn(context: Context, federation: _Federation = None) -> None:
    """Send what was slashed, bounties apart, where nobody has it. Anybody may."""
    from minerva.staking import burn as send_away
    from minerva.staking import require_stakes

    found, chain = context.federation(federation), context.chain()
    stakes = require_stakes(chain, found)
    receipt = send_away(context.actor(), found, stakes)
    document = {"federation": found, "amount": str(stakes.slashed), "gas": receipt.gas_used}
    words = f"{show_amount(stakes.slashed, stakes.terms.token)} burned"
    context.emit(document, lambda out: out.print(words))


def stakes_document(stakes: Stakes) -> dict[str, Any]:
    """Return a federation's stakes as JSON; sums are in the token's least unit, as digits."""
    terms = asdict(stakes.terms) | {"minimum": str(stakes.terms.minimum), "unit": str(stakes.terms.unit)}
    return {
        "vault": stakes.vault, "held": str(stakes.held), "toBurn": str(stakes.slashed),
        "unbondingSeconds": stakes.unbonding_seconds,
        "terms": {_camel(name): value for name, value in terms.items()},
    }  # fmt: skip


def stake_document(stakes: Stakes, account: str, stake: Stake) -> dict[str, Any]:
    """Return an account's stake as JSON."""
    return {
        "account": account, "bonded": str(stake.bonded), "unbonding": str(stake.unbonding),
        "releaseAt": stake.release_at, "bounty": str(stake.bounty), "absences": stake.absences,
        "sufficient": stake.bonded >= stakes.terms.minimum,
    }  # fmt: skip


def terms_words(stakes: Stakes) -> list[tuple[str, object]]:
    """Return what a federation wants staked, a name and a value a line."""
    terms, token = stakes.terms, stakes.terms.token
    shares = (
        f"{terms.rejected_bps / 100:g} % for a rejected block, {terms.equivocation_bps / 100:g} % for "
        f"contradicting oneself"
    )
    if terms.absences:
        shares += f", {terms.absence_bps / 100:g} % for {terms.absences} absences"
    return [
        ("minimum", show_amount(terms.minimum, token)),
        ("a unit of weight", show_amount(terms.unit, token)),
        ("slashed", shares),
        ("leaves after", f"{stakes.unbonding_seconds} s"),
        ("held in all", f"{show_amount(stakes.held, token)}, in {stakes.vault}"),
    ]


def stake_words(document: dict[str, Any], stakes: Stakes, now: int) -> list[tuple[str, object]]:
    """Return an account's stake, a name and a value a line."""
    token = stakes.terms.token
    shown: list[tuple[str, object]] = [("account", document["account"])]
    enough = "" if document["sufficient"] else " (below the minimum: 'minerva stake deposit' tops it up)"
    shown.append(("staked", show_amount(int(document["bonded"]), token) + enough))
    if int(document["unbonding"]):
        left = document["releaseAt"] - now
        when = f"in {left} s" if left > 0 else "now, by 'minerva stake withdraw'"
        shown.append(("on its way out", f"{show_amount(int(document['unbonding']), token)}, {when}"))
    if int(document["bounty"]):
        shown.append(("bounty", show_amount(int(document["bounty"]), token)))
    if stakes.terms.absences:
        shown.append(("absences", f"{document['absences']} of {stakes.terms.absences}"))
    return shown


def _tell(context: Context, federation: str, stakes: Stakes, account: str, receipt: Receipt | None) -> None:
    chain = context.chain()
    document = stake_document(stakes, account, chain.stake_of(federation, account))
    document |= {"federation": federation, "gas": receipt.gas_used if receipt else 0}
    now = chain.now()
    context.emit(document, lambda out: facts(out, stake_words(document, stakes, now), indent=20))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
