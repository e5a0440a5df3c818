"""A federation of the executable specification, one transaction a block, that keeps its logs."""

from __future__ import annotations

from federation_driver import REQUESTER, Driver, address, make_config, pow_parameters

from minerva.errors import ContractReverted
from minerva.protocol import actions as act
from minerva.protocol.events import Event, Log
from minerva.protocol.history import History
from minerva.protocol.machine import World
from minerva.protocol.records import ZERO32, Address, indices
from minerva.protocol.state import FederationState, Phase, Status

CHAIN = 31337
FACTORY, CONSENSUS = address(0xFA), address(0x90)
DEVICES = [Driver.device(number) for number in range(4)]


class Ledger:
    """Two miners with two devices each, unless told otherwise; round 1 is open."""

    def __init__(self, miners: int = 2, devices_each: int = 2) -> None:
        self.world, self.logs, self.now, self.block = World(CHAIN, FACTORY, CONSENSUS), list[Log](), 1000, 0
        self.driver = Driver(self.do, self.world)
        config = make_config(CONSENSUS, consensus_parameters=pow_parameters(1, 1), max_pause_seconds=10_000)
        self.federation = self.driver.found(config)
        self.driver.populate(miners, devices_each)
        self.driver.tick()

    @property
    def state(self) -> FederationState:
        return self.world.state(self.federation)

    @property
    def contracts(self) -> list[Address]:
        return [info.contract for info in self.world.miners(self.federation)]

    def do(self, action: act.Action, sender: Address) -> list[Event]:
        """Apply an action in a block of its own, if the contracts take it."""
        try:
            emitted = self.world.apply(action, sender, self.now)
        except ContractReverted:
            return []
        self.block, self.now = self.block + 1, self.now + 1
        for index, (emitter, event) in enumerate(emitted):
            self.logs.append(Log(event, emitter, self.block, ZERO32, index, self.now - 1, ZERO32))
        return [event for _, event in emitted]

    def advance(self, *, approve: bool = True) -> None:
        """Do what comes next in the round, with everybody taking part."""
        s, driver = self.state, self.driver
        if s.phase is Phase.TRAINING:
            driver.to_verification()
        elif s.phase is Phase.VERIFICATION:
            for index in indices(s.snapshot):
                driver.vote(index)
        elif s.phase is Phase.MINING:
            next((index for index in indices(s.snapshot) if driver.propose(index)), None)
        elif s.phase is Phase.ATTESTATION:
            for index in indices(s.snapshot):
                driver.attest(index, approve, candidate=s.candidate)

    def late(self) -> None:
        """Let the deadline pass."""
        s = self.state
        self.now = max(self.now, s.deadline)
        self.driver.tick()

    def finish(self) -> None:
        """Run the open round to its block."""
        height = self.state.height
        while self.state.status is Status.RUNNING and self.state.height == height:
            self.advance()

    def pause(self, seconds: int) -> None:
        self.do(act.Pause(self.federation, self.now), REQUESTER)
        self.now += seconds
        self.do(act.Unpause(self.federation, self.now), REQUESTER)

    def history(self) -> History:
        history = History(CHAIN, self.federation)
        history.apply(self.logs)
        return history
