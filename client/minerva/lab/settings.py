"""What one run of the lab is: an attack against a rule on a task."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from minerva.attacks import Attack, Kind, attack
from minerva.config import CreateSection
from minerva.errors import UserError
from minerva.learning.aggregation import rule
from minerva.learning.partition import parse

CONTROL = "fedavg"
"""The rule without a defence: the broken control of every table."""
DEFAULT: str = CreateSection.model_fields["aggregation"].default
"""The rule of new federations, the one with the best worst case; shown together with verification too."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One cell of a matrix.

    Attributes
    ----------
    attack, rule
        Names, see `minerva.attacks.ATTACKS` and `minerva.learning.aggregation.RULES`.
    task, data
        As for a device.
    partition
        How the samples are dealt out, e.g. ``"iid"`` or ``"dirichlet:0.5"``.
    devices, fraction
        How many there are, and which share of them is malicious (the last ones, rounded to the nearest number).
    rounds, epochs
        Length, and local epochs in each round (0: the task's own number).
    seed
        What all random numbers come from.
    verify
        Whether updates that the verification rules refuse are left out.
    """

    attack: str = "none"
    rule: str = CONTROL
    task: str = "digits"
    partition: str = "iid"
    devices: int = 20
    fraction: float = 0.2
    rounds: int = 15
    epochs: int = 0
    seed: int = 0
    verify: bool = False
    data: Path | None = None

    @property
    def how(self) -> Attack:
        """The attack."""
        return attack(self.attack)

    @property
    def malicious(self) -> int:
        """How many devices are malicious."""
        return 0 if self.how.kind is Kind.NONE else self.meant

    @property
    def meant(self) -> int:
        """How many devices are malicious under an attack."""
        return round(self.fraction * self.devices)

    def check(self) -> None:
        """Refuse what cannot be run by a `UserError` of one line, before anything is loaded."""
        attack(self.attack)
        parse(self.partition)
        if not self.rounds >= 1:
            raise UserError("there is no round to run", value=self.rounds, remedy="Ask for 1 or more.")
        if self.epochs < 0:
            raise UserError("fewer epochs than none", value=self.epochs, remedy="0 takes the task's own.")
        if not self.devices >= 2:
            raise UserError("too few devices", value=self.devices, remedy="Ask for 2 or more.")
        if not 0.0 <= self.fraction < 0.5 or 2 * self.meant >= self.devices:
            raise UserError(
                "the malicious share is not below one half",
                value=self.fraction,
                remedy="No rule can tell them from the honest: take 0 <= fraction < 0.5.",
            )
        if self.how.kind is not Kind.NONE and not self.malicious:
            raise UserError(
                "nobody would be malicious",
                value=f"{self.fraction} of {self.devices} devices",
                remedy="Raise the fraction or the number of devices, or take the attack 'none'.",
            )
        if not 0 <= self.seed < 2**31:
            raise UserError("the seed is out of range", value=self.seed, remedy="Take 0 to 2^31 - 1.")
        rule(self.rule).check(self.devices)

    def document(self) -> dict[str, Any]:
        """Return it for results.json."""
        return asdict(self) | {"data": None if self.data is None else str(self.data)}
