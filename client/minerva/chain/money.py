"""The gateways of what holds money: escrows, and the tokens that they hold."""

from __future__ import annotations

from typing import Any

from minerva.chain.abi import Function, Record
from minerva.chain.calls import Call, Query
from minerva.chain.erc20 import ERC20
from minerva.chain.gateway import Gateway
from minerva.protocol import reward_actions as pay
from minerva.protocol import stake_actions as bond
from minerva.protocol.header import Header
from minerva.protocol.records import Address
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import RewardTerms
from minerva.protocol.statements import Statement


class RewardVault(Gateway):
    """The escrow of one federation."""

    NAMES = (
        "terms required funded granted attestationReward accountOf closesAt "
        "fund claim claimTo claimAttestations reclaim"
    )

    def terms(self) -> Query[RewardTerms]:
        """Ask what the requester pays."""
        record = Record(RewardTerms, self._functions["terms"].outputs[0]["components"])
        return self._query("terms", make=lambda values: record.read(values[0]))

    def required(self) -> Query[int]:
        """Ask what all rounds together may cost."""
        return self._query("required")

    def funded(self) -> Query[int]:
        """Ask what was paid in."""
        return self._query("funded")

    def granted(self) -> Query[int]:
        """Ask what the tables of all blocks grant."""
        return self._query("granted")

    def attestation_reward(self) -> Query[int]:
        """Ask what a miner earns by having attested a block."""
        return self._query("attestationReward")

    def closes_at(self) -> Query[int]:
        """Ask when claims end; 0 while the federation is not closed."""
        return self._query("closesAt")

    def account_of(self, account: Address) -> Query[tuple[int, int]]:
        """Ask what an account claimed of its grants, and what it may claim for attestations."""
        return self._query("accountOf", account, make=lambda values: (values[0], values[1]))

    def call(self, action: pay.OfVault) -> Call:
        """Return the call that an action on this escrow makes."""
        match action:
            case pay.Fund():
                return self._call("fund", action.amount, value=action.value)
            case pay.Claim():
                return self._call("claim", *self._entry(action))
            case pay.ClaimTo():
                return self._call("claimTo", *self._entry(action), action.to, action.signature)
            case pay.ClaimAttestations():
                return self._call("claimAttestations", action.account)
            case pay.Reclaim():
                return self._call("reclaim")

    def _entry(self, action: pay.Claim | pay.ClaimTo) -> tuple[Any, ...]:
        header = Record(Header, self._functions["claim"].inputs[0]["components"])
        return header.write(action.header), action.account, action.cumulative, list(action.proof)


class StakeVault(Gateway):
    """The stakes of one federation."""

    NAMES = "terms unbondingSeconds slashed stakeOf unbondingOf bountyOf absencesOf deposit unbond withdraw burn report"

    def terms(self) -> Query[StakeTerms]:
        """Ask what members stake, and what for."""
        record = Record(StakeTerms, self._functions["terms"].outputs[0]["components"])
        return self._query("terms", make=lambda values: record.read(values[0]))

    def unbonding_seconds(self) -> Query[int]:
        """Ask how long stake takes to leave."""
        return self._query("unbondingSeconds")

    def slashed(self) -> Query[int]:
        """Ask what waits to be burned."""
        return self._query("slashed")

    def stake_of(self, account: Address) -> Query[int]:
        """Ask what counts of an account's stake."""
        return self._query("stakeOf", account)

    def unbonding_of(self, account: Address) -> Query[tuple[int, int]]:
        """Ask what is on its way out, and when it may leave."""
        return self._query("unbondingOf", account, make=lambda values: (values[0], values[1]))

    def bounty_of(self, account: Address) -> Query[int]:
        """Ask what an account is owed as a reporter."""
        return self._query("bountyOf", account)

    def absences_of(self, account: Address) -> Query[int]:
        """Ask for an account's absences since the last one punished."""
        return self._query("absencesOf", account)

    def call(self, action: bond.StakeAction) -> Call:
        """Return the call that an action on these stakes makes."""
        match action:
            case bond.Deposit():
                return self._call("deposit", action.account, action.amount, value=action.value)
            case bond.Unbond():
                return self._call("unbond", action.amount)
            case bond.Withdraw():
                return self._call("withdraw", action.to)
            case bond.Burn():
                return self._call("burn")
            case bond.Report():
                one, other = action.evidence.first, action.evidence.second
                statement = Record(Statement, self._functions["report"].inputs[1]["components"])
                said = (statement.write(one.statement), one.signature)
                contradicted = (statement.write(other.statement), other.signature)
                return self._call("report", action.evidence.account, *said, *contradicted)


class Token(Gateway):
    """An ERC-20."""

    def __init__(self, address: Address) -> None:
        functions = {entry["name"]: Function(entry) for entry in ERC20 if entry["type"] == "function"}
        super().__init__(address, functions)

    def balance_of(self, account: Address) -> Query[int]:
        """Ask what an account has."""
        return self._query("balanceOf", account)

    def allowance(self, owner: Address, spender: Address) -> Query[int]:
        """Ask how much of it another may take."""
        return self._query("allowance", owner, spender)

    def call(self, action: pay.Approve) -> Call:
        """Return the call that an action on this token makes."""
        return self._call("approve", action.spender, action.amount)
