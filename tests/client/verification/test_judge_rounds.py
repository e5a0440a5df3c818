"""A judge over a round with every disguise of a copy: any order of arrival and any re-organisation (V9 to V12)."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_federation import RULES
from test_judge import FEDERATION, OPENED, device, placed, see

from minerva.learning.weights import serialize
from minerva.protocol.manifest import TensorSpec
from minerva.protocol.reasons import Reason
from minerva.protocol.records import PlacedUpdate
from minerva.verification.judge import Judge

SIZE, HONEST = 3000, 12
SPEC = (TensorSpec("w", (SIZE,), "F32"),)
DICE = np.random.default_rng(7)
START = DICE.standard_normal(SIZE)
COMMON = DICE.standard_normal(SIZE)
DELTAS = [COMMON + DICE.standard_normal(SIZE) for _ in range(HONEST)]
DELTAS += [
    2.0 * DELTAS[0],
    DELTAS[1] + 0.1 * DICE.standard_normal(SIZE),
    (DELTAS[2] + DELTAS[3] + DELTAS[4]) / 3,
    20.0 * (COMMON + DICE.standard_normal(SIZE)),
]
EXPECTED = [None] * HONEST + [Reason.COPY, Reason.COPY, Reason.COMBINATION, Reason.OUT_OF_BOUND]
UPDATES = [placed(number, number + 1) for number in range(len(DELTAS))]


def content(number: int) -> bytes:
    tensors = {"w": (START + DELTAS[number]).astype("f4")}
    return serialize(tensors, {"federation": FEDERATION, "round": "1", "device": device(number)})


def judge(folder: Path | None = None) -> Judge:
    base = serialize({"w": START.astype("f4")}, {})
    return Judge(FEDERATION, 1, SPEC, RULES, base, 1 << 20, spool=folder)


def arrived(order: list[int], folder: Path | None = None) -> Judge:
    found = judge(folder)
    for number in order:
        see(found, UPDATES[number])
        found.admit(UPDATES[number], content(number))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_each_disguise_is_named_in_any_order_of_arrival(seed: int, tmp_path: Path) -> None:
    order = random.Random(seed).sample(range(len(UPDATES)), len(UPDATES))
    assert arrived(order, tmp_path).reasons(UPDATES) == EXPECTED


def test_what_comes_late_changes_what_was_said_before() -> None:
    found = arrived([number for number in range(len(UPDATES)) if number not in (0, 2)])
    early = UPDATES[1:2] + UPDATES[3:]
    assert found.reasons(early)[10:] == [None, Reason.COPY, None, Reason.OUT_OF_BOUND]
    for number in (0, 2):
        see(found, UPDATES[number])
        found.admit(UPDATES[number], content(number))
    assert found.reasons(UPDATES) == EXPECTED


def test_a_reorganisation_makes_the_last_part_of_a_sum_the_sum() -> None:
    found = arrived(list(range(len(UPDATES))))
    assert found.reasons(UPDATES) == EXPECTED
    moved = [moved_to(update, 99) if number == 2 else update for number, update in enumerate(UPDATES)]
    reasons = found.reasons(moved)
    assert (reasons[2], reasons[14]) == (Reason.COMBINATION, None)
    assert found.reasons(UPDATES) == EXPECTED


def moved_to(update: PlacedUpdate, block: int) -> PlacedUpdate:
    return replace(update, block_number=block, timestamp=OPENED + block)
