"""Rules 1 to 5 over the updates of a round, as records and contents arrive (docs/SPECIFICATION.md, V1-V12)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np

from minerva.errors import StoreError, VerificationFailed
from minerva.learning.numbers import Float64
from minerva.learning.similarity import elements, inner_products, is_untrained
from minerva.learning.weights import UpdateRefused, Weights, check_update, parse
from minerva.protocol.ballots import ACCEPT
from minerva.protocol.history import Registration
from minerva.protocol.manifest import RuleParameters, TensorSpec
from minerva.protocol.reasons import Reason
from minerva.protocol.records import Address, PlacedUpdate, Update
from minerva.protocol.rules import judge_record
from minerva.verification.bands import certain_copies, judge_products
from minerva.verification.spool import Spool
from minerva.verification.useful import judge_losses

log = logging.getLogger(__name__)


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
        A folder on disk for the contents, which rules 4 and 5 compare. Without one they stay in memory.
    holdout
        Gives a model's loss on data of one's own; without it rule 6 is not judged.

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
        holdout: Callable[[Weights], float] | None = None,
    ) -> None:
        self._federation, self._round, self._spec, self._rules = federation, round, spec, rules
        self._max_bytes = max_bytes
        self._base = _model(base, spec)
        self._spool = Spool(spool) if spool else None
        self._lock, self._comparing = Lock(), Lock()  # a comparison takes long, taking note does not
        self._records: dict[Update, _Record] = {}
        self._contents: dict[Update, Weights | Reason] = {}
        self._products: dict[Update, dict[Update, float]] = {}
        self._elements = elements(self._base)
        self._holdout, self._losses = holdout, dict[Update, float]()
        self._base_loss = holdout(self._base) if holdout else 0.0

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
            Why the content by itself is refused; rules 4 and 5 need the others too.
        """
        found = content if isinstance(content, Reason) else self._examine(placed.update, content)
        with self._lock:
            if not isinstance(self._contents.get(placed.update), Weights):
                self._contents[placed.update] = found
            passing = self._passing(placed.update)
        if passing:
            self._compare(placed.update)
            self._measure(placed.update)
        return found if isinstance(found, Reason) else None

    def reasons(self, updates: Sequence[PlacedUpdate], *, complete: bool = True) -> list[Reason | None]:
        """Say for each update of the round why it is refused, None where it is not.

        Without ``complete`` contents of the round may be lacking: rules 4 and 5 then say only what no further
        update can change, that one is a copy by *copy_cosine_ppm*.

        The first of these that applies: rule 3's reason, unavailable or too large, rule 2's, untrained, copy,
        combination, out of bound.

        Raises
        ------
        ValueError
            `record` was not called for one of them.
        """
        with self._comparing, self._lock:
            for placed in updates:
                self._renew(placed)
            passing = [placed for placed in updates if self._passing(placed.update)]
            found = self._compared(passing, complete)
            return [self._reason(placed.update) or found.get(placed.update) for placed in updates]

    def verdicts(self, updates: Sequence[PlacedUpdate]) -> bytes:
        """Return the ballot over the updates of the round: one byte for each, in their order (R4)."""
        reasons = self.reasons(updates)
        passing = [placed.update for placed, reason in zip(updates, reasons, strict=True) if reason is None]
        losses = [self._measure(update) for update in passing] if self._holdout else []
        scores = judge_losses(self._base_loss, losses, self._rules) if losses else [ACCEPT] * len(passing)
        found = dict(zip(passing, scores, strict=True))
        return bytes(
            found[placed.update] if reason is None else reason
            for placed, reason in zip(updates, reasons, strict=True)
        )

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
        """Why an update is refused whatever the others are."""
        content = self._contents.get(update, Reason.UNAVAILABLE)
        return self._records[update].reason or (content if isinstance(content, Reason) else None)

    def _passing(self, update: Update) -> bool:
        return update in self._records and self._reason(update) is None

    def _renew(self, placed: PlacedUpdate) -> None:
        """Judge a record again if a re-organisation moved it."""
        record = self._records.get(placed.update)
        if record is None:
            raise ValueError(f"no record of the update of {placed.update.device}")
        if record.placed != placed:
            self._records[placed.update] = self._judge(
                placed, record.registration, record.rate_ns, record.opened_at
            )

    # Rules 4 and 5 compare the updates that rules 1 to 3 pass and that were trained.

    def _compare(self, update: Update) -> None:
        with self._comparing:
            self._multiply(update)

    def _multiply(self, update: Update) -> None:
        """Take the inner products of an update that passes with itself and with those that are there already."""
        if update in self._products:
            return
        others = [*self._products, update]
        own, *weights = self._weights([update, *others])
        found = inner_products(own, weights, self._base)
        self._products[update] = {}
        for other, product in zip(others, found, strict=True):
            self._products[update][other] = self._products[other][update] = product

    def _compared(self, passing: list[PlacedUpdate], complete: bool) -> dict[Update, Reason | None]:
        updates = [placed.update for placed in sorted(passing, key=lambda placed: placed.position)]
        for update in updates:
            self._multiply(update)
        if not updates:
            return {}
        products: Float64 = np.array([[self._products[one][other] for other in updates] for one in updates])
        judge = partial(judge_products, elements=self._elements) if complete else certain_copies
        return dict(zip(updates, judge(products, rules=self._rules), strict=True))

    def _measure(self, update: Update) -> float:
        """Return the loss with an update on the own data, measured once; 0 where there is none."""
        if self._holdout is not None and update not in self._losses:
            (weights,) = self._weights([update])
            self._losses[update] = self._holdout(weights)
        return self._losses.get(update, 0.0)

    def _weights(self, updates: list[Update]) -> list[Weights]:
        found = (self._contents[update] for update in updates)
        return [weights for weights in found if isinstance(weights, Weights)]


def _model(data: bytes, spec: tuple[TensorSpec, ...]) -> Weights:
    try:
        model = parse(data)
    except UpdateRefused as refusal:
        raise VerificationFailed("the global model cannot be read", value=refusal) from None
    if model.specs != spec:
        raise VerificationFailed("the global model's tensors are not the manifest's")
    return model
