"""What the miner has at stake: put up before it joins, followed by the logs, and told in words."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from minerva.admission import policy_stake
from minerva.amounts import parse_amount, show_amount
from minerva.chain.port import Actor, Chain
from minerva.errors import ConfigError, UserError
from minerva.former import FormerPayment
from minerva.protocol.allow_list import Role
from minerva.protocol.events import Event
from minerva.protocol.records import Address
from minerva.protocol.stake import Offence, Stakes
from minerva.protocol.stake_events import StakeAbsence, StakeDeposited, StakeSlashed, StakeUnbonding
from minerva.staking import deposit, finish_deposit

log = logging.getLogger(__name__)

UNTOUCHED = ("0", "none")
"""The settings that leave the stake alone."""
_WORDS = {
    Offence.REJECTED_CANDIDATE: "a majority rejected its block",
    Offence.EQUIVOCATION: "it contradicted itself",
    Offence.ABSENCE: "it was absent too often",
}


def put_up(chain: Chain, actor: Actor, federation: Address, wanted: int | str = "") -> None:
    """Stake what the account lacks of the sum that it wants to hold, once what is under way is done.

    Parameters
    ----------
    wanted
        That sum; empty for what a miner needs here, the vault's minimum or what the policy wants; one of `UNTOUCHED`
        to do nothing.

    Raises
    ------
    ConfigError
        It is no sum, or the account could not join with it.
    InsufficientFunds
        The account has too little.
    TransactionLost
        What is under way is still not mined.
    """
    stakes, text = chain.stakes(federation), str(wanted).strip().lower()
    if text in UNTOUCHED or stakes is None:
        return
    token = stakes.terms.token
    needs = max(stakes.terms.minimum, policy_stake(chain, federation, Role.MINER))
    try:
        holds = parse_amount(wanted, token) if text else needs
    except UserError as error:
        raise ConfigError(f"miner.stake: {error.what}", value=error.value, remedy=error.remedy) from None
    try:
        finish_deposit(actor, stakes, actor.address)
    except FormerPayment as former:
        log.info("%s", former)
    bonded = chain.stake_of(federation, actor.address).bonded
    if max(holds, bonded) < needs:
        raise ConfigError(
            "miner.stake is less than a miner needs here",
            value=f"{show_amount(holds, token)} of {show_amount(needs, token)}",
            remedy="Leave it empty to put up what is needed.",
        )
    missing = holds - bonded
    if missing <= 0:
        return
    log.info("staking %s in %s before it joins", show_amount(missing, token), stakes.vault)
    deposit(chain, actor, federation, stakes, actor.address, missing)


@dataclass(frozen=True, slots=True)
class StakeStatus:
    """What the miner has staked; sums are digits of the token's least unit."""

    token: str
    minimum: str
    bonded: str
    absences: int
    sufficient: bool


class Bonds:
    """Everybody's stake, by the vault's logs.

    Parameters
    ----------
    stakes
        The federation's; None where nothing is staked.
    """

    def __init__(self, stakes: Stakes | None) -> None:
        self._stakes = stakes
        self._bonded: dict[Address, int] = {}
        self._absences: dict[Address, int] = {}

    def take(self, event: Event) -> None:
        """Take an event in."""
        match event:
            case StakeDeposited():
                self._bonded[event.account] = event.bonded
            case StakeUnbonding():
                self._bonded[event.account] = self._bonded.get(event.account, 0) - event.amount
            case StakeSlashed():
                self._bonded[event.account] = event.bonded
                if event.offence is Offence.ABSENCE:
                    self._absences[event.account] = 0
            case StakeAbsence():
                self._absences[event.account] = event.absences
            case _:
                pass

    def is_sufficient(self, account: Address) -> bool:
        """Whether the account has the minimum (S4)."""
        return self._stakes is None or self._bonded.get(account, 0) >= self._stakes.terms.minimum

    def status(self, account: Address) -> StakeStatus | None:
        """Tell what the account has; None where nothing is staked."""
        if self._stakes is None:
            return None
        terms, bonded = self._stakes.terms, self._bonded.get(account, 0)
        absences, enough = self._absences.get(account, 0), self.is_sufficient(account)
        return StakeStatus(terms.token, str(terms.minimum), str(bonded), absences, enough)

    def lack(self, account: Address) -> str:
        """Say what is missing of the minimum, and what to do about it; empty when nothing is."""
        if self._stakes is None or self.is_sufficient(account):
            return ""
        terms, bonded = self._stakes.terms, self._bonded.get(account, 0)
        has, least = show_amount(bonded, terms.token), show_amount(terms.minimum, terms.token)
        return (
            f"its stake of {has} is below the minimum of {least}, so it is out of the next rounds: "
            "'minerva stake deposit' tops it up"
        )

    def told(self, event: StakeSlashed) -> str:
        """Say in words that, and why, an account was slashed."""
        token = self._stakes.terms.token if self._stakes else ""
        why, left = _WORDS[event.offence], show_amount(event.bonded, token)
        return f"slashed by {show_amount(event.amount, token)}, because {why}: {left} are left"
