"""A real anvil that is slow to mine: what is staked is staked once."""

from __future__ import annotations

import threading

import pytest
from chain_site import Site, config, own  # noqa: F401 - a fixture

from minerva.errors import TransactionLost
from minerva.former import FormerPayment
from minerva.miner.service import register
from minerva.protocol import actions as act
from minerva.protocol.events import FederationCreated
from minerva.protocol.stake import StakeTerms
from minerva.protocol.stake_actions import Deposit
from minerva.staking import deposit, require_stakes

TERMS = StakeTerms(
    minimum=1000, unit=10, evidence_seconds=50, rejected_bps=1000, equivocation_bps=5000, absence_bps=400,
    absences=2, reporter_bps=2500,
)  # fmt: skip


def mine(site: Site) -> None:
    """Make a block of what waits, and one of each transaction from now on."""
    site.node.rpc("evm_setAutomine", True)
    site.node.rpc("evm_mine")


@pytest.mark.parametrize("queue", ["kept", "lost"])
@pytest.mark.parametrize("as_miner", [False, True], ids=["by command", "by the miner"])
def test_stake_that_was_under_way_when_its_process_ended_is_put_up_once(
    own: Site,  # noqa: F811
    queue: str,
    as_miner: bool,
) -> None:
    chain = own.chain()
    receipt = own.actor(chain, 0).send(
        act.CreateFederation(chain.factory, config(chain.proof_of_work), "twice", stake=TERMS)
    )
    federation = next(
        log.event.federation for log in receipt.logs if isinstance(log.event, FederationCreated)
    )
    stakes = require_stakes(chain, federation)
    own.node.rpc("evm_setAutomine", False)
    with own.actor(chain, 1) as killed:
        wish = Deposit(federation, stakes.vault, killed.address, 1000, 1000, killed.mined)
        with pytest.raises(TransactionLost):
            killed.send(wish, timeout=0.5)
    if queue == "lost":
        own.node.rpc("anvil_dropAllTransactions")
    miner = threading.Timer(0.5, mine, (own,))
    miner.start()
    actor = own.actor(chain, 1)
    if as_miner:
        assert register(chain, actor, federation, "http://one").index == 0
    else:
        with pytest.raises(
            FormerPayment, match="a former deposit of 0.000000000000001 ether was still under"
        ):
            deposit(chain, actor, federation, stakes, actor.address, 1000)
    miner.join()
    actor.settle(0)
    assert chain.stake_of(federation, actor.address).bonded == 1000
    if not as_miner:
        deposit(chain, actor, federation, stakes, actor.address, 1000)
        assert chain.stake_of(federation, actor.address).bonded == 2000
