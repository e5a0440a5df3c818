"""`propose`: given a schedule, when it is the miner's turn, it may; nobody else."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from support.modules import NAMES, PARAMETERS, refuses

from minerva.protocol import schedule
from minerva.protocol.lanes import pack
from minerva.protocol.weights import committee_after

SNAPSHOT = 0b11111
WEIGHTS = {
    "pos": (),
    "por": pack(dict.fromkeys(range(5), 7)),
    "committee": committee_after(dict.fromkeys(range(5), 0), bytes(32), 3),
}


@pytest.mark.parametrize("name", NAMES)
def test_each_turn_is_exactly_one_voters(kit, name):
    """K5: whoever is barred, as long as somebody is not."""
    seat = kit.opened(name, SNAPSHOT)
    order = seat.order()
    for turn in (0, 1, 2, 3, 4, 7, 74, 255):
        for barred in ((), order[:1], order[1:3], order[:-1]):
            eligible = sum(1 << i for i in order if i not in barred)
            passed = []
            for index in range(6):
                call = ("propose", astuple(seat.claim(index, turn, eligible)), b"", WEIGHTS[name])
                if index == schedule.proposer(order, turn, eligible):
                    seat.call(*call)
                    passed.append(index)
                else:
                    with refuses("ConsensusNotYourTurn", 1, index, turn):
                        seat.call(*call)
            assert len(passed) == 1 and passed[0] not in barred


@pytest.mark.parametrize("name", NAMES)
def test_turns_go_round(kit, name):
    """K5: within as many turns as there are voters everybody had one."""
    seat = kit.opened(name, SNAPSHOT)
    order = seat.order()
    turns = [seat.call("proposer", seat.address, turn, SNAPSHOT)[0] for turn in range(2 * len(order))]
    assert tuple(turns) == order * 2


@pytest.mark.parametrize("name", NAMES)
def test_reverts_when_all_are_barred(kit, name):
    """K5."""
    seat = kit.opened(name, SNAPSHOT)
    for eligible in (0, ~SNAPSHOT & 2**64 - 1):
        index = seat.order()[0]
        with refuses("ConsensusNotYourTurn", 1, index, 0):
            seat.call("propose", astuple(seat.claim(index, 0, eligible)), b"", WEIGHTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_reverts_when_there_is_a_proof(kit, name):
    """K5: before it asks whose turn it is."""
    seat = kit.opened(name, SNAPSHOT)
    for index in range(5):
        claim = seat.claim(index)
        with refuses("ConsensusInvalidProof", 1, claim.miner):
            seat.call("propose", astuple(claim), b"\x00", WEIGHTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_reverts_when_not_configured(kit, name):
    seat = kit.seat(name)
    with refuses("ConsensusNotConfigured", seat.address):
        seat.call("propose", astuple(seat.claim(0)), b"", WEIGHTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_is_nobodys_turn_before_an_opening(kit, name):
    """K5: after a new configuration neither."""
    seat = kit.opened(name, SNAPSHOT)
    index = seat.order()[0]
    seat.send("configure", PARAMETERS[name])
    with refuses("ConsensusNotYourTurn", 1, index, 0):
        seat.call("propose", astuple(seat.claim(index)), b"", WEIGHTS[name])


@pytest.mark.parametrize("name", NAMES)
def test_orders_of_later_rounds_are_others(kit, name):
    """K5: nobody proposes first for ever."""
    seat = kit.opened(name, SNAPSHOT)
    firsts = set()
    for _ in range(40):
        firsts.add(seat.order()[0])
        seat.open(SNAPSHOT)
    assert len(firsts) > 1
