"""What an attack is: at most one change each to the data, the delta, the record and the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from minerva.attacks.files import Claim
from minerva.learning.numbers import Float64

if TYPE_CHECKING:
    from torch import Tensor

    Samples: TypeAlias = tuple[Tensor, Tensor]


class Kind(StrEnum):
    """What the attack changes: the honest delta on bad data, the delta, or the record and the file."""

    NONE = "none"
    DATA = "data"
    DELTA = "delta"
    FILE = "file"


class Knowledge(StrEnum):
    """What an attacker must know, each with all that comes before."""

    NOTHING = "nothing"
    OWN_DATA = "its own data"
    UPDATES = "the honest updates of the round"
    RULE = "the honest updates and the aggregation rule"


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What the malicious devices of a round see together.

    ``honest``: deltas of the others (h × d). ``own``: what they trained themselves (m × d), zeros for an attack that
    trains nothing. ``random``: their numbers. ``combine``: the rule's step for a round of these deltas (honest first).
    """

    honest: Float64
    own: Float64
    random: np.random.Generator
    combine: Callable[[Float64], Float64]

    @property
    def malicious(self) -> int:
        """How many they are."""
        return len(self.own)

    @property
    def total(self) -> int:
        """How many devices the round has."""
        return len(self.honest) + len(self.own)


@dataclass(frozen=True, slots=True)
class Attack:
    """One way for devices to cheat.

    Attributes
    ----------
    name, words
        How it is named on the command line, and one line about it.
    kind, knows
        What it changes, and what the attacker must know.
    poison
        ``(x, y, random)`` to the samples that are trained on instead.
    craft
        What the malicious devices send: a row each (m × d).
    trains
        Whether they train at all; else the lab saves the time.
    claim
        The record's figures instead of the true ones.
    tamper
        ``(content, most bytes)`` to the file that is committed to and served instead.
    first
        Whether its record stands before the honest ones on the chain.
    steals
        Whether the record names a victim's file, which the victim serves.
    serves
        Whether it serves a file.
    success
        ``(x, y)`` of test samples to those on which the attack wants something, and what it wants.
    """

    name: str
    words: str
    kind: Kind
    knows: Knowledge
    poison: Callable[[Tensor, Tensor, np.random.Generator], Samples] | None = None
    craft: Callable[[Sight], Float64] | None = None
    trains: bool = True
    claim: Callable[[Claim], Claim] | None = None
    tamper: Callable[[bytes, int], bytes] | None = None
    first: bool = False
    steals: bool = False
    serves: bool = True
    success: Callable[[Tensor, Tensor], Samples] | None = None
