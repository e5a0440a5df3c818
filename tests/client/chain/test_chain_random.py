"""Any order of sending, killing, re-organising and losing: each action takes effect once, none is lost."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from actor_scene import Scene, ballot, data_of
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from minerva.errors import ContractReverted

REFUSED = b"\xde\xad\xbe\xef"
NUMBERS = st.integers(0, 5)


class Killed(BaseException):
    """The process ends here."""


class Sending(RuleBasedStateMachine):
    """The node's contracts refuse nothing twice by themselves: what is sent twice shows."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.scene = Scene(self.folder, durable=False)
        self.meant: set[int] = set()

    def teardown(self) -> None:
        self.scene.actor.settle(0, timeout=10)
        assert self.effects() == sorted(data_of(ballot(n)) for n in self.meant)
        self.scene.actor.close()
        shutil.rmtree(self.folder)

    def effects(self) -> list[bytes]:
        return sorted(data for data in self.scene.node.effects if data)

    @rule(number=NUMBERS)
    def send(self, number: int) -> None:
        self.meant.add(number)
        receipt = self.scene.actor.send(ballot(number), timeout=10)
        assert data_of(ballot(number)) in self.scene.node.effects
        assert receipt.block_number < len(self.scene.node.blocks)

    @rule(numbers=st.lists(NUMBERS, max_size=6))
    def send_many(self, numbers: list[int]) -> None:
        self.meant |= set(numbers)
        results = self.scene.actor.send_many([ballot(n) for n in numbers], timeout=10)
        assert not any(isinstance(result, Exception) for result in results)

    @rule(number=NUMBERS, method=st.sampled_from(["eth_sendRawTransaction", "eth_getTransactionReceipt"]))
    def killed_while_sending(self, number: int, method: str) -> None:
        self.scene.node.fail(method, Killed())  # type: ignore[arg-type]
        with suppress(Killed):
            self.scene.actor.send(ballot(number), timeout=10)
        self.scene.node.faults.clear()
        if self.scene.outbox.live(ballot(number).intent):
            self.meant.add(number)
        self.scene.restart()

    @rule(number=NUMBERS)
    def fails_in_a_block(self, number: int) -> None:
        if number in self.meant:
            return
        wanted, answers = data_of(ballot(number)), iter([None, REFUSED, REFUSED])
        self.scene.node.refuse = lambda data: next(answers) if data == wanted else None
        with pytest.raises(ContractReverted):
            self.scene.actor.send(ballot(number), timeout=10)
        self.scene.node.refuse = lambda data: None

    @rule(depth=st.integers(1, 8))
    def reorganise(self, depth: int) -> None:
        self.scene.node.drop(min(depth, len(self.scene.node.blocks) - 1))

    @rule()
    def lose_the_queue(self) -> None:
        self.scene.node.queue.clear()

    @rule()
    def restart(self) -> None:
        self.scene.restart().recover()

    @rule()
    def settle(self) -> None:
        self.scene.actor.settle(0, timeout=10)

    @invariant()
    def nothing_takes_effect_twice(self) -> None:
        assert len(self.effects()) == len(set(self.effects()))


TestSending = Sending.TestCase
TestSending.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
