"""`submitUpdate`: given Training, when a device posts its commitment, it is in the pool and in the event."""

from __future__ import annotations

import pytest
from support.errors import reverts, reverts_without_reason
from support.puzzle import parameters
from support.scene import ROOT, names

from minerva.protocol.records import ZERO32, extend_pool
from minerva.protocol.state import Phase


def test_tells_the_record_and_extends_the_pool(training, devices):
    """R1, R2 and R3."""
    changes = {"loss_before": -5, "codec": 0x70}
    claim = training.claim(3, **changes)
    training.submit(0)
    transaction = training.submit(3, **changes)
    assert names(transaction) == ["UpdateSubmitted"]
    assert transaction.events["UpdateSubmitted"] == {
        "round": 1, "device": devices[3], "index": 1, "digest": f"0x{claim[1].hex()}", "codec": 0x70,
        "samples": 90, "epochs": 2, "computeUs": 1_250_000, "lossBefore": -5, "lossAfter": 1_900_000,
    }  # fmt: skip
    assert training.miners[0].pool(1)[1:] == (2, 0)
    assert training.miners[0].deviceOf(devices[3]) == (1, 1, 1)


def test_starts_each_round_with_an_empty_pool(training):
    """R2."""
    training.finish_round()
    empty = "0x" + "0" * 64
    assert training.miners[0].pool(2) == (empty, 0, 2)
    training.submit(3)
    head, count, outstanding = training.miners[0].pool(2)
    assert (head != empty, count, outstanding) == (True, 1, 1)
    assert training.miners[0].pool(1) == (empty, 0, 0)


def test_a_silent_device_comes_back(make):
    """M8: it does not count, and is taken all the same."""
    scene = make(silent_rounds=1, max_extensions=0, rounds=10)
    scene.tick()
    for _ in range(2):
        scene.submit(0, 1)
        scene.expire()
        scene.tick()
        scene.vote_all()
        scene.propose(0)
        scene.attest(1)
    assert scene.round == 3
    assert scene.miners[2].pool(3)[2] == 0
    scene.submit(2)
    assert scene.miners[2].pool(3)[1:] == (1, 0)
    assert scene.miners[2].pool(4)[2] == 1


def test_a_device_silent_for_longer_than_the_lanes_comes_back(make):
    """M8: after nine rounds nothing is left to take away."""
    # Blocks at once would make a puzzle of ten seconds four times harder each round.
    puzzle = parameters(difficulty=1, target_seconds=1)
    scene = make(
        silent_rounds=7,
        max_extensions=0,
        rounds=20,
        min_updates=1,
        min_devices=1,
        consensus_parameters=puzzle,
    )
    scene.tick()
    for _ in range(9):
        scene.submit(0)
        scene.expire()
        scene.tick()
        scene.vote_all()
        scene.propose(0)
        scene.attest(1)
    assert scene.round == 10
    assert [miner.pool(10)[2] for miner in scene.miners] == [1, 0, 0]
    scene.submit(1, 3)
    assert [miner.pool(10)[1:] for miner in scene.miners] == [(1, 1), (1, 0), (0, 0)]
    assert [miner.pool(11)[2] for miner in scene.miners] == [2, 1, 0]


def test_until_the_second_before_the_deadline(training):
    """P2."""
    training.submit(0)
    training.expire(late=-1)
    training.submit(1)


def test_reverts_at_the_deadline(training):
    """P2 and P8."""
    training.expire()
    with reverts("FederationUnexpectedPhase", 1, Phase.TRAINING, Phase.TRAINING):
        training.submit(0)


@pytest.mark.parametrize("round", [0, 2])
def test_reverts_when_the_round_is_another(training, round):
    """P8."""
    with reverts("FederationUnexpectedRound", 1, round):
        training.submit(0, round=round)


@pytest.mark.parametrize("scene, phase", [("verification", 2), ("mining", 3), ("attestation", 4)])
def test_reverts_when_the_phase_is_another(scenes, scene, phase):
    """P8."""
    with reverts("FederationUnexpectedPhase", 1, phase, Phase.TRAINING):
        scenes[scene].submit(0)


