"""Rules 1 to 4 over the updates of a round, as records and contents arrive (docs/SPECIFICATION.md, V1-V9)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np

from minerva.errors import StoreError, VerificationFailed
from minerva.learning.similarity import OriginalityIndex, is_copy, is_untrained
from minerva.learning.weights import UpdateRefused, Weights, check_update, parse
from minerva.protocol.ballots import ACCEPT
from minerva.protocol.history import Registration
from minerva.protocol.manifest import RuleParameters, TensorSpec
from minerva.protocol.reasons import Reason
from minerva.protocol.records import Address, PlacedUpdate, Update
from minerva.protocol.rules import judge_record
from minerva.verification.spool import Spool

log = logging.getLogger(__name__)


class _Index(OriginalityIndex[Update]):
    """All that passed the other rules, copies included, in any order of arrival."""

    def near(self, weights: Weights) -> list[Update]:
        """Return the updates whose sketches do not rule a copy out."""
        _, sketch = self._measure(weights)
        close = self._sketches[: len(self)] @ sketch >= self._near
        return [self._keys[position] for position in np.flatnonzero(close)]


@dataclass(frozen=True, slots=True)
class _Record:
    placed: PlacedUpdate
    registration: Registration
    rate_ns: int
    opened_at: int
    reason: Reason | None


class Judge:
    """One miner's (or observer's) judgement of a round.

    All methods may be called from any thread and in any order. What they decide depends on what was admitted,
    never on the order in which it was.

    Parameters
    ----------
    federation
        The federation's contract.
    round
        The round's number.
    spec
        The genesis model's tensors, in the order of their names.
    rules
        The federation's rule parameters.
    base
        The bytes of the global model that the round started from.
    max_bytes
        Longest content of an update.
    spool
        A folder on disk for the contents, which rule 4 compares. Without one they stay in memory.

    Raises
    ------
    VerificationFailed
        ``base`` is not a model of these tensors.
    """

    def __init__(
        self,
        federation: Address,
        round: int,
        spec: tuple[TensorSpec, ...],
        rules: RuleParameters,
        base: bytes,
        max_bytes: int,
        *,
        spool: Path | None = None,
    ) -> None:
        self._federation, self._round, self._spec, self._rules = federation, round, spec, rules
        self._max_bytes = max_bytes
        self._base = _model(base, spec)
        self._spool = Spool(spool) if spool else None
        self._lock, self._comparing = Lock(), Lock()  # a comparison takes long, taking note does not
        self._records: dict[Update, _Record] = {}
        self._contents: dict[Update, Weights | Reason] = {}
        self._clear()

    def record(
        self, placed: PlacedUpdate, registration: Registration, rate_ns: int, opened_at: int
    ) -> Reason | None:
        """Judge a record by rule 3; again when a re-organisation moved it.

        Parameters
        ----------
        placed
            The record where it stands on the chain.
        registration
            The device's, in force in this round.
        rate_ns
            The device's calibrated rate in force, `Parent.rate`.
        opened_at
            `RoundRecord.opened_at`, in seconds.

        Returns
        -------
        Reason or None
            Why it is refused whatever its content: that need not be fetched.
        """
        record = self._judge(placed, registration, rate_ns, opened_at)
        with self._lock:
            self._records[placed.update] = record
            passing = self._passing(placed.update)
        if passing:
            self._compare(placed.update)
        return record.reason

    def admit(self, placed: PlacedUpdate, content: bytes | Reason) -> Reason | None:
        """Judge a content by rules 2 and 4, or take note of why there is none.

        Parameters
        ----------
        placed
            The record that commits to the content.
        content
            Bytes that hash to the record's CID; else `Reason.UNAVAILABLE` or `Reason.TOO_LARGE`. Bytes that
            pass stay: a later failure to fetch them again changes nothing.

        Returns
        -------
        Reason or None
            Why the content by itself is refused; whether it is a copy is known only when all are there.
        """
        found = content if isinstance(content, Reason) else self._examine(placed.update, content)
        with self._lock:
            if not isinstance(self._contents.get(placed.update), Weights):
                self._contents[placed.update] = found
            passing = self._passing(placed.update)
        if passing:
            self._compare(placed.update)
        return found if isinstance(found, Reason) else None

    def reasons(self, updates: Sequence[PlacedUpdate]) -> list[Reason | None]:
        """Say for each update of the round why it is refused, None where it is not.

        The first of these that applies: rule 3's reason, unavailable or too large, rule 2's, untrained, copy.

        Raises
        ------
        ValueError
            `record` was not called for one of them.
        """
        with self._comparing, self._lock:
            self._arrange(updates)
            return [self._reason(placed.update) for placed in updates]

    def verdicts(self, updates: Sequence[PlacedUpdate]) -> bytes:
        """Return the ballot over the updates of the round: one byte for each, in their order (R4)."""
        return bytes(ACCEPT if reason is None else reason for reason in self.reasons(updates))

    def _judge(
        self, placed: PlacedUpdate, registration: Registration, rate_ns: int, opened_at: int
    ) -> _Record:
        reason = judge_record(
            placed, opened_at=opened_at, registration=registration, rate_ns=rate_ns, rules=self._rules
        )
        return _Record(placed, registration, rate_ns, opened_at, reason)

    def _examine(self, update: Update, content: bytes) -> Weights | Reason:
        try:
            weights = check_update(
                content, self._spec, federation=self._federation, round=self._round,
                device=update.device, max_bytes=self._max_bytes,
            )  # fmt: skip
        except UpdateRefused as refusal:
            return refusal.reason
        if is_untrained(weights, self._base):
            return Reason.UNTRAINED
        if self._spool is None:
            return weights
        try:
            return parse(self._spool.keep(content))
        except StoreError as error:
            log.warning("an update's content stays in memory: %s", error)
            return weights

    def _reason(self, update: Update) -> Reason | None:
        content = self._contents.get(update, Reason.UNAVAILABLE)
        refused = self._records[update].reason or (content if isinstance(content, Reason) else None)
        return refused or (Reason.COPY if update in self._copies else None)

    # Rule 4: a copy is nearly parallel with an earlier update that rules 1 to 3 pass and that was trained.

    def _clear(self) -> None:
        self._index = _Index(self._base, self._rules.copy_cosine_ppm)
        self._placed: dict[Update, tuple[int, int]] = {}
        self._copies: set[Update] = set()

    def _passing(self, update: Update) -> bool:
        record = self._records.get(update)
        return (
            record is not None and record.reason is None and isinstance(self._contents.get(update), Weights)
        )

    def _compare(self, update: Update) -> None:
        with self._comparing:
            if update not in self._placed:
                self._place(update)

    def _place(self, update: Update) -> None:
        """Compare an update whose record and content pass with those that are there already."""
        weights = self._contents[update]
        assert isinstance(weights, Weights)
        position = self._records[update].placed.position
        near = self._index.near(weights)
        earlier = (other for other in near if self._placed[other] < position)
        if any(self._same(update, other) for other in earlier):
            self._copies.add(update)
        later = {other for other in near if self._placed[other] > position} - self._copies
        self._copies |= {other for other in later if self._same(update, other)}
        self._index.add(update, weights)
        self._placed[update] = position

    def _same(self, update: Update, other: Update) -> bool:
        first, second = self._contents[update], self._contents[other]
        assert isinstance(first, Weights) and isinstance(second, Weights)
        return is_copy(first, second, self._base, self._rules.copy_cosine_ppm)

    def _arrange(self, updates: Iterable[PlacedUpdate]) -> None:
        """Compare afresh if a re-organisation changed what was compared or which is the earlier."""
        for placed in updates:
            record = self._records.get(placed.update)
            if record is None:
                raise ValueError(f"no record of the update of {placed.update.device}")
            if record.placed != placed:
                self._records[placed.update] = self._judge(
                    placed, record.registration, record.rate_ns, record.opened_at
                )
        wanted = {placed.update: placed.position for placed in updates if self._passing(placed.update)}
        if wanted != self._placed:
            self._clear()
            for update in sorted(wanted, key=lambda update: wanted[update]):
                self._place(update)


def _model(data: bytes, spec: tuple[TensorSpec, ...]) -> Weights:
    try:
        model = parse(data)
    except UpdateRefused as refusal:
        raise VerificationFailed("the global model cannot be read", value=refusal) from None
    if model.specs != spec:
        raise VerificationFailed("the global model's tensors are not the manifest's")
    return model
