"""Collects what the others sign of candidates, and reports whoever contradicts itself (docs/SPECIFICATION.md, S7)."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from minerva.chain.port import Actor, Chain, Change, Receipt
from minerva.endpoints import Endpoints, body
from minerva.errors import ContentUnavailable, ContractReverted, MinervaError
from minerva.miner.ledger import Ledger
from minerva.miner.settings import MinerSettings
from minerva.miner.statement_book import MOST_STATEMENTS, StatementBook
from minerva.protocol import events
from minerva.protocol.evidence import Evidence, Malformed, Signed
from minerva.protocol.history import History
from minerva.protocol.records import Address
from minerva.protocol.stake_actions import Report
from minerva.protocol.state import MinerInfo
from minerva.protocol.statements import Branch, StatementKind, statement_digest

log = logging.getLogger(__name__)

ROUNDS = 3
"""Rounds that are asked for: the running one, and those before it for whoever was slow."""
_MOST_BYTES = 2 << 20
_MOST_PAGES = 20
_MOST_PROPOSALS = 2
"""Of one account and branch: two are an offence already."""
_MOST_TRIES = 5
_LONGEST_SKIP = 64
_MOST_UNSIGNED = 64
"""Statements of one answer whose accounts' contracts know nothing of them."""
_SHIFTING = (
    events.RoundOpened, events.VerificationClosed, events.BlockProposed, events.MinerJoined,
    events.EndpointChanged,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Watched:
    """A round of which statements count: where, of which candidates, and whose."""

    branch: Branch
    candidates: frozenset[bytes]
    accounts: frozenset[Address]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the chain says: the rounds that are watched, where the others answer, and how many report before this miner."""

    rounds: tuple[Watched, ...] = ()
    endpoints: tuple[str, ...] = ()
    place: int = 0


def shifts(change: Change) -> bool:
    """Whether a change of the chain changes the outlook."""
    return bool(change.removed) or any(isinstance(entry.event, _SHIFTING) for entry in change.added)


def outlook(history: History, members: Mapping[int, MinerInfo], genesis: bytes, owner: Address) -> Outlook:
    """Take the last rounds from the logs; ``members`` are the miners by index now, ``genesis`` is the parent of block 1."""
    current = history.current
    if current is None:
        return Outlook()
    watched = []
    for number in range(max(1, current.round - ROUNDS + 1), current.round + 1):
        record = history.round(number)
        if record.updates_root is None or record.ballots_root is None:
            continue
        if record.candidates:
            parent = record.candidates[-1].header.parent
        else:
            before = [block.hash() for block in history.blocks if block.round < number]
            parent = before[-1] if before else genesis
        branch = (number, parent, record.updates_root, record.ballots_root)
        candidates = frozenset(candidate.hash for candidate in record.candidates)
        watched.append(Watched(branch, candidates, frozenset(m.owner for m in record.miners.values())))
    order = [members[index].owner for index in sorted(members)]
    others = [info.endpoint for info in members.values() if info.owner != owner and info.endpoint]
    place = (order.index(owner) - current.round) % len(order) if owner in order else len(order)
    return Outlook(tuple(watched), tuple(dict.fromkeys(others)), place)


class Witness:
    """Asks the others every ``statement_seconds``, in a thread of its own, which also waits for receipts.

    Parameters
    ----------
    statements
        Where statements are kept.
    ledger
        Where the reports' costs are noted.
    """

    def __init__(
        self, chain: Chain, actor: Actor, federation: Address, statements: StatementBook, ledger: Ledger,
        settings: MinerSettings,
    ) -> None:  # fmt: skip
        self._chain, self._actor, self._federation = chain, actor, federation
        self._book, self._ledger, self._settings = statements, ledger, settings
        self._endpoints = Endpoints(local=settings.private_network)
        self._outlook = Outlook()
        self._silent: dict[str, tuple[int, int]] = {}
        self._due: dict[tuple[Address, int], float] = {}
        self._tries: dict[tuple[Address, int], int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Ask no more, and wait for what is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def look(self, outlook: Outlook) -> None:
        """Take in what the chain says now; from any thread."""
        self._outlook = outlook

    def sweep(self) -> None:
        """Ask everybody once, and report what is to be reported."""
        now = self._outlook
        for endpoint in now.endpoints:
            skip, failures = self._silent.get(endpoint, (0, 0))
            if self._stop.is_set():
                return
            if skip:
                self._silent[endpoint] = (skip - 1, failures)
                continue
            try:
                for watched in now.rounds:
                    self._ask(endpoint, watched)
                self._silent.pop(endpoint, None)
            except (ContentUnavailable, Malformed) as error:
                self._silent[endpoint] = (min(1 << failures, _LONGEST_SKIP), min(failures + 1, 6))
                log.info("no statements from %s: %s", endpoint, error)
        if now.rounds:
            self._book.forget(now.rounds[-1].branch[0])
        for evidence in self._book.offences():
            self._report(evidence, now.place)

    def _run(self) -> None:
        while not self._stop.wait(self._settings.statement_seconds):
            try:
                self.sweep()
            except MinervaError as error:
                log.error("%s", error)
            except Exception:
                log.exception("a fault in the witness")

    # -- collecting ------------------------------------------------------------------------------------------

    def _ask(self, endpoint: str, watched: Watched) -> None:
        """Take in what a miner knows of a round; raises `ContentUnavailable`, `Malformed` or `ChainError`.

        A statement that its account's contract does not know is left out: the contract may have known it when it was passed
        on, and whoever passed it on is not to blame for that.
        """
        unsigned = 0
        for signed in self._statements(endpoint, watched.branch[0]):
            if not self._counts(signed, watched) or self._book.knows(signed):
                continue
            if not self._is_signed(signed):
                unsigned += 1
                if unsigned == _MOST_UNSIGNED:
                    raise Malformed(f"{unsigned} signatures that are by nobody")
                continue
            evidence = self._book.add(signed)
            if evidence is not None:
                log.warning(
                    "round %d: %s signed two statements that contradict each other",
                    evidence.round,
                    evidence.account,
                )
                self._write(evidence)

    def _write(self, evidence: Evidence) -> None:
        """Leave the evidence for whoever reports it by hand."""
        file = self._settings.state / "evidence" / f"{evidence.round}-{evidence.account}.json"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(evidence.document(), indent=2), encoding="utf-8")
        except OSError as error:
            log.error("the evidence cannot be written: %s: %s", file, error.strerror)

    def _statements(self, endpoint: str, round_: int) -> Iterator[Signed]:
        deadline = time.monotonic() + self._settings.statement_timeout_seconds
        for page in range(_MOST_PAGES):
            path = f"statements/{round_}?{urlencode({'offset': page * MOST_STATEMENTS})}"
            left = max(0.0, deadline - time.monotonic())
            with self._endpoints.request("GET", endpoint, path, left) as answer:
                data = body(answer, _MOST_BYTES + 1)
                status = answer.status
            if status != 200 or len(data) > _MOST_BYTES:
                raise Malformed(f"status {status}, {len(data)} bytes")
            try:
                statements = json.loads(data)["statements"]
            except (ValueError, LookupError, TypeError, RecursionError):
                raise Malformed("no statements in JSON") from None
            if not isinstance(statements, list) or len(statements) > MOST_STATEMENTS:
                raise Malformed("no list of statements")
            yield from (Signed.parse(document) for document in statements)
            if len(statements) < MOST_STATEMENTS:
                return

    def _counts(self, signed: Signed, watched: Watched) -> bool:
        """Whether a statement is of the round: so that nobody can fill the book with what is not."""
        s = signed.statement
        if s.federation != self._federation or s.branch != watched.branch:
            return False
        if signed.account not in watched.accounts:
            return False
        if s.kind is StatementKind.PROPOSED:
            return self._book.proposals(signed.account, s.branch) < _MOST_PROPOSALS
        return s.candidate in watched.candidates

    def _is_signed(self, signed: Signed) -> bool:
        book = self._book
        if signed.by_key(book.chain_id, book.vault):
            return True
        digest = statement_digest(signed.statement, book.chain_id, book.vault)
        return self._chain.is_signed(signed.account, digest, signed.signature)

    # -- reporting -------------------------------------------------------------------------------------------

    def _report(self, evidence: Evidence, place: int) -> None:
        """Send evidence, after those whose turn is earlier: the vault pays the first alone, and the others' gas is lost."""
        key = (evidence.account, evidence.round)
        if evidence.account == self._actor.address:
            log.error("round %d: this miner's own key contradicts itself: does it run twice?", evidence.round)
            self._book.settle(*key, "the own key's")
            return
        now = time.monotonic()
        if now < self._due.setdefault(key, now + place * self._settings.statement_seconds):
            return
        began, error, receipt = time.perf_counter(), "", None
        action = Report(self._federation, self._book.vault, evidence)
        try:
            receipt = self._actor.send(action, timeout=self._settings.send_seconds)
        except MinervaError as refusal:
            error = str(refusal)
            self._refused(key, refusal)
        ms = 1000 * (time.perf_counter() - began)
        self._ledger.action(evidence.round, "Report", action.intent, receipt=receipt, ms=ms, error=error)
        if isinstance(receipt, Receipt):
            self._book.settle(*key, "reported")
            log.warning("round %d: reported %s for equivocation", evidence.round, evidence.account)

    def _refused(self, key: tuple[Address, int], refusal: MinervaError) -> None:
        tries = self._tries[key] = self._tries.get(key, 0) + 1
        if isinstance(refusal, ContractReverted) and refusal.name == "StakeVaultPunishedAlready":
            self._book.settle(*key, "punished already")
        elif isinstance(refusal, ContractReverted) and tries >= _MOST_TRIES:
            self._book.settle(*key, f"refused: {refusal.name}")
        else:
            log.log(logging.ERROR if tries == 1 else logging.DEBUG, "round %d: %s", key[1], refusal)
        pause = self._settings.statement_seconds * min(2**tries, _LONGEST_SKIP)
        self._due[key] = time.monotonic() + pause
