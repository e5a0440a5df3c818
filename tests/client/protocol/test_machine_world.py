"""What the executable specification does beside the rules: refusals undo all, addresses are given."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from federation_driver import REQUESTER, address, cid, codec_cid, make_config, pow_parameters
from machine_stage import Alone, Stage, refusal

from minerva.errors import WrongChain
from minerva.protocol import actions as act
from minerva.protocol.cid import Cid
from minerva.protocol.events import ConsensusConfigured, FederationCreated, MinerCreated, MinerJoined
from minerva.protocol.header import genesis_hash
from minerva.protocol.machine import World
from minerva.protocol.records import ZERO32
from minerva.protocol.state import Phase, Status

FACTORY, MODULE = address(0xFAC), address(0x90)
DAY = 86_400


def make_world(**keywords):
    return World(31337, FACTORY, MODULE, **keywords)


def create(world, config):
    return world.apply(act.CreateFederation(FACTORY, config, "one"), REQUESTER, 1)


def test_creation_starts_on_waiting_with_the_genesis_as_head():
    world, config = make_world(), make_config(MODULE)
    (emitter, event), *granted, configured = create(world, config)
    assert configured == (MODULE, ConsensusConfigured(event.federation, config.consensus_parameters))
    assert (emitter, event) == (FACTORY, FederationCreated(event.federation, REQUESTER, config.manifest))
    s = world.state(event.federation)
    genesis = genesis_hash(31337, event.federation, config.manifest, config.model)
    assert (s.status, s.phase, s.round, s.height, s.head, s.model) == (
        Status.WAITING, Phase.PENDING, 0, 0, genesis, config.model,
    )  # fmt: skip
    assert world.federations() == (event.federation,)
    assert world.requester(event.federation) == REQUESTER
    assert world.difficulty(event.federation) == 8


def test_addresses_come_from_the_allocator():
    given = iter((address(0xF0), address(0xF1)))
    world = make_world(allocate=lambda _: next(given))
    create(world, make_config(MODULE))
    events = world.apply(act.RegisterMiner(FACTORY, address(0xF0), "https://x"), address(1), 2)
    assert events == [
        (address(0xF0), MinerJoined(0, address(1), address(0xF1), "https://x")),
        (FACTORY, MinerCreated(address(0xF0), address(1), address(0xF1))),
    ]


def test_made_up_addresses_differ_and_repeat():
    first, second = make_world(), make_world()
    assert create(first, make_config(MODULE)) == create(second, make_config(MODULE))
    create(first, make_config(MODULE))
    assert len(set(first.federations())) == 2


@pytest.mark.parametrize(
    ("field", "value", "changes"),
    [
        (0, 0x55, {"manifest": Cid(ZERO32)}),
        (0, 0x71, {"manifest": codec_cid(0x71)}),
        (1, 0, {"model": codec_cid(0)}),
        (2, 0x99, {"consensus": address(0x99)}),
        (4, 0, {"rounds": 0, "max_miners": 0}),
        (4, 1_000_001, {"rounds": 1_000_001}),
        (6, 65, {"max_miners": 65, "min_miners": 66}),
        (5, 9, {"min_miners": 9, "max_devices": 0}),
        (8, 60_001, {"max_devices": 60_001}),
        (7, 51, {"min_devices": 51, "min_updates": 0}),
        (9, 0, {"min_updates": 0}),
        (10, 51, {"max_joins": 51}),
        (11, 8, {"silent_rounds": 8}),
        (12, 30 * DAY + 1, {"training_seconds": 30 * DAY + 1}),
        (13, 1, {"verification_seconds": 1}),
        (14, 21, {"fetch_seconds": 21}),
        (15, 0, {"mining_seconds": 0}),
        (16, 0, {"attestation_seconds": 0}),
        (17, 11, {"max_extensions": 11}),
        (18, 0, {"max_candidates": 0}),
        (19, 365 * DAY + 1, {"max_pause_seconds": 365 * DAY + 1}),
        (20, (1 << 31) + 1, {"max_model_bytes": (1 << 31) + 1}),
        (21, 65, {"confirmations": 65, "consensus_parameters": b""}),
    ],
)
def test_reverts_when_the_configuration_is_out_of_bounds(field, value, changes):
    world = make_world()
    refused = refusal(lambda: create(world, replace(make_config(MODULE), **changes)))
    assert refused == ("FederationInvalidConfig", field, value)
    assert world.federations() == ()


@pytest.mark.parametrize(
    "parameters",
    [
        b"", pow_parameters(0, 1), pow_parameters((1 << 48) + 1, 1), pow_parameters(1, 0),
        pow_parameters(1, DAY + 1), pow_parameters(1, 1)[:-1], b"\xff" * 64,
    ],
)  # fmt: skip
def test_reverts_when_the_parameters_of_the_consensus_are_wrong(parameters):
    world = make_world()
    refused = refusal(lambda: create(world, make_config(MODULE, consensus_parameters=parameters)))
    assert refused == ("ConsensusInvalidParameters", parameters)
    assert world.federations() == ()


def test_a_refusal_undoes_the_time_out_that_came_before_it():
    stage = Stage(Alone(make_world())).open(miners=2)
    stage.to_mining()
    before = (stage.state, stage.world.difficulty(stage.federation), stage.world.miners(stage.federation))
    stage.wait_until_late()
    stage.leave(1)
    before = (stage.state, stage.world.difficulty(stage.federation), stage.world.miners(stage.federation))
    assert refusal(lambda: stage.attest(0))[0] == "FederationUnexpectedPhase"
    after = (stage.state, stage.world.difficulty(stage.federation), stage.world.miners(stage.federation))
    assert before == after


def test_a_refusal_undoes_the_end_of_a_round_that_came_before_it():
    stage = Stage(Alone(make_world())).open(miners=4, max_extensions=0)
    stage.to_verification()
    stage.vote(0)
    stage.leave(3)
    before = (stage.state, stage.world.miners(stage.federation))
    stage.wait_until_late()
    assert refusal(lambda: stage.vote(1)) == ("FederationUnexpectedRound", 2, 1)
    assert (stage.state, stage.world.miners(stage.federation)) == before
    assert len(stage.world.miners(stage.federation)) == 4


def test_federations_do_not_touch_each_other():
    world = make_world()
    one, two = Stage(Alone(world)).open(miners=2), Stage(Alone(world)).open(miners=2)
    before = (one.state, world.difficulty(one.federation))
    list(two.play_round())
    assert (one.state, world.difficulty(one.federation)) == before


def test_unknown_addresses_are_another_chains():
    stage = Stage(Alone(make_world())).open(miners=1)
    nowhere = address(0xDEAD)
    with pytest.raises(WrongChain, match="no federation"):
        stage.world.state(nowhere)
    with pytest.raises(WrongChain, match="no federation"):
        stage.perform(act.Tick(nowhere, 0, 0), REQUESTER)
    with pytest.raises(WrongChain, match="no miner's contract"):
        stage.perform(act.LeaveDevice(stage.federation, nowhere, 1), REQUESTER)
    with pytest.raises(WrongChain, match="no miner's contract"):
        stage.world.pool(nowhere, 1)


def test_a_round_of_a_hundred_devices_takes_milliseconds():
    stage = Stage(Alone(make_world()))
    stage.open(miners=5, devices_each=20, max_devices=100, max_joins=100)
    updates = [(stage.device(n), stage.miner_of(n)) for n in range(100)]
    start = time.perf_counter()
    for device, miner in updates:
        update = act.SubmitUpdate(stage.federation, miner, 1, cid(device), 9, 1, 9, 2, 1)
        stage.perform(update, device)
    stage.tick()
    for miner in range(5):
        stage.vote(miner)
    stage.propose(0)
    stage.attest(1)
    stage.attest(2)
    assert stage.state.round == 2
    assert time.perf_counter() - start < 1  # some 40 ms on an idle core
