"""Money that was under way when a command ended: it is seen through before more is sent."""

from __future__ import annotations

from minerva.amounts import show_amount
from minerva.chain.port import Actor, Receipt
from minerva.errors import MinervaError
from minerva.protocol.records import Address
from minerva.protocol.reward_events import RewardsFunded
from minerva.protocol.stake_events import StakeDeposited, StakeUnbonding

Moved = StakeDeposited | StakeUnbonding | RewardsFunded
"""Says that an amount came in, or began to go out."""
_WORDS = {
    StakeDeposited: ("deposit", "stake"),
    StakeUnbonding: ("unbonding", "unbond"),
    RewardsFunded: ("payment", "pay"),
}


class FormerPayment(MinervaError):
    """What an earlier command sent was under way and is done now; nothing was sent on top of it.

    Attributes
    ----------
    amount
        How much that was.
    receipt
        Of the last such transaction.
    """

    def __init__(self, kind: type[Moved], amount: int, token: Address, receipt: Receipt) -> None:
        self.amount, self.receipt = amount, receipt
        noun, verb = _WORDS[kind]
        super().__init__(
            f"a former {noun} of {show_amount(amount, token)} was still under way and is done now",
            remedy=f"Run again to {verb} more.",
        )


def finish_former(
    actor: Actor, vault: Address, kind: type[Moved], token: Address, account: Address | None = None
) -> None:
    """See through what the actor sent before and does not know to be mined.

    Parameters
    ----------
    account
        Whose stake it is about; anybody's when not given.

    Raises
    ------
    FormerPayment
        There was such a payment among it.
    TransactionLost
        It is still not mined.
    """
    found = [
        (receipt, log.event.amount)
        for receipt in actor.recover()
        for log in receipt.logs
        if log.emitter == vault
        and isinstance(log.event, kind)
        and account in (None, getattr(log.event, "account", None))
    ]
    if found:
        raise FormerPayment(kind, sum(amount for _, amount in found), token, found[-1][0])
