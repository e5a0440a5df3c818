"""A federation with a clock at hand, for the tests of the rules, on the specification or on the contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import pytest
from federation_driver import REQUESTER, Driver, address, make_config
from refusing_module import RefusingMachine

from minerva.errors import ContractReverted
from minerva.protocol import actions as act
from minerva.protocol.events import Event
from minerva.protocol.machine import World
from minerva.protocol.records import Address


class Actors(Protocol):
    """Something that performs actions, a world to look at, and a clock that may be moved."""

    world: World
    now: int
    refusing: Address

    def perform(self, action: act.Action, sender: Address) -> list[Event]: ...


class Alone:
    """The executable specification by itself."""

    def __init__(self, world: World) -> None:
        self.world, self.now, self.refusing = world, 1_000_000, address(0x9F)
        world.adopt(RefusingMachine(self.refusing))

    def perform(self, action: act.Action, sender: Address) -> list[Event]:
        return [event for _, event in self.world.apply(action, sender, self.now)]


class Stage(Driver):
    """One federation, founded by `found` or, with everybody in it, by `open`."""

    def __init__(self, actors: Actors) -> None:
        super().__init__(actors.perform, actors.world)
        self.actors, self.world = actors, actors.world

    @property
    def now(self) -> int:
        return self.actors.now

    def wait(self, seconds: int) -> None:
        self.actors.now += seconds

    def wait_until_late(self) -> None:
        """Let the deadline pass, to the second."""
        self.actors.now = max(self.actors.now, self.state.deadline)

    def open(self, miners: int = 3, devices_each: int = 1, **changes: object) -> Stage:
        """Found a federation, let miners and devices join, and open round 1."""
        self.found(make_config(self.world.consensus.address, **changes))
        self.populate(miners, devices_each)
        self.tick()
        return self

    def do(self, action: Callable[..., act.Action], sender: Address, *arguments: object) -> list[Event]:
        """An action of this federation."""
        return self.perform(action(self.federation, *arguments), sender)

    def pause(self) -> list[Event]:
        return self.do(act.Pause, REQUESTER, self.now)

    def unpause(self, sender: Address = REQUESTER) -> list[Event]:
        return self.do(act.Unpause, sender, self.now)

    def close(self) -> list[Event]:
        return self.do(act.Close, REQUESTER)

    def leave(self, miner: int) -> list[Event]:
        return self.do(act.LeaveMiner, self.owner(miner), self.state.round)

    def check_in(self, miner: int) -> list[Event]:
        return self.do(act.CheckInMiner, self.owner(miner), self.state.round)

    def check_in_device(self, device: int) -> list[Event]:
        return self.do(act.CheckInDevice, self.device(device), self.miner_of(device), self.state.round)

    def leave_device(self, device: int) -> list[Event]:
        return self.do(act.LeaveDevice, self.device(device), self.miner_of(device), self.state.round)

    def miner_of(self, device: int) -> Address:
        info = self.world.device(self.federation, self.device(device))
        return info.miner if info else self.contract(0)

    def outstanding(self, miner: int, round: int) -> int:
        return self.world.pool(self.contract(miner), round).outstanding


def refusal(call: Callable[[], object]) -> tuple[object, ...]:
    """The error's name and arguments."""
    with pytest.raises(ContractReverted) as caught:
        call()
    return (caught.value.name, *caught.value.arguments)


def names(events: Iterable[Event]) -> list[str]:
    return [type(event).__name__ for event in events]
