"""A stake vault under a mock federation, in ether or a token, and what its miners say and sign."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import Any

from eth_account import Account as Key
from eth_utils import keccak

from brownie import Contract, MockFederation, StakeVault, accounts, web3
from minerva.protocol.machine.stake_terms import check_terms
from minerva.protocol.records import ZERO_ADDRESS
from minerva.protocol.stake import StakeTerms
from minerva.protocol.statements import Statement, StatementKind, sign_statement

Account = Any
CHAIN_ID = 31337
LONGEST_ROUND = 500
ROUND = 7
MOST = 2**128 - 1
NOBODY = "0x000000000000000000000000000000000000dEaD"
TERMS = StakeTerms(
    token=ZERO_ADDRESS, minimum=1000, unit=100, evidence_seconds=3600, rejected_bps=1000, equivocation_bps=5000,
    absence_bps=400, absences=3, reporter_bps=2500,
)  # fmt: skip
"""Small sums; tests change what they are about."""
UNBONDING = TERMS.evidence_seconds + LONGEST_ROUND

MINER = Key.from_key(keccak(text="a miner"))
"""Has a key at hand, because it signs statements."""
ONE, OTHER = keccak(text="a candidate"), keccak(text="another candidate")


def account_of(address: Any) -> Account:
    """Whoever has this address, as a sender."""
    return accounts.at(str(getattr(address, "address", address)), force=True)


def clone(implementation: Any) -> Any:
    """An EIP-1167 clone, not set up."""
    code = f"0x3d602d80600a3d3981f3363d3d373d3d3d363d73{implementation.address[2:]}5af43d82803e903d91602b57fd5bf3"
    request = {"from": accounts[0].address, "data": code, "gasPrice": "0x0"}
    sent = web3.provider.make_request("eth_sendTransaction", [request])["result"]
    address = web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.002)["contractAddress"]
    return Contract.from_abi("StakeVault", address, StakeVault.abi, persist=False)


@dataclass
class Stakes:
    """A vault, its federation, and the money that is staked."""

    vault: Any
    federation: Any
    terms: StakeTerms
    token: Any = None

    @classmethod
    def create(cls, implementation: Any, token: Any = None, **changes: Any) -> Stakes:
        """A federation of its own in round 7, with its vault."""
        federation = MockFederation.deploy({"from": accounts[0]})
        federation.setCurrentRound(ROUND, {"from": accounts[0]})
        terms = replace(TERMS, token=token.address if token else ZERO_ADDRESS, **changes)
        check_terms(terms, token_has_code=True)
        vault = clone(implementation)
        vault.initialize(federation, astuple(terms), LONGEST_ROUND, {"from": accounts[0]})
        return cls(vault, federation, terms, token)

    # Money

    def give(self, account: Any, amount: int) -> None:
        """Let an account have money, and the vault take it."""
        if self.token:
            self.token.mint(account, amount, {"from": accounts[0]})
            self.token.approve(self.vault, 2**256 - 1, {"from": account_of(account)})

    def deposit(self, account: Any, amount: int, sender: Account = None) -> Any:
        """Somebody who has the money stakes it for ``account``."""
        sender = sender or accounts[0]
        self.give(sender, amount)
        value = 0 if self.token else amount
        return self.vault.deposit(account, amount, {"from": sender, "value": value})

    def wealth(self, account: Any) -> int:
        """What the account has of this money, outside of the vault."""
        address = str(getattr(account, "address", account))
        return int(self.token.balanceOf(address) if self.token else web3.eth.get_balance(address))

    def books(self, account: Any) -> tuple[int, int, int]:
        """What the vault keeps for the account: bonded, unbonding, bounty."""
        account = getattr(account, "address", account)
        unbonding, _ = self.vault.unbondingOf(account)
        return (self.vault.stakeOf(account), unbonding, self.vault.bountyOf(account))

    # What the federation calls

    @property
    def by_federation(self) -> dict[str, Account]:
        """As its federation."""
        return {"from": account_of(self.federation)}

    def join(self, account: Any, index: int = 0, amount: int = 2000) -> None:
        """Stake, and take a place."""
        self.deposit(account, amount)
        self.vault.enter(account, index, self.by_federation)

    def miss(self, account: Any, times: int = 1, round: int = ROUND) -> Any:
        """The miner is absent; the last absence's transaction."""
        return [self.vault.miss(account, round, self.by_federation) for _ in range(times)][-1]

    def lane(self, index: int) -> int:
        """The weight of the miner at ``index`` (S2)."""
        return int(self.vault.lanes()[index // 16]) >> 16 * (index % 16) & 0xFFFF

    # Evidence

    def say(self, kind: int, candidate: bytes = ONE, **changes: Any) -> Statement:
        """What a miner of round 7 says of a candidate."""
        branch = (keccak(text="parent"), keccak(text="updates"), keccak(text="ballots"))
        said = Statement(self.federation.address, ROUND, *branch, candidate, StatementKind(kind))
        return replace(said, **changes)

    def sign(self, said: Statement, key: Any = MINER, **elsewhere: Any) -> bytes:
        """For this vault on this chain, or elsewhere."""
        where = {"chain_id": CHAIN_ID, "vault": self.vault.address} | elsewhere
        return sign_statement(said, key, **where)

    def evidence(
        self, first: Statement, second: Statement, key: Any = MINER, **elsewhere: Any
    ) -> tuple[Any, ...]:
        """Both, each with its signature, as `report` takes them."""
        pairs = [(astuple(said), self.sign(said, key, **elsewhere)) for said in (first, second)]
        return (*pairs[0], *pairs[1])

    def two_proposals(self, key: Any = MINER, **changes: Any) -> tuple[Any, ...]:
        """Evidence that the miner proposed two candidates."""
        return self.evidence(self.say(0, **changes), self.say(0, OTHER, **changes), key)

    def report(self, reporter: Account, account: Any = MINER.address, **changes: Any) -> Any:
        """Somebody reports two proposals."""
        return self.vault.report(account, *self.two_proposals(**changes), {"from": reporter})
