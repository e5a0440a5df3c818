"""What others signed is collected with care, and who contradicts itself is reported once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from federation_driver import address
from signing_scene import CHAIN_ID, FEDERATION, HEADER, KEYS, OTHER, VAULT, signed

from minerva.chain.port import Receipt
from minerva.errors import ChainUnreachable, ContractReverted
from minerva.miner.api import MinerServer, create_app
from minerva.miner.ledger import Ledger
from minerva.miner.settings import MinerSettings
from minerva.miner.statement_book import MOST_STATEMENTS, StatementBook
from minerva.miner.witness import Outlook, Watched, Witness
from minerva.protocol.evidence import Evidence, Signed
from minerva.protocol.statements import StatementKind, branch_of

PROPOSED, APPROVED, REJECTED = StatementKind
WATCHED = Watched(
    branch_of(HEADER), frozenset({HEADER.hash(), OTHER.hash()}), frozenset(key.address for key in KEYS[:4])
)
RECEIPT = Receipt(b"\7" * 32, 5, b"\6" * 32, 90_000, 10**15, ())


class Actor:
    """Key 0's, whose reports a test answers."""

    def __init__(self) -> None:
        self.address = KEYS[0].address
        self.sent: list[Any] = []
        self.answers: list[Any] = []

    def send(self, action: Any, *, timeout: float = 60.0) -> Receipt:
        self.sent.append(action)
        answer = self.answers.pop(0) if self.answers else RECEIPT
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]


class Site:
    """A witness, its book, and the others' APIs."""

    def __init__(self, folder: Path) -> None:
        self.actor, self.smart = Actor(), set[bytes]()
        self.chain_fault: Exception | None = None
        self.book = StatementBook(":memory:", chain_id=CHAIN_ID, vault=VAULT)
        ledger = Ledger(":memory:", federation=FEDERATION, chain_id=CHAIN_ID, address=self.actor.address)
        self.asked: list[bytes] = []
        chain = SimpleNamespace(is_signed=self._is_signed)
        self.settings = MinerSettings(folder, statement_seconds=0.0, private_network=True)
        self.witness = self.make(chain, ledger)
        self._closing: list[Callable[[], None]] = []
        self.endpoints: list[str] = []

    def _is_signed(self, account: str, digest: bytes, signature: bytes) -> bool:
        self.asked.append(signature)
        if self.chain_fault is not None:
            raise self.chain_fault
        return signature in self.smart

    def make(self, chain: Any, ledger: Ledger) -> Witness:
        return Witness(chain, self.actor, FEDERATION, self.book, ledger, self.settings)  # type: ignore[arg-type]

    def miner(self, *statements: Signed) -> StatementBook:
        """Another miner with its real API, and what it knows."""
        book = StatementBook(":memory:", chain_id=CHAIN_ID, vault=VAULT)
        for one in statements:
            book.add(one)
        view: Any = SimpleNamespace(statements=book)
        server = MinerServer(create_app(view)).start()
        self._closing.append(server.stop)
        self.endpoints.append(server.url)
        return book

    def stranger(self, body: bytes, status: int = 200) -> list[str]:
        """An API that answers with these bytes; returns the paths that it was asked for."""
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self._closing += [server.shutdown, server.server_close]
        self.endpoints.append(f"http://127.0.0.1:{server.server_port}")
        return asked

    def sweep(self, *, watched: Watched = WATCHED, place: int = 0) -> list[Signed]:
        self.witness.look(Outlook((watched,), tuple(self.endpoints), place))
        self.witness.sweep()
        return self.book.of_round(1)

    def close(self) -> None:
        for close in self._closing:
            close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.close()


def served(*statements: object) -> bytes:
    documents = [one.document() if isinstance(one, Signed) else one for one in statements]
    return json.dumps({"statements": documents}).encode()


# -- contradictions ----------------------------------------------------------------------------------------


def test_two_candidates_of_one_miner_are_reported_once(site: Site) -> None:
    """S7: shown to two miners, one each."""
    site.miner(signed(1, PROPOSED))
    site.miner(signed(1, PROPOSED, OTHER))
    for _ in range(3):
        site.sweep()
    (report,) = site.actor.sent
    assert (report.federation, report.vault, report.evidence.account) == (
        FEDERATION,
        VAULT,
        KEYS[1].address,
    )
    assert report.evidence.objection() == ""
    (left,) = (site.settings.state / "evidence").iterdir()
    assert Evidence.parse(json.loads(left.read_text())) == report.evidence


