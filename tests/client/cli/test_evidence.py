"""`minerva stake report` refuses what is no evidence before anything is sent, in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli_scene import Scene
from eth_account import Account
from federation_driver import address

from minerva.errors import ContractReverted
from minerva.protocol.evidence import Evidence, Signed
from minerva.protocol.stake import Stakes, StakeTerms
from minerva.protocol.stake_actions import Report
from minerva.protocol.statements import Statement, StatementKind, sign_statement

KEY, VAULT = Account.from_key(b"\7" * 32), address(0x5A)
FILE = Path("evidence.json")


def said(federation: str, kind: StatementKind, **changes: Any) -> Signed:
    roots = (b"\1" * 32, b"\2" * 32, b"\3" * 32, b"\4" * 32)
    statement = replace(Statement(federation, 1, *roots, kind), **changes)
    return Signed(KEY.address, statement, sign_statement(statement, KEY, 31337, VAULT))


def evidence(federation: str, **changes: Any) -> dict[str, Any]:
    pair = (said(federation, StatementKind.APPROVED), said(federation, StatementKind.REJECTED))
    document = Evidence(31337, VAULT, *pair).document() | changes
    FILE.write_text(json.dumps(document), encoding="utf-8")
    return document


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[1]", b"\xff\xfe", b"[" * 60_000, b"x" * (1 << 17), b'{"chainId": 1}', b"9" * 9000],
    ids=lambda data: repr(data[:12]),
)
def test_a_file_without_evidence(run: Any, scene: Scene, data: bytes) -> None:
    FILE.write_bytes(data)
    ended = run("stake", "report", FILE)
    assert ended.status == 2
    assert ended.line.startswith("minerva: the file holds no evidence: evidence.json: ")


def test_no_file(run: Any, scene: Scene) -> None:
    assert "the evidence cannot be read: evidence.json: No such file" in run("stake", "report", FILE).line


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"chainId": "1"}, "a chainId"),
        ({"vault": "0x1"}, "no address: '0x1'"),
        ({"statements": []}, "statements must be two"),
        ({"statements": [1, 2]}, "fields of a signed statement"),
    ],
)
def test_evidence_that_is_malformed(run: Any, scene: Scene, changes: dict[str, Any], words: str) -> None:
    evidence(scene.found(), **changes)
    assert words in run("stake", "report", FILE).line


def test_statements_that_agree_are_no_offence(run: Any, scene: Scene) -> None:
    one = said(scene.found(), StatementKind.APPROVED).document()
    evidence(scene.driver.federation, statements=[one, one])
    assert "the statements do not contradict each other" in run("stake", "report", FILE).line


def test_statements_of_two_accounts_are_no_offence(run: Any, scene: Scene) -> None:
    pair = [said(scene.found(), kind).document() for kind in (StatementKind.APPROVED, StatementKind.REJECTED)]
    evidence(scene.driver.federation, statements=[pair[0], pair[1] | {"account": address(5)}])
    assert "two accounts" in run("stake", "report", FILE).line


def test_evidence_of_another_chain(run: Any, scene: Scene) -> None:
    evidence(scene.found(), chainId=1)
    assert "the evidence is of chain 1, the deployment of chain 31337" in run("stake", "report", FILE).line


def test_a_federation_without_stake(run: Any, scene: Scene) -> None:
    evidence(scene.found())
    ended = run("stake", "report", FILE)
    assert ended.status == 2 and "Nothing is staked in this federation" in ended.line


def test_the_vault_has_the_last_word(run: Any, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence(scene.found())
    sent: list[Report] = []

    def send(node: object, sender: str, action: Report) -> None:
        sent.append(action)
        raise ContractReverted("StakeVaultPunishedAlready", (action.evidence.account, 1))

    stakes = Stakes(VAULT, StakeTerms(), 0, 0, 0)
    monkeypatch.setattr(type(scene.chain), "stakes", lambda chain, federation: stakes)
    monkeypatch.setattr(type(scene.chain._node), "send", send)
    ended = run("stake", "report", FILE)
    assert ended.status == 2 and "somebody reported the account for this round before" in ended.line
    assert [action.evidence.account for action in sent] == [KEY.address]
