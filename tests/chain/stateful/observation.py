"""Everything that can be read of a federation, from the executable specification and from the contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field

from adapter import Call, Contracts

from minerva.protocol.cid import Cid
from minerva.protocol.machine import World
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.stake import BURNED_TO
from minerva.protocol.state import DeviceInfo, FederationState, MinerInfo, Phase, Pool, Status


@dataclass(frozen=True)
class Scope:
    """What to look at: a federation, all miners' contracts it ever had, and who may be a device."""

    federation: Address
    contracts: tuple[Address, ...]
    devices: tuple[Address, ...]
    max_miners: int
    stakers: tuple[Address, ...] = ()
    ether: Mapping[Address, int] = field(default_factory=dict)
    """What the stakers had of ether before anything was staked."""


@dataclass(frozen=True)
class Observation:
    """What is seen at one moment."""

    state: FederationState
    due: bool
    difficulty: int
    miners: tuple[MinerInfo, ...]
    ballots: tuple[bytes, ...]
    blocks: dict[int, bytes] = field(default_factory=dict)
    phases: dict[int, Phase] = field(default_factory=dict)
    pools: dict[tuple[Address, int], Pool] = field(default_factory=dict)
    devices: dict[Address, DeviceInfo | None] = field(default_factory=dict)
    stakes: dict[Address, tuple[int, ...]] = field(default_factory=dict)
    vault: tuple[object, ...] = ()
    wealth: dict[Address, int] = field(default_factory=dict)

    def differences(self, other: Observation) -> list[str]:
        """What another observation says otherwise, by name; for a message that a person can read."""
        found = []
        for name in self.__dataclass_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if name == "state":
                fields = FederationState.__slots__
                pairs = [(f"state.{f}", getattr(mine, f), getattr(theirs, f)) for f in fields]
            elif isinstance(mine, dict):
                pairs = [(f"{name}[{key}]", mine[key], theirs.get(key)) for key in mine]
            else:
                pairs = [(name, mine, theirs)]
            found += [f"{what}: {a} here, {b} there" for what, a, b in pairs if a != b]
        return found


Stakes = tuple[dict[Address, tuple[int, ...]], tuple[object, ...], dict[Address, int]]
"""By account; of the vault; and what everybody, the vault included, has of the money that is staked."""


def of_world(world: World, scope: Scope, now: int) -> Observation:
    """What the executable specification says."""
    name = scope.federation
    state = world.state(name)
    return Observation(
        state, world.due(name, now), world.difficulty(name), world.miners(name),
        tuple(world.ballot_of(name, index) for index in range(scope.max_miners)),
        {r: world.block_of(name, r) for r in _rounds(state.round)},
        {r: world.phase(name, r) for r in _rounds(state.round)},
        {key: world.pool(*key) for key in _pools(scope, state.round)},
        {device: world.device(name, device) for device in scope.devices},
        *_stakes_of_world(world, scope),
    )  # fmt: skip


