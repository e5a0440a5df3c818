"""What rounds leave behind in the contracts: as much, however many devices there are."""

from __future__ import annotations

import pytest
from support import bulk
from support.crowd import Crowd

from brownie import web3

ZERO = "0x" + "0" * 64
MINERS = 4


class Writes:
    """The slots that transactions change, as the node's tracer tells.

    Attributes
    ----------
    slots
        Every slot that changed.
    added
        How many of them held nothing before.
    most
        The most that one transaction changed.
    """

    def __init__(self, transactions):
        self.slots, self.added, self.most = set(), 0, 0
        for transaction in transactions:
            pairs = [pair for account in difference(transaction) for pair in account]
            self.slots |= {slot for slot, *_ in pairs}
            self.added += sum(former == ZERO for _, former in pairs)
            self.most = max(self.most, len(pairs))


def difference(transaction):
    """For each contract the slots that the transaction filled or changed, and what they held before."""
    options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    traced = web3.provider.make_request("debug_traceTransaction", [transaction, options])["result"]
    for address, account in traced["post"].items():
        former = traced["pre"].get(address, {}).get("storage", {})
        slots = account.get("storage", {})
        yield [((address, slot), former.get(slot, ZERO)) for slot, value in slots.items() if value != ZERO]


@pytest.fixture
def sent(monkeypatch):
    """The hashes of all that `bulk` sends."""
    send, send_in_one_block, hashes = bulk.send, bulk.send_in_one_block, []

    def keep(*arguments):
        hashes.append(send(*arguments))
        return hashes[-1]

    def keep_all(calls):
        more = send_in_one_block(calls)
        hashes.extend(more)
        return more

    monkeypatch.setattr(bulk, "send", keep)
    monkeypatch.setattr(bulk, "send_in_one_block", keep_all)
    return hashes


def rounds(crowd, sent, count):
    """For each round the writes of its submissions, and those of everything else."""
    for _ in range(count):
        sent.clear()
        crowd.submit()
        submissions = Writes(sent)
        sent.clear()
        crowd.vote()
        crowd.propose()
        crowd.attest()
        yield submissions, Writes(sent)


def test_rounds_write_no_more_with_more_devices(deployed, requester, sent):
    """A submission changes its device's word and its pool's two; a round adds its block's hash alone."""
    others_by_crowd = []
    for devices in (MINERS, 10 * MINERS):
        crowd = Crowd(deployed, requester, MINERS, devices)
        crowd.tick()
        (first, first_others), *later = rounds(crowd, sent, 3)
        assert first.added == MINERS  # each pool's head, once and for all
        for submissions, others in later:
            assert (submissions.most, submissions.added) == (3, 0)
            assert len(submissions.slots) == devices + 2 * MINERS
            assert others.added == 1
        others_by_crowd.append([len(others.slots) for others in (first_others, *(o for _, o in later))])
    few, many = others_by_crowd
    assert few == many
