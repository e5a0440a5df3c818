"""A1: who is on the list has evidence, in the role it is listed for."""

from __future__ import annotations

import pytest
from eth_abi.abi import decode
from eth_utils.address import to_checksum_address

from minerva.errors import UserError
from minerva.protocol.allow_list import AllowList, Role
from minerva.protocol.merkle import standard_leaf, verify_proof
from minerva.protocol.records import ZERO32

ALICE, BOB, CAROL = (to_checksum_address(bytes([n]) * 20) for n in (1, 2, 3))
ENTRIES = [(ALICE, Role.MINER), (BOB, Role.DEVICE), (CAROL, Role.MINER), (CAROL, Role.DEVICE)]


def test_evidence_proves_the_entry():
    allowed = AllowList(ENTRIES)
    for account, role in ENTRIES:
        (proof,) = decode(("bytes32[]",), allowed.evidence(account, role))
        assert verify_proof(allowed.root, standard_leaf(("address", "uint8"), (account, role)), proof)


@pytest.mark.parametrize(("account", "role"), [(ALICE, Role.DEVICE), (BOB, Role.MINER)])
def test_there_is_none_for_another_role(account, role):
    with pytest.raises(UserError, match=account):
        AllowList(ENTRIES).evidence(account, role)


def test_an_entry_given_twice_is_one():
    assert AllowList(ENTRIES * 2).root == AllowList(ENTRIES[::-1]).root


def test_an_empty_list_has_no_root():
    assert AllowList([]).root == ZERO32
