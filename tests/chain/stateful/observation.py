"""Everything that can be read of a federation, from the executable specification and from the contracts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapter import Call, Contracts
from stake_observation import Stakes, stakes_of_contracts, stakes_of_world

from minerva.protocol.cid import Cid
from minerva.protocol.machine import World
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.state import DeviceInfo, FederationState, MinerInfo, Phase, Pool, Status


@dataclass(frozen=True)
class Scope:
    """What to look at: a federation, all miners' contracts it ever had, and who may be a device.

    ``people`` are those whose money is looked at, with the wei that they began with; ``token`` is other money.
    """

    federation: Address
    contracts: tuple[Address, ...]
    devices: tuple[Address, ...]
    max_miners: int
    people: Mapping[Address, int]
    token: Address
    stakers: tuple[Address, ...] = ()


@dataclass(frozen=True)
class Money:
    """Where a federation's money is: its escrow, and by account what was and may be claimed, ether and tokens."""

    vault: Address = ""
    funded: int = 0
    granted: int = 0
    is_funded: bool = False
    closes_at: int = 0
    accounts: dict[Address, tuple[int, int]] = field(default_factory=dict)
    ether: dict[Address, int] = field(default_factory=dict)
    tokens: dict[Address, int] = field(default_factory=dict)


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
    money: Money = Money()
    stakes: Stakes = Stakes()

    def differences(self, other: Observation) -> list[str]:
        """What another observation says otherwise, by name; for a message that a person can read."""
        found = []
        for name in self.__dataclass_fields__:
            mine, theirs = getattr(self, name), getattr(other, name)
            if name in ("state", "money"):
                fields = type(mine).__annotations__
                pairs = [(f"{name}.{f}", getattr(mine, f), getattr(theirs, f)) for f in fields]
            elif isinstance(mine, dict):
                pairs = [(f"{name}[{key}]", mine[key], theirs.get(key)) for key in mine]
            else:
                pairs = [(name, mine, theirs)]
            found += [f"{what}: {a} here, {b} there" for what, a, b in pairs if a != b]
        return found


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
        {device: world.device(name, device) for device in scope.devices}, money_of_world(world, scope),
        stakes_of_world(world, name, scope.stakers, scope.people),
    )  # fmt: skip


def money_of_world(world: World, scope: Scope) -> Money:
    """Where the executable specification says that the money is."""
    vault = world.reward_vault(scope.federation)
    if vault is None:
        return Money()
    places, s, money = [vault.address, *scope.people], vault.state, world.money
    assert s.held == money.balance(vault.address, vault.terms.token)
    return Money(
        vault.address, s.funded, s.granted, vault.is_funded, s.closes_at,
        {one: vault.account_of(one) for one in scope.people},
        {place: scope.people.get(place, 0) + money.balance(place) for place in places},
        {place: money.balance(place, scope.token) for place in places},
    )  # fmt: skip


def money_of_contracts(contracts: Contracts, scope: Scope, vault: Address, now: int) -> Money:
    """Where the contracts say that the money is."""
    if not vault:
        return Money()
    places, people = [vault, *scope.people], list(scope.people)
    calls = [Call(vault, name) for name in ("funded", "granted", "isFunded", "closesAt")]
    calls += [Call(vault, "accountOf", (one,)) for one in people]
    calls += [Call(scope.token, "balanceOf", (place,)) for place in places]
    answers = iter(contracts.read(calls, now))
    sums = [next(answers)[0] for _ in range(4)]
    accounts = {one: next(answers) for one in people}
    tokens = {place: next(answers)[0] for place in places}
    ether = dict(zip(places, contracts.balances(places), strict=True))
    return Money(vault, *sums, accounts, ether, tokens)


def of_contracts(contracts: Contracts, scope: Scope, expected: Observation, now: int) -> Observation:
    """What the contracts say; ``expected`` only tells where to look."""
    name, places = scope.federation, range(scope.max_miners)
    bindings = {device: info.miner for device, info in expected.devices.items() if info}
    calls = [Call(name, "state"), Call(name, "due"), Call(contracts.proof_of_work, "difficulty", (name,))]
    calls += [Call(name, "rewardVault")]
    calls += [Call(name, "member", (index,)) for index in places]
    calls += [Call(name, "ballotOf", (index,)) for index in places]
    calls += [Call(name, "blockOf", (r,)) for r in expected.blocks]
    calls += [Call(name, "phase", (r,)) for r in expected.phases]
    calls += [Call(contract, "pool", (r,)) for contract, r in expected.pools]
    calls += [Call(contract, "endpoint") for contract in scope.contracts]
    calls += [Call(name, "minerOf", (device,)) for device in scope.devices]
    calls += [Call(miner, "deviceOf", (device,)) for device, miner in bindings.items()]
    answers = iter(contracts.read(calls, now))
    (state,), (due,), (difficulty,), (vault,) = (next(answers) for _ in range(4))
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
    money = money_of_contracts(contracts, scope, vault if vault != ZERO_ADDRESS else "", now)
    return Observation(
        to_state(state), due, difficulty, miners, ballots, blocks, phases, pools, devices, money,
        stakes_of_contracts(contracts, name, expected.stakes, now),
    )  # fmt: skip


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
