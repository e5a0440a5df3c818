"""What every transaction costs: one federation for each module, bare and with money, with 256 updates a round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_abi import encode

from support.crowd import Crowd
from support.scene import Account, Deployed

MINERS, UPDATES = 4, 256
FEW, CLAIMED = 2, 20
"""Miners and devices of the federation whose blocks are claimed, and how many blocks."""
EASY = encode(["uint64", "uint32"], [1, 1])
"""Work that does not become harder, however fast rounds follow each other."""

Figures = dict[str, int]


def measure(deployed: Deployed, requester: Account, modules: Mapping[str, Any]) -> dict[str, Any]:
    """All figures: what the named ones are is in benchmarks/snapshot.py.

    Parameters
    ----------
    modules
        By name, apart from the proof of work.
    """
    by_module = {
        name: {
            kind: of_module(deployed, requester, name, module, paid=kind == "money")
            for kind in ("bare", "money")
        }
        for name, module in {"pow": None, **modules}.items()
    }
    claimed = claims(deployed, requester)
    first, steady = by_module["pow"]["money"]["first"], by_module["pow"]["money"]["steady"]
    named = {name: steady[name] for name in ("submitUpdate", "vote", "propose", "attest", "tick")}
    named |= {name: first[name] for name in ("submitUpdateFirst", "createFederation", "registerMiner")}
    named |= {
        "registerDevice": steady["registerDevice"],
        "claim": claimed["first"],
        "claim20": claimed["twenty"],
    }
    return named | {"claims": claimed, "modules": by_module}


def of_module(
    deployed: Deployed, requester: Account, name: str, module: Any, paid: bool
) -> dict[str, Figures]:
    """The first round, which writes new storage, and the third."""
    # A proof of stake is nothing without stake; of a committee of four no single attestation decides.
    staked, miners = paid or name == "pos", MINERS + (name == "committee")
    crowd = Crowd(deployed, requester, miners, UPDATES, consensus=module, staked=staked, paid=paid)
    first = {"createFederation": crowd.creation, "registerMiner": max(crowd.join)}
    if paid:
        first |= {"fund": crowd.funding, "deposit": crowd.deposit}
    first |= {"registerDevice": max(crowd.register[:miners]), "tickOpening": crowd.tick()} | a_round(crowd)
    crowd.submit()
    steady = {"registerDevice": max(crowd.register[miners:]), "tick": crowd.tick()}
    crowd.finish()
    return {"first": first, "steady": steady | a_round(crowd)}


def a_round(crowd: Crowd) -> Figures:
    """A round from its first update to its block, which opens the next round. The first ballot closes Training."""
    miners = len(crowd.miners)
    updates = crowd.submit()
    closing_training, *ballots, closing_verification = crowd.vote()
    proposed = crowd.propose()
    *attestations, final = crowd.attest()
    return {
        "submitUpdateFirst": max(updates[:miners]),
        "submitUpdate": max(updates[miners:]),
        "voteClosingTraining": closing_training,
        "vote": max(ballots),
        "voteClosing": closing_verification,
        "propose": proposed,
        "attest": max(attestations),
        "attestClosing": final,
    }


def claims(deployed: Deployed, requester: Account) -> Figures:
    """Of blocks whose table has as many accounts as a round has updates, and the miners."""
    crowd = Crowd(
        deployed, requester, FEW, FEW, staked=True, paid=True, earners=UPDATES + MINERS,
        rounds=CLAIMED + 1, consensus_parameters=EASY,
    )  # fmt: skip
    crowd.tick()
    crowd.round()
    found = {"first": crowd.claim(crowd.devices[0])}
    crowd.round()
    found["again"] = crowd.claim(crowd.devices[0])
    for _ in range(CLAIMED - 2):
        crowd.round()
    found["twenty"] = crowd.claim(crowd.devices[1])
    found["byMiner"] = crowd.claim(crowd.owners[0])
    return found
