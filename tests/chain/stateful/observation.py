"""Everything that can be read of a federation, from the executable specification and from the contracts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapter import Call, Contracts

from minerva.protocol.cid import Cid
from minerva.protocol.machine import World
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.state import DeviceInfo, FederationState, MinerInfo, Phase, Pool, Status


@dataclass(frozen=True)
class Scope:
    """What to look at: a federation, all miners' contracts it ever had, accounts that may be devices, places."""

    federation: Address
    contracts: tuple[Address, ...]
    devices: tuple[Address, ...]
    max_miners: int


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
    )  # fmt: skip


def of_contracts(contracts: Contracts, scope: Scope, round: int, now: int) -> Observation:
    """What the contracts say, ``round`` being the last opened one."""
    name, rounds, pools = scope.federation, _rounds(round), _pools(scope, round)
    places = range(scope.max_miners)
    calls = [Call(name, "state"), Call(name, "due"), Call(contracts.proof_of_work, "difficulty", (name,))]
    calls += [Call(name, "member", (index,)) for index in places]
    calls += [Call(name, "ballotOf", (index,)) for index in places]
    calls += [Call(name, "blockOf", (r,)) for r in rounds] + [Call(name, "phase", (r,)) for r in rounds]
    calls += [Call(contract, "pool", (r,)) for contract, r in pools]
    calls += [Call(name, "minerOf", (device,)) for device in scope.devices]
    answers = iter(contracts.read(calls, now))
    (state,), (due,), (difficulty,) = next(answers), next(answers), next(answers)
    members = [(index, *next(answers)[0]) for index in places]
    ballots = tuple(next(answers)[0] for _ in places)
    blocks = {r: next(answers)[0] for r in rounds}
    phases = {r: Phase(next(answers)[0]) for r in rounds}
    seen = {key: Pool(*next(answers)) for key in pools}
    bound = {device: next(answers)[0] for device in scope.devices}
    return Observation(
        to_state(state), due, difficulty, _miners(contracts, members, now), ballots, blocks, phases, seen,
        _devices(contracts, bound, now),
    )  # fmt: skip


def to_state(values: tuple[object, ...]) -> FederationState:
    """The Solidity struct as the protocol's value; the fields are in the same order."""
    converted = dict(zip(FederationState.__slots__, values, strict=True))
    converted["status"], converted["phase"] = Status(converted["status"]), Phase(converted["phase"])  # type: ignore[arg-type]
    converted["model"] = Cid(*converted["model"])  # type: ignore[misc]
    return FederationState(**converted)  # type: ignore[arg-type]


def _miners(contracts: Contracts, members: Iterable[tuple[int, Address, Address]], now: int) -> tuple[MinerInfo, ...]:
    present = [member for member in members if member[2] != ZERO_ADDRESS]
    calls = [Call(miner, "endpoint") for _, _, miner in present]
    endpoints = [answer[0] for answer in contracts.read(calls, now)] if calls else []
    return tuple(MinerInfo(*member, endpoint) for member, endpoint in zip(present, endpoints, strict=True))


def _devices(contracts: Contracts, bound: dict[Address, Address], now: int) -> dict[Address, DeviceInfo | None]:
    there = {device: miner for device, miner in bound.items() if miner != ZERO_ADDRESS}
    calls = [Call(miner, "deviceOf", (device,)) for device, miner in there.items()]
    answers = contracts.read(calls, now) if calls else []
    found = {d: DeviceInfo(m, *info) for (d, m), info in zip(there.items(), answers, strict=True)}
    return {device: found.get(device) for device in bound}


def _rounds(round: int) -> range:
    return range(max(0, round - 2), round + 2)


def _pools(scope: Scope, round: int) -> list[tuple[Address, int]]:
    return [(contract, r) for contract in scope.contracts for r in (round, round + 1)]