def of_contracts(contracts: Contracts, scope: Scope, expected: Observation, now: int) -> Observation:
    """What the contracts say; ``expected`` only tells where to look."""
    name, places = scope.federation, range(scope.max_miners)
    bindings = {device: info.miner for device, info in expected.devices.items() if info}
    calls = [Call(name, "state"), Call(name, "due"), Call(contracts.proof_of_work, "difficulty", (name,))]
    calls += [Call(name, "member", (index,)) for index in places]
    calls += [Call(name, "ballotOf", (index,)) for index in places]
    calls += [Call(name, "blockOf", (r,)) for r in expected.blocks]
    calls += [Call(name, "phase", (r,)) for r in expected.phases]
    calls += [Call(contract, "pool", (r,)) for contract, r in expected.pools]
    calls += [Call(contract, "endpoint") for contract in scope.contracts]
    calls += [Call(name, "minerOf", (device,)) for device in scope.devices]
    calls += [Call(miner, "deviceOf", (device,)) for device, miner in bindings.items()]
    answers = iter(contracts.read(calls, now))
    (state,), (due,), (difficulty,) = next(answers), next(answers), next(answers)
    members = [(index, *next(answers)[0]) for index in places]
    ballots = tuple(next(answers)[0] for _ in places)
    blocks = {r: next(answers)[0] for r in expected.blocks}
    phases = {r: Phase(next(answers)[0]) for r in expected.phases}
    pools = {key: Pool(*next(answers)) for key in expected.pools}
    endpoints = {contract: next(answers)[0] for contract in scope.contracts}
    bound = {device: next(answers)[0] for device in scope.devices}
    infos = {device: next(answers) for device in bindings}
    miners = tuple(
        MinerInfo(*member, endpoints[member[2]]) for member in members if member[2] != ZERO_ADDRESS
    )
    devices = {
        device: DeviceInfo(miner, *infos.get(device, (0, 0, 0))) if miner != ZERO_ADDRESS else None
        for device, miner in bound.items()
    }
    return Observation(
        to_state(state), due, difficulty, miners, ballots, blocks, phases, pools, devices,
        *_stakes_of_contracts(contracts, scope, expected, now),
    )  # fmt: skip


def _stakes_of_world(world: World, scope: Scope) -> Stakes:
    vault = world.stakes(scope.federation)
    if vault is None:
        return {}, (), {}
    stakes = {
        account: (
            vault.stake_of(account), *vault.unbonding_of(account), vault.bounty_of(account),
            vault.absences_of(account), vault.is_sufficient(account),
        )
        for account in scope.stakers
    }  # fmt: skip
    token, unbonding = vault.terms.token, vault.unbonding_seconds
    before = scope.ether if token == ZERO_ADDRESS else {}
    everybody = (*scope.stakers, vault.address, BURNED_TO)
    wealth = {account: before.get(account, 0) + world.money.balance(account, token) for account in everybody}
    assert wealth[vault.address] == vault.slashed + sum(b + u + w for b, u, _, w, *_ in stakes.values())
    return stakes, (vault.address, astuple(vault.terms), unbonding, vault.slashed, vault.lanes()), wealth


def _stakes_of_contracts(contracts: Contracts, scope: Scope, expected: Observation, now: int) -> Stakes:
    (vault,) = contracts.read([Call(scope.federation, "stakeVault")], now)[0]
    if vault == ZERO_ADDRESS:
        return {}, (), {}
    of_accounts = ("stakeOf", "unbondingOf", "bountyOf", "absencesOf", "isSufficient")
    calls = [Call(vault, what, (account,)) for account in expected.stakes for what in of_accounts]
    calls += [Call(vault, what) for what in ("terms", "unbondingSeconds", "slashed", "lanes")]
    answers = iter(contracts.read(calls, now))
    stakes = {a: tuple(v for _ in of_accounts for v in next(answers)) for a in expected.stakes}
    (terms,), (unbonding,), (slashed,), (lanes,) = (next(answers) for _ in range(4))
    wealth = contracts.wealth(terms[0], tuple(expected.wealth))
    return stakes, (vault, terms, unbonding, slashed, list(lanes)), wealth


def to_state(values: tuple[object, ...]) -> FederationState:
    """The Solidity struct as the protocol's value; the fields are in the same order."""
    converted = dict(zip(FederationState.__slots__, values, strict=True))
    converted["status"], converted["phase"] = Status(converted["status"]), Phase(converted["phase"])  # type: ignore[arg-type]
    converted["model"] = Cid(*converted["model"])  # type: ignore[misc]
    return FederationState(**converted)  # type: ignore[arg-type]


def _rounds(round: int) -> range:
    return range(max(0, round - 2), round + 2)


def _pools(scope: Scope, round: int) -> list[tuple[Address, int]]:
    return [(contract, r) for contract in scope.contracts for r in (round, round + 1)]
