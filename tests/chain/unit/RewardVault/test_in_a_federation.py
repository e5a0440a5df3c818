"""A vault behind a real federation: it waits for the money, blocks grant, attesters are credited, the end pays back."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from eth_abi import encode
from support.errors import reverts
from support.rewards import BUDGET, REQUIRED, REWARD, TERMS, header_of

from brownie import Contract, web3
from minerva.protocol.records import ZERO_ADDRESS
from minerva.protocol.rewards import CumulativeTable

CID = (b"\x0c" * 32, 0x55)
STAKES = (ZERO_ADDRESS, 0, 0, 0, 0, 0, 0, 0, 0)
MOST = {"onProposed": 70_000, "onAttested": 40_000, "onFinalized": 60_000, "claim": 100_000}
"""Gas at the first time, where slots are empty; afterwards it is less."""


@dataclass
class Site:
    """One federation of three miners and two devices, and its vault."""

    federation: Any
    vault: Any
    owners: Any
    miners: Any
    devices: Any
    requester: Any
    table: CumulativeTable = CumulativeTable()

    @property
    def state(self):
        return SimpleNamespace(**self.federation.state().dict())

    def train_and_vote(self):
        """Updates and ballots of the round."""
        for number, device in enumerate(self.devices):
            claim = (self.state.round, bytes([number]) * 32, 0x55, 10, 1, 100, 0, 0)
            self.miners[number].submitUpdate(claim, {"from": device})
        self.federation.tick({"from": self.requester})
        for owner in self.owners:
            self.federation.vote(self.state.round, self.state.updatesRoot, b"\xff\xff", {"from": owner})

    def header(self, grants, total=None):
        """Miner 0's candidate, which adds ``grants`` to the table."""
        s = self.state
        self.table = self.table.add({str(account): amount for account, amount in grants.items()})
        made = header_of(s.round, self.table.root, sum(grants.values()) if total is None else total)
        head = (s.height + 1, s.head, s.round, s.updatesRoot, s.ballotsRoot)
        return (*head, *made[5:10], [], self.miners[0].address, bytes(32))

    def entry(self, account):
        return (str(account), self.table.earned[str(account)], self.table.proof(str(account)))


@pytest.fixture
def site(
    accounts, requester, owners, devices, Federation, FederationExtension, FederationFactory, Miner, ProofOfWork,
    RewardVault, world,
):  # fmt: skip
    mine = {"from": requester}
    module, extension = ProofOfWork.deploy(mine), FederationExtension.deploy(mine)
    implementations = (Federation.deploy(extension, mine), Miner.deploy(mine))
    factory = FederationFactory.deploy(*implementations, ZERO_ADDRESS, world.implementation, mine)
    config = (
        CID, CID, module, encode(["uint64", "uint32"], [1, 10]), 5, 2, 4, 2, 10, 2, 6, 2, 100, 60, 20, 50, 40,
        1, 2, 1000, 10**6, 0, ZERO_ADDRESS, b"",
    )  # fmt: skip
    created = factory.createFederation(config, STAKES, astuple(TERMS), mine)
    address = created.events["FederationCreated"]["federation"]
    abi = Federation.abi + [e for e in FederationExtension.abi if e["type"] == "function"]
    federation = Contract.from_abi("Federation", address, abi, persist=False)
    vault = Contract.from_abi("RewardVault", federation.rewardVault(), RewardVault.abi, persist=False)
    miners = []
    for owner in owners[:3]:
        made = factory.createMiner(federation, "http://miner", b"", {"from": owner})
        miner = made.events["MinerCreated"]["miner"]
        miners.append(Contract.from_abi("Miner", miner, Miner.abi, persist=False))
    for miner, device in zip(miners, devices[:2], strict=False):
        miner.registerDevice(b"\x0d" * 32, 100, 5_000, b"", {"from": device})
    return Site(federation, vault, owners[:3], miners, devices[:2], requester)


@pytest.fixture
def mining(site):
    """Round 1 is to be mined."""
    site.vault.fund(REQUIRED, {"from": site.requester, "value": REQUIRED})
    site.federation.tick({"from": site.requester})
    site.train_and_vote()
    return site


def gas_in(transaction, vault):
    """What each call of the vault used, by its name."""
    answer = web3.provider.make_request(
        "debug_traceTransaction", [transaction.txid, {"tracer": "callTracer"}]
    )
    names = {s: n for n, s in vault.signatures.items()}
    calls, found = [answer["result"]], {}
    while calls:
        call = calls.pop()
        if call["to"].lower() == vault.address.lower():
            found[names[call["input"][:10]]] = int(call["gasUsed"], 16)
        calls += call.get("calls", [])
    return found


def test_the_first_round_waits_for_the_money(site):
    """Y2."""
    site.vault.fund(REQUIRED - 1, {"from": site.requester, "value": REQUIRED - 1})
    assert not site.federation.due()
    site.vault.fund(1, {"from": site.requester, "value": 1})
    site.federation.tick({"from": site.requester})
    assert site.federation.currentRound() == 1


def test_a_block_grants_and_credits(mining):
    """Y3, Y6 and Y7; and what it costs."""
    header = mining.header({mining.devices[0]: 2_500, mining.devices[1]: 2_500})
    proposed = mining.federation.propose(header, {"from": mining.owners[0]})
    with reverts("RewardVaultUnknownBlock", 1, bytes(mining.state.candidate)):
        mining.vault.claim(header, *mining.entry(mining.devices[0]), {"from": mining.requester})
    finished = mining.federation.attest(1, mining.state.candidate, True, {"from": mining.owners[1]})
    before = mining.devices[0].balance()
    claimed = mining.vault.claim(header, *mining.entry(mining.devices[0]), {"from": mining.requester})
    assert mining.devices[0].balance() - before == 2_500
    assert mining.vault.granted() == 5_000
    assert [mining.vault.accountOf(owner)[1] for owner in mining.owners] == [REWARD, REWARD, 0]
    used = gas_in(proposed, mining.vault) | gas_in(finished, mining.vault) | {"claim": claimed.gas_used}
    print("gas:", used)
    assert set(used) == set(MOST)
    assert all(gas <= MOST[name] for name, gas in used.items()), used


def test_a_rejection_pays_nothing(mining):
    """Y6: who was against the block that came about all the same."""
    mining.federation.propose(mining.header({}), {"from": mining.owners[0]})
    candidate = mining.state.candidate
    mining.federation.attest(1, candidate, False, {"from": mining.owners[2]})
    mining.federation.attest(1, candidate, True, {"from": mining.owners[1]})
    assert [mining.vault.accountOf(owner)[1] for owner in mining.owners] == [REWARD, REWARD, 0]


def test_a_table_over_budget_is_no_candidate(mining):
    """Y3."""
    with reverts("RewardVaultOverBudget", BUDGET, BUDGET + 1):
        mining.federation.propose(mining.header({}, total=BUDGET + 1), {"from": mining.owners[0]})


def test_the_end_starts_the_claim_period(site):
    """Y8: closed before anything happened, all returns."""
    site.vault.fund(5, {"from": site.requester, "value": 5})
    site.federation.close({"from": site.requester})
    before = site.requester.balance()
    site.vault.reclaim({"from": site.owners[0]})
    assert site.requester.balance() - before == 5
