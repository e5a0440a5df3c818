"""The demo's money: an escrow at the beginning, and at the end everybody is paid what their receipts say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minerva.chain.port import Actor, Chain
from minerva.protocol import reward_actions as pay
from minerva.protocol.records import Address
from minerva.protocol.reward_events import RewardsClaimed, RewardsReturned
from minerva.protocol.rewards import Receipt
from minerva.rewards import fund
from minerva.store.port import Store
from minerva.verification.earnings import Earnings, require_escrow

PER_ROUND = "0.01ether"
PARTS = ("data", "proposer", "ballots", "attestation")


def put_up(chain: Chain, actor: Actor, federation: Address) -> int:
    """Pay the whole escrow in; return the sum."""
    escrow = require_escrow(chain, federation)
    fund(chain, actor, federation, escrow, escrow.required)
    return escrow.required


def pay_out(
    chain: Chain, store: Store, federation: Address, actor: Actor, names: Mapping[Address, str]
) -> dict[str, Any]:
    """Claim for everybody who earned something, and return the rest to the requester.

    Returns
    -------
    dict
        Sums in wei, as digits: what the escrow had, who was paid how much for what, what returned, and what is
        left; ``withinEscrow`` says that all of it agrees with the receipts and with what the chain holds now.
    """
    earnings = Earnings(chain, store, federation)
    vault, rounds = earnings.escrow.vault, [header.round for header in earnings.history.blocks]
    due = [standing for standing in earnings.everybody() if standing.claimable]
    claims: list[Any] = []
    for standing in due:
        if standing.by_table:
            entitled = earnings.entitlement(standing.account)
            entry = (entitled.header, standing.account, entitled.cumulative, entitled.proof)
            claims.append(pay.Claim(federation, vault, *entry))
        else:
            claims.append(pay.ClaimAttestations(federation, vault, standing.account))
    mined = [result for result in actor.send_many(claims) if not isinstance(result, Exception)]
    events = [log.event for receipt in mined for log in receipt.logs]
    paid = {e.account: e.by_table + e.by_attestations for e in events if isinstance(e, RewardsClaimed)}
    returned = 0
    if earnings.escrow.closes_at:
        logs = actor.send(pay.Reclaim(federation, vault, chain.now())).logs
        returned = sum(log.event.amount for log in logs if isinstance(log.event, RewardsReturned))
    payouts = []
    for standing in due:
        receipts = [earnings.receipt(standing.account, round) for round in rounds]
        payouts.append(_payout(standing.account, names, receipts, paid.get(standing.account, 0)))
    held, funded, claimed = require_escrow(chain, federation).held, earnings.escrow.funded, sum(paid.values())
    explained = all(payout["earned"] == payout["paid"] for payout in payouts)
    return {
        "vault": vault, "funded": str(funded), "granted": str(earnings.escrow.granted), "claimed": str(claimed),
        "returned": str(returned), "held": str(held), "payouts": payouts,
        "withinEscrow": explained and claimed <= funded and held == funded - claimed - returned,
    }  # fmt: skip


def _payout(
    account: Address, names: Mapping[Address, str], receipts: list[Receipt], paid: int
) -> dict[str, Any]:
    parts = {part: sum(_amount(receipt, part) for receipt in receipts) for part in PARTS}
    return {
        "account": account, "name": names.get(account, account), "earned": str(sum(parts.values())),
        "paid": str(paid), **{part: str(amount) for part, amount in parts.items()},
    }  # fmt: skip


def _amount(receipt: Receipt, part: str) -> int:
    share = getattr(receipt, part)
    return int(share.amount) if share else 0