def test_an_approval_and_a_rejection_are_reported(site: Site) -> None:
    site.miner(signed(2, APPROVED), signed(2, REJECTED))
    site.sweep()
    assert [report.evidence.account for report in site.actor.sent] == [KEYS[2].address]


def test_honest_statements_are_kept_passed_on_and_prove_nothing(site: Site) -> None:
    said = [signed(1, PROPOSED), signed(2, APPROVED), signed(3, REJECTED), signed(1, APPROVED, OTHER)]
    site.miner(*said)
    assert site.sweep() == said
    assert site.actor.sent == []


def test_the_own_key_is_not_reported_by_itself(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The vault pays nobody for that; the operator must hear of it."""
    site.book.add(signed(0, PROPOSED))
    site.miner(signed(0, PROPOSED, OTHER))
    site.sweep()
    assert site.actor.sent == []
    assert "this miner's own key contradicts itself" in caplog.text


def test_later_turns_leave_the_report_to_the_first(site: Site) -> None:
    site.settings = replace(site.settings, statement_seconds=60.0)
    site.witness._settings = site.settings
    site.miner(signed(1, PROPOSED), signed(1, PROPOSED, OTHER))
    site.sweep(place=2)
    assert site.actor.sent == []


# -- what becomes of a report --------------------------------------------------------------------------------


def test_punished_already_is_the_end_of_it(site: Site) -> None:
    site.actor.answers = [ContractReverted("StakeVaultPunishedAlready", (KEYS[1].address, 1))]
    site.miner(signed(1, PROPOSED), signed(1, PROPOSED, OTHER))
    for _ in range(3):
        site.sweep()
    assert len(site.actor.sent) == 1


def test_a_silent_chain_is_tried_again(site: Site) -> None:
    site.actor.answers = [ChainUnreachable("no answer"), ChainUnreachable("no answer")]
    site.miner(signed(1, PROPOSED), signed(1, PROPOSED, OTHER))
    for _ in range(5):
        site.sweep()
    assert len(site.actor.sent) == 3


def test_a_restart_reports_what_was_found_before(tmp_path: Path) -> None:
    file = tmp_path / "statements.sqlite"
    book = StatementBook(file, chain_id=CHAIN_ID, vault=VAULT)
    book.add(signed(1, PROPOSED))
    book.add(signed(1, PROPOSED, OTHER))
    book.close()
    again = StatementBook(file, chain_id=CHAIN_ID, vault=VAULT)
    assert [evidence.account for evidence in again.offences()] == [KEYS[1].address]
    again.settle(KEYS[1].address, 1, "reported")
    assert again.offences() == []
    again.close()


# -- replays -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"federation": address(0xBAD)}, {"chain_id": 1}, {"vault": address(0xBAD)}, {"round": 2},
        {"parent": b"\xee" * 32}, {"updates_root": b"\xee" * 32}, {"ballots_root": b"\xee" * 32},
    ],
)  # fmt: skip
def test_what_was_signed_elsewhere_is_worth_nothing(site: Site, changes: dict[str, Any]) -> None:
    """S7: another federation, chain, vault, round or branch."""
    site.stranger(served(signed(1, PROPOSED), signed(1, PROPOSED, OTHER, **changes)))
    assert [one.statement.candidate for one in site.sweep()] == [HEADER.hash()]
    assert site.actor.sent == []


def test_a_statement_under_another_name_is_worth_nothing(site: Site) -> None:
    forged = replace(signed(1, PROPOSED, OTHER), account=KEYS[2].address)
    site.stranger(served(signed(2, PROPOSED), forged))
    assert site.sweep() == [signed(2, PROPOSED)]
    assert site.actor.sent == []


# -- hostile input -------------------------------------------------------------------------------------------


def test_strangers_and_made_up_candidates_do_not_fill_the_book(site: Site) -> None:
    made_up = [signed(1, kind, candidate=bytes([n]) * 32) for n in range(20) for kind in (APPROVED, REJECTED)]
    many = [signed(2, PROPOSED, candidate=bytes([n]) * 32) for n in range(20)]
    site.stranger(served(*made_up, *many, signed(5, PROPOSED)))
    assert len(site.sweep()) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"{}", b'{"statements": 1}', b'{"statements": [1]}', b"\xff", b"[" * 100_000,
        b'{"statements": [' + b'{"account": "0x"},' * 3 + b"{}]}", b"9" * 5000, b"x" * (3 << 20),
        json.dumps({"statements": [{}] * (MOST_STATEMENTS + 1)}).encode(),
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_an_answer_that_is_none_costs_its_sender_only(site: Site, body: bytes) -> None:
    site.stranger(body)
    site.miner(signed(1, PROPOSED))
    assert site.sweep() == [signed(1, PROPOSED)]


@pytest.mark.parametrize(
    "changes",
    [
        {"account": "0x12"}, {"account": 5}, {"round": "1"}, {"round": True}, {"round": -1}, {"round": 1 << 40},
        {"kind": "VOTED"}, {"kind": 0}, {"parent": "0x00"}, {"candidate": "0x" + "zz" * 32}, {"candidate": None},
        {"signature": "0x" + "00" * 5000}, {"signature": "0x0"}, {"signature": "ab"}, {"extra": 1},
    ],
)  # fmt: skip
def test_a_malformed_statement_ends_the_answer(site: Site, changes: dict[str, Any]) -> None:
    site.stranger(served(signed(1, PROPOSED).document() | changes, signed(2, APPROVED)))
    assert site.sweep() == []


def test_a_redirection_is_not_followed(site: Site) -> None:
    asked = site.stranger(b"", status=302)
    site.sweep()
    assert asked == ["/statements/1?offset=0"]


def test_who_answers_nonsense_is_asked_less_and_less(site: Site) -> None:
    asked = site.stranger(b"nonsense")
    for _ in range(20):
        site.sweep()
    assert 3 <= len(asked) <= 6


def test_private_addresses_are_not_asked_unless_allowed(site: Site) -> None:
    """An endpoint is a stranger's word: it may name what only this machine can reach."""
    site.settings = replace(site.settings, private_network=False)
    careful = site.make(SimpleNamespace(), site.witness._ledger)
    asked = site.stranger(served())
    careful.look(Outlook((WATCHED,), tuple(site.endpoints)))
    careful.sweep()
    assert asked == []


def test_a_smart_account_is_believed_when_its_contract_says_so(site: Site) -> None:
    """ERC-1271: its signature has any form."""
    first = replace(signed(1, APPROVED), signature=b"by its contract")
    forged = replace(signed(1, REJECTED), signature=b"by nobody")
    site.smart = {b"by its contract"}
    site.stranger(served(first, forged))
    assert site.sweep() == [first]


def test_a_contract_that_changes_its_mind_silences_nobody_else(site: Site) -> None:
    """Whoever passed its statement on was honest: the contract knew it then."""
    flipped = replace(signed(1, PROPOSED), signature=b"no more")
    site.stranger(served(flipped, signed(2, PROPOSED), signed(2, PROPOSED, OTHER)))
    assert site.sweep() == [signed(2, PROPOSED), signed(2, PROPOSED, OTHER)]
    assert [report.evidence.account for report in site.actor.sent] == [KEYS[2].address]


def test_contracts_are_asked_so_often_and_no_more(site: Site) -> None:
    forged = [replace(signed(1, APPROVED), signature=bytes([n])) for n in range(200)]
    asked = site.stranger(served(*forged, signed(2, APPROVED)))
    for _ in range(4):
        assert site.sweep() == []
    assert len(asked) < 4 and len(site.asked) == 64 * len(asked)


def test_a_chain_that_does_not_answer_says_nothing_of_a_signature(site: Site) -> None:
    said = replace(signed(1, APPROVED), signature=b"by its contract")
    site.smart, site.chain_fault = {b"by its contract"}, ChainUnreachable("no answer")
    site.stranger(served(said))
    with pytest.raises(ChainUnreachable):
        site.sweep()
    site.chain_fault = None
    assert site.sweep() == [said], "asked again at once, not after a pause"


def test_pages_are_read_to_the_end(site: Site) -> None:
    others = [
        signed(1, PROPOSED, candidate=n.to_bytes(32), parent=b"\xee" * 32) for n in range(MOST_STATEMENTS)
    ]
    site.miner(*others, signed(2, APPROVED))
    assert site.sweep() == [signed(2, APPROVED)]


def test_an_offset_that_is_none_is_refused_in_json(site: Site) -> None:
    site.miner()
    answer = requests.get(f"{site.endpoints[0]}/statements/1", params={"offset": -1}, timeout=10)
    assert answer.status_code == 422 and set(answer.json()) == {"error", "value", "remedy"}
    assert requests.get(f"{site.endpoints[0]}/statements/{1 << 70}", timeout=10).json()["statements"] == []
