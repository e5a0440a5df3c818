"""One block of the chain against the block that its round gives."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from minerva.errors import ContentTooLarge, StoreError, StoreUnreachable, VerificationFailed
from minerva.protocol.ballots import Outcome
from minerva.protocol.blocks import MAX_BODY_BYTES
from minerva.protocol.cid import Cid
from minerva.protocol.header import Header
from minerva.protocol.history import History
from minerva.protocol.reasons import Reason, words
from minerva.protocol.records import PlacedUpdate
from minerva.store.cid import cid_of
from minerva.store.port import Store
from minerva.verification.combining import aggregate, most_state_bytes, state_named
from minerva.verification.derive import Decision, Genesis, Parent, decide
from minerva.verification.differences import differing_body, differing_byte
from minerva.verification.judge import Judge


class Missing(Exception):
    """Something could not be fetched; the text says what and why."""


class Fetch:
    """Fetches for an audit: each within its own time, a failure as `Missing`."""

    def __init__(self, store: Store, timeout: float) -> None:
        self._store, self._timeout = store, timeout

    def __call__(self, cid: Cid, max_bytes: int, what: str) -> bytes:
        """Return the bytes behind ``cid``; raises `Missing`, or `VerificationFailed` past ``max_bytes``."""
        data = self.bounded(cid, max_bytes, what)
        if data is None:
            raise VerificationFailed(f"{what} is longer than {max_bytes} bytes", value=cid)
        return data

    def bounded(self, cid: Cid, max_bytes: int, what: str) -> bytes | None:
        """Return the bytes behind ``cid``, None when they are more than ``max_bytes``; raises `Missing`."""
        try:
            return self._store.get(cid, max_bytes=max_bytes, timeout=self._timeout)
        except ContentTooLarge:
            return None
        except StoreUnreachable:
            raise
        except StoreError as error:
            raise Missing(f"{what}, {cid}: {error}") from error


class BlockCheck:
    """Everything that can be checked of one block.

    Parameters
    ----------
    genesis, history
        The federation's.
    fetch
        Where contents come from.
    header
        The block's header, from ``history``.
    """

    def __init__(self, genesis: Genesis, history: History, fetch: Fetch, header: Header) -> None:
        self._genesis, self._history, self._fetch, self._header = genesis, history, fetch, header
        self._record = history.round(header.round)

    def __call__(self) -> list[str]:
        """Derive the block again.

        Returns
        -------
        list of str
            Refusals that could not be checked.

        Raises
        ------
        VerificationFailed
            Naming the first difference.
        Missing
            What is needed could not be fetched.
        """
        parent = self._parent()
        decision = decide(self._genesis, self._record, parent, self._history)
        stated_root, root = self._header.accepted_root.hex(), decision.accepted_root.hex()
        if stated_root != root:
            raise VerificationFailed(f"header.acceptedRoot says 0x{stated_root}, derives 0x{root}")
        proposed = decision.proposed(self._header.proposer)
        if self._header.body != proposed.body_cid:
            raise VerificationFailed(
                self._words_for("body", self._header.body, proposed.body, proposed.body_cid)
            )
        for name, stated, derived in (
            ("rewardsRoot", self._header.rewards_root.hex(), proposed.rewards_root.hex()),
            ("rewardsTotal", self._header.rewards_total, proposed.rewards_total),
            ("weights", self._header.weights, proposed.lanes),
        ):
            if stated != derived:
                raise VerificationFailed(f"header.{name} says {stated}, derives {derived}")
        with TemporaryDirectory(prefix="minerva-") as folder:
            return self._check_contents(parent, decision, Path(folder))

    def _parent(self) -> Parent:
        if self._header.number == 1:
            if self._header.parent != self._genesis.parent.hash:
                raise VerificationFailed("header.parent is not the genesis hash")
            return self._genesis.parent
        before = self._history.blocks[self._header.number - 2]
        return Parent.of(before, self._fetch(before.body, MAX_BODY_BYTES, "the parent's body"))

    def _check_contents(self, parent: Parent, decision: Decision, folder: Path) -> list[str]:
        genesis, record = self._genesis, self._record
        base = self._fetch(parent.model, genesis.max_model_bytes, "the parent's model")
        state = self._state(base)
        judge = Judge(
            genesis.federation, record.round, genesis.manifest.tensors, genesis.manifest.rules, base,
            genesis.max_model_bytes, spool=folder,
        )  # fmt: skip
        refused = []
        for position, (placed, outcome) in enumerate(zip(record.updates, decision.outcomes, strict=True)):
            registration = self._history.registration(placed.update.device, record.round)
            reason = judge.record(placed, registration, parent.rate(registration), record.opened_at)
            _check_record(position, outcome, reason)
            if not outcome.accepted and reason is None:
                refused.append((position, placed, outcome.reason))

        def content(placed: PlacedUpdate) -> bytes:
            data = self._accepted(placed)
            judge.admit(placed, data)
            return data

        made = aggregate(genesis, record, decision, base, content, state=state, spool=folder)
        model = made.model
        for placed, reason in zip(decision.accepted, judge.reasons(decision.accepted), strict=True):
            if reason is not None:
                raise VerificationFailed(
                    f"{_name(record.updates.index(placed))} is accepted, but {reason.words}"
                )
        not_checked = self._check_refused(judge, refused)
        model_cid = cid_of(model) if decision.accepted else parent.model
        if self._header.model != model_cid:
            raise VerificationFailed(self._words_for("model", self._header.model, model, model_cid))
        return not_checked

    def _state(self, model: bytes) -> bytes | None:
        """Return what the rule remembered after the parent, which the parent's model names."""
        most = most_state_bytes(self._genesis)
        named = state_named(model) if most else None
        return None if named is None else self._fetch(named, most, "the state of the aggregation rule")

    def _check_refused(self, judge: Judge, refused: list[tuple[int, PlacedUpdate, int]]) -> list[str]:
        """Compare the refusals that rest on bytes; return those whose bytes are not to be had."""
        held, not_checked = [], []
        for position, placed, code in refused:
            said = f"{_name(position)} is refused, {words(code)}"
            content = None if code == Reason.UNAVAILABLE else self._held(placed)
            if content is None:
                not_checked.append(f"block {self._header.number}: {said}")
            else:
                judge.admit(placed, content)
                held.append((position, code, said))
        reasons = judge.reasons(self._record.updates)
        complete = not not_checked
        for position, code, said in held:
            reason = reasons[position]
            if reason is None and code == Reason.COPY and not complete:
                not_checked.append(f"block {self._header.number}: {said}")
            elif reason != code:
                found = reason.words if reason else "no rule refuses it"
                raise VerificationFailed(f"{said}, but {found}")
        return not_checked

    def _accepted(self, placed: PlacedUpdate) -> bytes:
        what = f"the accepted update of {placed.update.device}"
        return self._fetch(placed.update.cid, self._genesis.max_model_bytes, what)

    def _held(self, placed: PlacedUpdate) -> bytes | Reason | None:
        try:
            data = self._fetch.bounded(placed.update.cid, self._genesis.max_model_bytes, "a refused update")
        except Missing:
            return None
        return Reason.TOO_LARGE if data is None else data

    def _words_for(self, name: str, stated: Cid, derived: bytes, derived_cid: Cid) -> str:
        what = f"header.{name} says {stated}, derives {derived_cid}"
        try:
            data = self._fetch(
                stated, MAX_BODY_BYTES if name == "body" else self._genesis.max_model_bytes, name
            )
        except (Missing, VerificationFailed) as error:
            return f"{what} ({error})"
        detail = (
            differing_body(data, derived) if name == "body" else f"model: {differing_byte(data, derived)}"
        )
        return f"{detail}; {what}"


_RULE_3 = range(Reason.TIME_EXCEEDS_CLOCK, Reason.NO_SAMPLES + 1)


def _check_record(position: int, outcome: Outcome, reason: Reason | None) -> None:
    """Rule 3 is a function of the chain, so that the outcome must be it."""
    if reason is not None and outcome.accepted:
        raise VerificationFailed(f"{_name(position)} is accepted, but {reason.words}")
    wrong = outcome.reason in _RULE_3 if reason is None else outcome.reason != reason
    if not outcome.accepted and wrong:
        found = "rule 3 does not refuse it" if reason is None else reason.words
        raise VerificationFailed(f"{_name(position)} is refused, {words(outcome.reason)}, but {found}")


def _name(position: int) -> str:
    return f"updates[{position}]"