def test_reverts_when_the_miner_joined_later(training, deployed, stranger):
    """M1 and E5: the caller is the miner's contract."""
    transaction = deployed.factory.createMiner(training.federation, "", {"from": stranger})
    miner = type(training.miners[0]).from_abi(
        "Miner", transaction.events["MinerCreated"]["miner"], training.miners[0].abi, persist=False
    )
    with reverts("FederationNotInSnapshot", miner, 1):
        miner.submitUpdate(training.claim(), {"from": training.devices[0]})


def test_reverts_when_the_miner_left_and_its_index_is_anothers(training, owners):
    """E5: a former member's contract has no place, even where its index is taken again."""
    former = training.miners[0]
    training.federation.leave({"from": owners[0]})
    training.submit(0, 1, 2, 3)
    training.tick()
    training.vote_all()
    training.propose(1)
    training.attest(2)
    transaction = training.deployed.factory.createMiner(training.federation, "", {"from": owners[5]})
    assert transaction.events["MinerJoined"]["index"] == 0
    training.submit(1, 2)
    training.expire()
    training.tick()
    for owner in owners[1:3]:
        training.federation.vote(2, training.state.updatesRoot, b"\xff" * 2, {"from": owner})
    training.propose(1)
    training.attest(2)
    assert (training.round, training.state.snapshot) == (3, 0b111)
    with reverts("FederationNotInSnapshot", former, 3):
        training.submit(0)


def test_reverts_when_not_bound(training, stranger):
    with reverts("MinerDeviceNotBound", stranger):
        training.miners[0].submitUpdate(training.claim(), {"from": stranger})


def test_reverts_when_bound_elsewhere(training, devices):
    with reverts("MinerDeviceNotBound", devices[1]):
        training.miners[0].submitUpdate(training.claim(), {"from": devices[1]})


def test_reverts_when_it_joined_in_this_round(training, devices):
    """M4."""
    training.miners[0].registerDevice(ROOT, 1, 1, {"from": devices[7]})
    with reverts("MinerDeviceNotYetActive", devices[7], 2, 1):
        training.miners[0].submitUpdate(training.claim(), {"from": devices[7]})


def test_reverts_when_submitted_already(training, devices):
    training.submit(0)
    with reverts("MinerDuplicateUpdate", devices[0], 1):
        training.submit(0, digest=b"\x99" * 32)


def test_takes_one_in_each_round(training):
    training.finish_round()
    training.submit(0)


@pytest.mark.parametrize("codec", [0, 0x71, 0xFF])
def test_reverts_when_the_codec_is_none(training, codec):
    with reverts("MinerInvalidCodec", codec):
        training.submit(0, codec=codec)


def test_reverts_when_the_pool_is_full(training, web3):
    """R2: 65,535 updates; no federation has as many devices, so the count is written into the slot."""
    miner, devices = training.miners[0].address, training.devices
    training.submit(0)
    word = int.from_bytes(web3.eth.get_storage_at(miner, 1), "big")
    assert word >> 160 & 0xFFFF == 1
    for count in (65_534, 65_535):
        full = word & ~(0xFFFF << 160) | count << 160
        web3.provider.make_request("anvil_setStorageAt", [miner, "0x1", f"0x{full:064x}"])
        assert training.miners[0].pool(1)[1] == count
        if count == 65_534:
            training.miners[0].submitUpdate.call(training.claim(3), {"from": devices[3]})
    with reverts("MinerPoolFull", 1):
        training.submit(3)


@pytest.mark.parametrize("word, bits", [(2, 8), (3, 32), (4, 32), (5, 64), (6, 63), (7, 63)])
def test_reverts_when_a_value_overflows_its_type(training, devices, word, bits):
    """R1: the leaf is hashed over the calldata as it is, so no bit beyond a type may be set."""
    miner = training.miners[0]
    data = bytearray.fromhex(miner.submitUpdate.encode_input(training.claim(0))[2:])
    data[4 + 32 * word : 36 + 32 * word] = (1 << bits).to_bytes(32, "big")
    with reverts_without_reason():
        devices[0].transfer(miner, data=bytes(data).hex())


def test_trailing_calldata_changes_nothing(training, devices):
    """R1: the leaf ends where the record ends."""
    miner = training.miners[0]
    data = miner.submitUpdate.encode_input(training.claim(0)) + "ab" * 64
    devices[0].transfer(miner, data=data)
    leaf = training.record(0, training.claim(0)).leaf()
    assert miner.pool(1)[0] == f"0x{extend_pool(ZERO32, leaf).hex()}"
