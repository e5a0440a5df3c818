"""A device's differential privacy: what each round costs, the budget, and the noise on what leaves the device."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from minerva.durable import replace_file
from minerva.errors import ConfigError, MinervaError, StoreError
from minerva.learning.privacy import Noise, privatise
from minerva.learning.training import LocalResult
from minerva.learning.weights import Buffer

FILE_NAME = "privacy.json"
_DECIMALS = Decimal("0.0001")
_MORE_ORDERS = (1.01, 1.02, 1.05, 72, 96, 128, 192, 256, 512, 1024)
"""Rényi orders beside Opacus's own, for very little and for much noise."""


class BudgetSpent(MinervaError):
    """Another round would cost more than the device's privacy budget has left."""


@dataclass(frozen=True, slots=True)
class PrivacyTerms:
    """What a device grants: standard deviation of the noise over ``max_norm``, that norm, δ, and the most ε."""

    noise_multiplier: float
    max_norm: float
    delta: float
    budget_epsilon: float


@dataclass(frozen=True, slots=True)
class Release:
    """One noised update, as the accountant counts it."""

    round: int
    noise_multiplier: float


class Privacy:
    """The device's account of what it has given away, and the mechanism.

    Every release is written down, on disk for good, before its noise is drawn: whatever a crash leaves out is an
    update that never left, which costs nothing and is counted all the same.

    Parameters
    ----------
    root
        The device's own folder; the account is ``privacy.json`` there.
    terms
        What it grants.
    noise_key
        Of the noise, for tests; None draws one for each update.

    Raises
    ------
    ConfigError
        Opacus is not installed, or one round alone costs more than the budget.
    StoreError
        The account cannot be read: nobody knows what was spent.
    """

    def __init__(self, root: Path, terms: PrivacyTerms, *, noise_key: bytes | None = None) -> None:
        self._file, self.terms, self._key = root / FILE_NAME, terms, noise_key
        self._releases = _read(self._file)
        self._after = [self._cost(self._releases[:count]) for count in range(len(self._releases) + 1)]
        first = self._cost([self._release(0)])
        if first > terms.budget_epsilon:
            raise ConfigError(
                "one round alone costs more than the device's privacy budget",
                value=f"ε = {decimal(first)} of {terms.budget_epsilon}",
                remedy="Raise device.dp.noise_multiplier, or device.dp.budget_epsilon.",
            )

    @property
    def spent(self) -> float:
        """The ε of all releases so far, at the terms' δ."""
        return self._after[-1]

    def check(self, round_: int) -> None:
        """Raise `BudgetSpent` unless another round fits the budget."""
        after = self._cost([*self._releases, self._release(round_)])
        if after > self.terms.budget_epsilon:
            raise BudgetSpent(
                "the privacy budget is spent",
                value=f"ε = {decimal(self.spent)}, {decimal(after)} after round {round_}, "
                f"of {self.terms.budget_epsilon}",
                remedy="The device trains no more; device.dp.budget_epsilon is the limit.",
            )

    def release(self, base: Buffer, result: LocalResult, round_: int) -> tuple[LocalResult, str]:
        """Count the round, then noise its update; return it, and the ε spent up to and with it, for its metadata.

        The losses are figures of the private data too, without noise: they are left out (zero).

        Raises
        ------
        BudgetSpent
            The round does not fit.
        StoreError
            It cannot be written down.
        """
        self.check(round_)
        releases = [*self._releases, self._release(round_)]
        _write(self._file, releases)
        self._releases = releases
        self._after.append(self._cost(releases))
        state = privatise(
            base, result.state, max_norm=self.terms.max_norm,
            noise_multiplier=self.terms.noise_multiplier, noise=Noise(self._key),
        )  # fmt: skip
        return replace(result, state=state, loss_before=0, loss_after=0), decimal(self.spent)

    def document(self) -> dict[str, Any]:
        """Return what the device's status says: ε in all and after each round."""
        terms, pairs = self.terms, zip(self._releases, self._after[1:], strict=True)
        return {
            "epsilon": decimal(self.spent), "delta": terms.delta, "budgetEpsilon": terms.budget_epsilon,
            "noiseMultiplier": terms.noise_multiplier, "maxNorm": terms.max_norm,
            "rounds": {str(one.round): decimal(after) for one, after in pairs},
        }  # fmt: skip

    def _cost(self, releases: list[Release]) -> float:
        return epsilon(releases, self.terms.delta)

    def _release(self, round_: int) -> Release:
        return Release(round_, self.terms.noise_multiplier)


def epsilon(releases: list[Release], delta: float) -> float:
    """Return what Opacus's RDP accountant says of these releases together, each of all the data (no sampling)."""
    if not releases:
        return 0.0
    try:
        from opacus.accountants import RDPAccountant
    except ImportError:
        raise ConfigError(
            "differential privacy needs Opacus, which is not installed",
            value="device.dp",
            remedy="Run: pip install 'minerva[dp]'",
        ) from None
    accountant = RDPAccountant()
    counts = Counter(
        one.noise_multiplier for one in releases
    )  # in which order they were matters to no accountant
    accountant.history = [(noise, 1.0, count) for noise, count in counts.items()]
    return float(accountant.get_epsilon(delta, alphas=[*RDPAccountant.DEFAULT_ALPHAS, *_MORE_ORDERS]))


def decimal(value: float) -> str:
    """Write an ε with four decimals, rounded up."""
    return str(Decimal(value).quantize(_DECIMALS, ROUND_CEILING))


def _read(file: Path) -> list[Release]:
    try:
        document = json.loads(file.read_bytes())
        releases = [Release(**entry) for entry in document["releases"]]
        if not all(type(one.round) is int and 0 < one.noise_multiplier < math.inf for one in releases):
            raise ValueError
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            "the device's privacy account cannot be read, so nobody knows what was spent",
            value=f"{file}: {type(error).__name__}",
            remedy="Restore it from a backup; a new one would forget rounds.",
        ) from None
    return releases


def _write(file: Path, releases: list[Release]) -> None:
    """Replace the account; it and its name lie on the disk when this returns."""
    entries = [{"round": one.round, "noise_multiplier": one.noise_multiplier} for one in releases]
    try:
        replace_file(file, json.dumps({"releases": entries}).encode())
    except OSError as error:
        raise StoreError(
            "the device's privacy account cannot be written",
            value=f"{file}: {error.strerror}",
            remedy="Free some space or name another folder with --state.",
        ) from None
