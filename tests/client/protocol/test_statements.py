"""Given what a miner says of candidates, when it signs, everybody can tell who said it and what contradicts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from federation_driver import address

from minerva.protocol.statements import (
    Statement,
    StatementKind,
    recover_signer,
    sign_statement,
    statement_digest,
)

CHAIN_ID, VAULT = 31337, address(0x5A)
KEY = Account.from_key(b"\x07" * 32)
SAID = Statement(
    address(0xFED), 7, b"\xaa" * 32, b"\xbb" * 32, b"\xcc" * 32, b"\xdd" * 32, StatementKind.PROPOSED
)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of the curve."""


def said(kind, candidate=b"\xdd" * 32, **changes):
    return replace(SAID, kind=kind, candidate=candidate, **changes)


def test_a_wallet_signs_the_same():
    """S7, as EIP-712 has it: by an implementation that knows the type and the domain only."""
    words = ("parent", "updatesRoot", "ballotsRoot", "candidate")
    types = [
        ("federation", "address"),
        ("round", "uint32"),
        *((w, "bytes32") for w in words),
        ("kind", "uint8"),
    ]
    message = encode_typed_data(
        {"name": "Minerva", "version": "1", "chainId": CHAIN_ID, "verifyingContract": VAULT},
        {"Statement": [{"name": name, "type": kind} for name, kind in types]},
        {
            "federation": SAID.federation, "round": 7, "parent": SAID.parent, "updatesRoot": SAID.updates_root,
            "ballotsRoot": SAID.ballots_root, "candidate": SAID.candidate, "kind": 0,
        },
    )  # fmt: skip
    theirs = KEY.sign_message(message)
    assert bytes(theirs.message_hash) == statement_digest(SAID, CHAIN_ID, VAULT)
    assert bytes(theirs.signature) == sign_statement(SAID, KEY, CHAIN_ID, VAULT)


def test_its_signer_is_found_again():
    signature = sign_statement(SAID, KEY, CHAIN_ID, VAULT)
    assert len(signature) == 65
    assert recover_signer(SAID, signature, CHAIN_ID, VAULT) == KEY.address


@pytest.mark.parametrize(
    "changes",
    [
        {"federation": address(0xFEE)}, {"round": 8}, {"parent": bytes(32)}, {"updates_root": bytes(32)},
        {"ballots_root": bytes(32)}, {"candidate": bytes(32)}, {"kind": StatementKind.APPROVED},
    ],
)  # fmt: skip
def test_it_is_worth_nothing_for_another_statement(changes):
    signature = sign_statement(SAID, KEY, CHAIN_ID, VAULT)
    assert recover_signer(replace(SAID, **changes), signature, CHAIN_ID, VAULT) != KEY.address


def test_it_is_worth_nothing_on_another_chain_or_to_another_vault():
    signature = sign_statement(SAID, KEY, CHAIN_ID, VAULT)
    assert recover_signer(SAID, signature, CHAIN_ID + 1, VAULT) != KEY.address
    assert recover_signer(SAID, signature, CHAIN_ID, address(0x5B)) != KEY.address


def high_s(signature):
    """The other form of the same signature."""
    s = ORDER - int.from_bytes(signature[32:64])
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


@pytest.mark.parametrize(
    "spoil",
    [
        high_s,
        lambda s: s[:-1],
        lambda s: s + b"\0",
        lambda s: s[:64] + bytes([s[64] - 27]),
        lambda s: s[:64] + b"\x1d",
        lambda s: bytes(64) + b"\x1b",
        lambda s: b"\xff" * 32 + s[32:],
        lambda s: s[:32] + bytes(32) + s[64:],
        lambda s: b"",
    ],
    ids=["high s", "short", "long", "v below 27", "v above 28", "zero", "r beyond", "s zero", "empty"],
)
def test_a_form_that_contracts_refuse_is_nobodys(spoil):
    """`ECDSA` of OpenZeppelin takes one form of each signature."""
    spoilt = spoil(sign_statement(SAID, KEY, CHAIN_ID, VAULT))
    assert recover_signer(SAID, spoilt, CHAIN_ID, VAULT) is None


OTHER = b"\xee" * 32


@pytest.mark.parametrize(
    ("first", "second", "offence"),
    [
        (said(0), said(0, OTHER), True),
        (said(1), said(2), True),
        (said(2), said(1), True),
        (said(0), said(0), False),
        (said(1), said(1), False),
        (said(0), said(2), False),
        (said(1), said(1, OTHER), False),
        (said(1), said(2, OTHER), False),
        (said(0), said(1, OTHER), False),
        (said(2), said(2, OTHER), False),
    ],
)
def test_two_statements_contradict_each_other_or_not(first, second, offence):
    """S7: two proposals of different candidates; an approval and a rejection of the same one."""
    assert first.contradicts(second) is offence


@pytest.mark.parametrize(
    "changes",
    [
        {"federation": address(0xFEE)}, {"round": 8}, {"parent": bytes(32)}, {"updates_root": bytes(32)},
        {"ballots_root": bytes(32)},
    ],
)  # fmt: skip
def test_what_was_said_elsewhere_contradicts_nothing(changes):
    """S7: another federation, round, or branch of the chain."""
    assert not said(0).contradicts(said(0, OTHER, **changes))
    assert not said(1).contradicts(said(2, **changes))
