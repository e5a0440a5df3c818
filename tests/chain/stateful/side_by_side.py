"""The executable specification and the contracts, doing the same and compared after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from adapter import Contracts
from observation import Observation, Scope, of_contracts, of_world
from refusing_module import RefusingMachine

from minerva.errors import ContractReverted
from minerva.protocol import actions as act
from minerva.protocol.events import Event, FederationCreated, MinerCreated
from minerva.protocol.machine import World
from minerva.protocol.records import Address
from minerva.protocol.stake import BURNED_TO
from minerva.protocol.state import Status


@dataclass
class Coverage:
    """What happened so far, over all federations."""

    events: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    moves: Counter[str] = field(default_factory=Counter)


class SideBySide:
    """One federation in both worlds.

    Parameters
    ----------
    people
        Whose money is compared.
    stakers
        Whose stakes are; nobody else may stake.

    Attributes
    ----------
    world
        The executable specification.
    now
        The timestamp of the last step, in seconds.
    refusing
        A consensus module that takes no federation in.
    miners
        All miners' contracts that the federation ever had.
    """

    def __init__(
        self,
        contracts: Contracts,
        devices: Sequence[Address],
        coverage: Coverage,
        *,
        people: Sequence[Address] = (),
        stakers: Sequence[Address] = (),
    ) -> None:
        self._contracts, self._devices, self._coverage = contracts, tuple(devices), coverage
        self.now, self.federation = contracts.latest(), ""
        people = (*people, BURNED_TO) if stakers else people
        self._people = dict(zip(people, contracts.balances(people), strict=True))
        self._stakers, holders = tuple(stakers), tuple({*people, *stakers})
        had = contracts.tokens(holders)
        self.world = World(
            contracts.chain_id,
            contracts.factory,
            contracts.proof_of_work,
            modules=contracts.modules,
            policies=contracts.policies,
            allocate=contracts.allocator(),
            tokens={contracts.token: dict(zip(holders, had, strict=True))},
        )
        self.world.adopt(RefusingMachine(contracts.refusing))
        self.refusing = contracts.refusing
        self.miners: list[Address] = []
        self._last: Observation | None = None
        self._trail: list[str] = []

    @property
    def closed(self) -> bool:
        """Whether the federation has come to its end."""
        return self.world.state(self.federation).status is Status.CLOSED

    def perform(self, action: act.Action, sender: Address, seconds: int = 0) -> list[Event]:
        """Do ``action``, ``seconds`` after the last step, in both worlds; fails when they differ in anything.

        Raises
        ------
        ContractReverted
            Both refuse, for the same reason.
        """
        self.now += seconds
        self._trail.append(f"at {self.now}, {sender}: {action}")
        before = self._last.state if self._last else None
        refusal = self._attempt(action, sender)
        emitted, randao = ([], 0) if refusal else self._contracts.execute(action, sender, self.now)
        try:
            expected = self.world.apply(action, sender, self.now, randao=randao)
        except ContractReverted as error:
            assert refusal is not None, self._tell(f"the specification refuses: {error}")
            same = (refusal.name, refusal.arguments) == (error.name, error.arguments)
            assert same, self._tell(f"the contracts say {refusal}; the specification says {error}")
            assert self._see() == self._last, self._tell("the specification refused and changed all the same")
            self._coverage.errors[error.name] += 1
            raise
        assert refusal is None, self._tell(f"the contracts refuse: {refusal}; expected {expected}")
        assert emitted == expected, self._tell(f"the contracts emit {emitted}; expected {expected}")
        return self._take_in([event for _, event in emitted], before)

    def _attempt(self, action: act.Action, sender: Address) -> ContractReverted | None:
        try:
            self._contracts.attempt(action, sender, self.now)
        except ContractReverted as error:
            return error
        return None

    def _take_in(self, emitted: list[Event], before: object) -> list[Event]:
        for event in emitted:
            self._coverage.events[type(event).__name__] += 1
            if isinstance(event, MinerCreated):
                self.miners.append(event.miner)
            elif isinstance(event, FederationCreated):
                self.federation, before = event.federation, None
                self.miners.clear()
        self._compare()
        after = self.world.state(self.federation)
        if before is not None and (before.round, before.phase) != (after.round, after.phase):
            self._coverage.moves[f"{before.phase.name} → {after.phase.name}"] += 1
        return emitted

    def _scope(self) -> Scope:
        places = self.world.config(self.federation).max_miners
        return Scope(
            self.federation, tuple(self.miners), self._devices, places, self._people, self._contracts.token,
            self._stakers,
        )  # fmt: skip

    def _see(self) -> Observation | None:
        """What the specification says; what is due is left out, because it changes by itself."""
        if not self.federation:
            return None
        return replace(of_world(self.world, self._scope(), self.now), due=False)

    def _compare(self) -> None:
        expected = of_world(self.world, self._scope(), self.now)
        found = of_contracts(self._contracts, self._scope(), expected, self.now)
        differences = expected.differences(found)
        assert not differences, self._tell(
            "\n".join(["specification (here), contracts (there):", *differences])
        )
        self._last = replace(expected, due=False)

    def _tell(self, what: str) -> str:
        return "\n".join([what, "after", *self._trail[-12:]])
