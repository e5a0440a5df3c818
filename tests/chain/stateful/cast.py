"""Who walks, and in what kind of federation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from eth_abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from minerva.protocol.allow_list import AllowList, Role
from minerva.protocol.cid import DAG_PB, Cid
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.stake import StakeTerms
from minerva.protocol.state import NO_REWARDS, NO_STAKE, FederationConfig, RewardTerms
from minerva.protocol.weights import ReputationTerms


@dataclass(frozen=True)
class Cast:
    """Accounts by what they may become. The stranger never becomes anything."""

    requester: Address
    stranger: Address
    owners: tuple[Address, ...]
    devices: tuple[Address, ...]
    signer: LocalAccount

    @property
    def everyone(self) -> tuple[Address, ...]:
        return (self.requester, self.stranger, *self.owners, *self.devices)

    @property
    def people(self) -> tuple[Address, ...]:
        """Those whose money is looked at: who pays and who is paid; the key of one is known."""
        return (self.requester, self.stranger, *self.owners[:3], *self.devices[:2], self.signer.address)


def some_terms(random: Random, token: Address) -> RewardTerms:
    """Nothing, or small sums of ether or the token."""
    if random.random() < 0.3:
        return NO_REWARDS
    data, proposer, ballot = random.choice(((5_000, 1_000, 2_000), (10_000, 0, 0), (0, 333, 1)))
    money = random.choice((ZERO_ADDRESS, token))
    per_round, days = random.choice((1, 999, 10_007)), random.choice((1, 30))
    return RewardTerms(
        money, per_round, data, proposer, ballot, 10_000 - data - proposer - ballot, days * 86_400
    )


def some_stake(random: Random, token: Address) -> StakeTerms:
    """In ether or tokens, or none; small sums and large shares, so that much happens."""
    if random.random() < 0.35:
        return NO_STAKE
    return StakeTerms(
        token=random.choice((ZERO_ADDRESS, token)), minimum=random.choice((0, 1000, 1000)),
        unit=random.choice((1, 7, 100)), evidence_seconds=random.choice((1, 30)),
        rejected_bps=random.choice((0, 5000, 5000)), equivocation_bps=5000,
        absence_bps=random.choice((0, 1000, 1000)), absences=random.choice((0, 1, 1, 2)), reporter_bps=1000,
    )  # fmt: skip


def some_module(
    random: Random, modules: Mapping[str, Address], *, staked: bool = False
) -> tuple[Address, bytes]:
    """One of the modules, and parameters that it takes."""
    name = random.choice(("pow", "pow", "por", "committee", *(("pos", "pos") if staked else ())))
    terms = ReputationTerms(random.randint(1, 9), 40, random.choice((0, 500, 1000)), 5, 20, 10)
    parameters = {
        "pos": b"",
        "pow": encode(("uint64", "uint32"), (random.randint(1, 99), random.randint(1, 9))),
        "por": terms.encode(),
        "committee": encode(("uint8",), (random.randint(1, 3),)),
    }
    return modules[name], parameters[name]


def some_list(random: Random, cast: Cast) -> AllowList:
    """Nearly everybody, as what they may become."""
    may_be = [(who, Role.MINER) for who in cast.owners] + [(who, Role.DEVICE) for who in cast.devices]
    return AllowList(entry for entry in may_be if random.random() < 0.85)


def some_config(random: Random, consensus: Address) -> FederationConfig:
    """Small numbers, so that all bounds are met often."""
    max_miners, max_devices = random.randint(2, 5), random.randint(4, 10)
    return FederationConfig(
        manifest=Cid(keccak(b"manifest")), model=Cid(keccak(b"model"), DAG_PB), consensus=consensus,
        consensus_parameters=encode(("uint64", "uint32"), (random.randint(1, 99), random.randint(1, 9))),
        rounds=random.choice((4, 40)), min_miners=random.randint(1, max_miners - 1), max_miners=max_miners,
        min_devices=random.randint(1, 2), max_devices=max_devices, min_updates=random.randint(1, 2),
        max_joins=random.randint(2, max_devices), silent_rounds=random.randint(1, 3),
        training_seconds=random.randint(8, 30), verification_seconds=random.randint(6, 30), fetch_seconds=2,
        mining_seconds=random.randint(2, 20), attestation_seconds=random.randint(4, 20),
        max_extensions=random.randint(0, 2), max_candidates=random.randint(1, 3),
        max_pause_seconds=random.choice((0, 20, 60)), max_model_bytes=1 << 20, confirmations=0,
    )  # fmt: skip
