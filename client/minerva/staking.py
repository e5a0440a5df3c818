"""Staking: the terms that a federation is created with, and money put up, taken out and sent away."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from minerva.amounts import parse_amount, show_amount
from minerva.chain.port import Actor, Chain, Receipt
from minerva.errors import ConfigError, ContractReverted, UserError
from minerva.former import finish_former
from minerva.paying import allow_exactly, require_money, token_address
from minerva.protocol.machine.stake_terms import check_terms
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.stake import Stake, Stakes, StakeTerms
from minerva.protocol.stake_actions import Burn, Deposit, Unbond, Withdraw
from minerva.protocol.stake_events import StakeDeposited, StakeUnbonding
from minerva.protocol.state import NO_STAKE

if TYPE_CHECKING:
    from minerva.config import CreateSection

UNIT = 10**15
"""What a unit of weight costs where there is no minimum to take a part of, in the token's least unit."""
UNITS_OF_MINIMUM = 100
_MOST = (1 << 128) - 1
"""What the contract keeps an amount of the terms in."""
_REMEDIES = {
    "unit": "It is at least 1, and the minimum at most 65,535 units.",
    "evidence_seconds": "It is 1 second to 90 days.",
    "rejected_bps": "It is 0 to 5,000, in 1/10,000.",
    "equivocation_bps": "It is 0 to 10,000, in 1/10,000.",
    "absence_bps": "It is 0 to 1,000, in 1/10,000.",
    "absences": "It is 0 (never) to 100.",
    "reporter_bps": "It is 0 to 5,000, in 1/10,000.",
}


def stake_terms(options: CreateSection) -> StakeTerms:
    """Return what the section asks for; raises `ConfigError` for what the contract would refuse (S1)."""
    token = token_address("create.stake_token", options.stake_token)
    minimum = _amount("minimum", options.stake_minimum, token)
    if not (options.stake or minimum or options.consensus == "pos"):
        return NO_STAKE
    unit = max(1, minimum // UNITS_OF_MINIMUM) if minimum else UNIT
    if options.stake_unit != "":
        unit = _amount("unit", options.stake_unit, token)
    terms = StakeTerms(
        token, minimum, unit, options.stake_evidence_seconds, options.stake_rejected_bps,
        options.stake_equivocation_bps, options.stake_absence_bps, options.stake_absences,
        options.stake_reporter_bps,
    )  # fmt: skip
    try:
        check_terms(terms, token_has_code=True)
    except ContractReverted as error:
        name = fields(terms)[int(str(error.arguments[0]))].name
        raise ConfigError(
            f"create.stake_{name} is out of bounds", value=error.arguments[1], remedy=_REMEDIES[name]
        ) from None
    return terms


def require_stakes(chain: Chain, federation: Address) -> Stakes:
    """Return the federation's stakes; raises `UserError` where nothing is staked."""
    found = chain.stakes(federation)
    if found is None:
        raise UserError(
            "nothing is staked in this federation",
            value=federation,
            remedy="Its miners need no stake; it was created without.",
        )
    return found


def missing_stake(stakes: Stakes, stake: Stake, wanted: int | None = None) -> int:
    """Return what an account lacks of the sum that it wants to hold, by default the minimum."""
    return max(0, (stakes.terms.minimum if wanted is None else wanted) - stake.bonded)


def finish_deposit(actor: Actor, stakes: Stakes, account: Address) -> None:
    """See through what is under way; raises `FormerPayment` when a deposit for ``account`` was."""
    finish_former(actor, stakes.vault, StakeDeposited, stakes.terms.token, account)


def finish_unbonding(actor: Actor, stakes: Stakes) -> None:
    """See through what is under way; raises `FormerPayment` when an unbonding was."""
    finish_former(actor, stakes.vault, StakeUnbonding, stakes.terms.token)


def deposit(
    chain: Chain, actor: Actor, federation: Address, stakes: Stakes, account: Address, amount: int
) -> Receipt:
    """Stake ``amount`` for ``account``; of a token, exactly that is allowed to be taken first.

    Raises
    ------
    UserError
        The sum is nothing.
    FormerPayment
        An earlier deposit was still under way; it is done now, and this one was not sent.
    InsufficientFunds
        The sender has less.
    ContractReverted
        The vault or the token refuses, e.g. a token that takes a fee.
    """
    token = stakes.terms.token
    if amount <= 0:
        raise UserError(
            "nothing would be staked",
            value=show_amount(amount, token),
            remedy="Name a sum, e.g. --amount '0.1 ether'.",
        )
    finish_deposit(actor, stakes, account)
    what, remedy = "the account has not enough to stake", "Send it some, or stake less."
    require_money(chain, actor.address, token, amount, what, remedy)
    allow_exactly(chain, actor, federation, token, stakes.vault, amount)
    value = amount if token == ZERO_ADDRESS else 0
    return actor.send(Deposit(federation, stakes.vault, account, amount, value, actor.mined))


def unbond(chain: Chain, actor: Actor, federation: Address, stakes: Stakes, amount: int) -> Receipt:
    """Begin to take ``amount`` out; raises `UserError` when that much does not count, and as `deposit`."""
    finish_unbonding(actor, stakes)
    bonded = chain.stake_of(federation, actor.address).bonded
    if not 0 < amount <= bonded:
        token = stakes.terms.token
        raise UserError(
            "the account has not that much staked" if bonded else "the account has nothing staked",
            value=f"{show_amount(amount, token)} of {show_amount(bonded, token)}",
            remedy="'minerva stake show' tells what it has.",
        )
    return actor.send(Unbond(federation, stakes.vault, amount, actor.mined))


def withdraw(chain: Chain, actor: Actor, federation: Address, stakes: Stakes, to: Address) -> Receipt:
    """Send what is released, and bounties, to an account; raises `UserError` when that is nothing yet."""
    stake, now = chain.stake_of(federation, actor.address), chain.now()
    released = stake.unbonding if now >= stake.release_at else 0
    if not released + stake.bounty:
        waits = stake.unbonding > 0
        raise UserError(
            "the stake is not released yet" if waits else "nothing is on its way out",
            value=f"in {stake.release_at - now} s" if waits else actor.address,
            remedy="Wait until then." if waits else "'minerva stake unbond' begins to take stake out.",
        )
    return actor.send(Withdraw(federation, stakes.vault, to, now))


def burn(actor: Actor, federation: Address, stakes: Stakes) -> Receipt:
    """Burn what was slashed (S8); raises `UserError` when nothing was."""
    if not stakes.slashed:
        raise UserError(
            "nothing is to be burned", value=federation, remedy="Nobody was slashed since the last time."
        )
    return actor.send(Burn(federation, stakes.vault, actor.mined))


def _amount(name: str, given: int | str, token: Address) -> int:
    try:
        amount = parse_amount(given, token)
    except UserError as error:
        raise ConfigError(
            f"create.stake_{name}: {error.what}", value=error.value, remedy=error.remedy
        ) from None
    if amount > _MOST:
        raise ConfigError(
            f"create.stake_{name} is out of bounds", value=amount, remedy="It is less than 2^128."
        )
    return amount
