"""The executable specification and the contracts, doing the same and compared after every step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from adapter import Contracts
from observation import Observation, Scope, of_contracts, of_world
from walk import Cast, Walk

from minerva.errors import ContractReverted
from minerva.protocol import actions as act
from minerva.protocol.events import MinerCreated
from minerva.protocol.machine import Emitted, World
from minerva.protocol.records import Address
from minerva.protocol.state import FederationConfig, Status


@dataclass
class Coverage:
    """What happened so far, over all federations."""

    events: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    phases: Counter[tuple[str, str]] = field(default_factory=Counter)
    steps: int = 0


class SideBySide:
    """One federation in both worlds."""

    def __init__(
        self, contracts: Contracts, cast: Cast, config: FederationConfig, coverage: Coverage, salt: object
    ) -> None:
        self._contracts, self._cast, self._coverage = contracts, cast, coverage
        self._given: Address = ""
        self._world = World(
            contracts.chain_id, contracts.factory, contracts.proof_of_work, allocate=lambda _: self._given
        )
        self._now = contracts.latest()
        self._walk: Walk | None = None
        self._trail: list[str] = []
        creation = act.CreateFederation(contracts.factory, config, "one")
        (self._federation,) = self._compare_outcomes(creation, cast.requester)[0]
        self._walk = Walk(self._world, self._federation, cast, salt)
        self._last = self._compare_states()

    @property
    def closed(self) -> bool:
        """Whether the federation has come to its end."""
        return self._last.state.status is Status.CLOSED

    def step(self, random: Random) -> None:
        """Do one step of the walk in both worlds; fails when they differ in anything."""
        assert self._walk is not None
        action, sender, seconds = self._walk.step(random, self._now)
        self._now += seconds
        before = self._world.state(self._federation)
        self._trail.append(f"at {self._now}, {sender}: {action}")
        _, emitted = self._compare_outcomes(action, sender)
        self._walk.contracts += [e.miner for _, e in emitted if isinstance(e, MinerCreated)]
        if emitted or self._world.state(self._federation) != before:
            self._last = self._compare_states()
        self._coverage.steps += 1
        after = self._world.state(self._federation)
        if (before.round, before.phase) != (after.round, after.phase):
            self._coverage.phases[before.phase.name, after.phase.name] += 1

    def _compare_outcomes(
        self, action: act.Action, sender: Address
    ) -> tuple[tuple[Address, ...], list[Emitted]]:
        """Both take the action and emit the same, or both refuse for the same reason."""
        returned, refusal = (), None
        try:
            returned = self._contracts.attempt(action, sender, self._now)
        except ContractReverted as error:
            refusal = error
        self._given = returned[0] if returned else ""
        try:
            expected = self._world.apply(action, sender, self._now)
        except ContractReverted as error:
            assert refusal is not None, self._tell(f"the specification refuses: {error}")
            same = (refusal.name, refusal.arguments) == (error.name, error.arguments)
            assert same, self._tell(f"the contracts say {refusal}; the specification says {error}")
            self._coverage.errors[error.name] += 1
            return (), []
        assert refusal is None, self._tell(f"the contracts refuse: {refusal}; expected {expected}")
        emitted = self._contracts.execute(action, sender, self._now)
        assert emitted == expected, self._tell(f"the contracts emit {emitted}; expected {expected}")
        self._coverage.events.update(type(event).__name__ for _, event in emitted)
        return returned, emitted

    def _compare_states(self) -> Observation:
        contracts = tuple(self._walk.contracts) if self._walk else ()
        config = self._world.config(self._federation)
        scope = Scope(self._federation, contracts, self._cast.devices, config.max_miners)
        expected = of_world(self._world, scope, self._now)
        found = of_contracts(self._contracts, scope, expected, self._now)
        differences = expected.differences(found)
        assert not differences, self._tell(
            "\n".join(["specification (here), contracts (there):", *differences])
        )
        return expected

    def _tell(self, what: str) -> str:
        return "\n".join([what, "after", *self._trail[-12:]])
