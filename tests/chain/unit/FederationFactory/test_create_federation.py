"""`createFederation`: given a configuration, when anybody asks, it clones, configures and registers a federation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi import encode
from support.errors import reverts
from support.scene import CONFIG, Scene, names, plain

from minerva.protocol.state import NO_REWARDS, NO_STAKE


def test_registers_the_clone(deployed, requester, stranger):
    count = deployed.factory.federationCount()
    scene = Scene.create(deployed, stranger)
    assert deployed.factory.federationCount() == count + 1
    assert deployed.factory.federationAt(count) == scene.federation
    assert deployed.factory.isFederation(scene.federation)
    assert scene.federation.requester() == stranger
    assert scene.federation.factory() == deployed.factory


def test_emits_in_order(deployed, requester):
    """E3."""
    config = replace(CONFIG, consensus=deployed.proof_of_work.address)
    transaction = deployed.factory.createFederation(
        plain(config), plain(NO_STAKE), plain(NO_REWARDS), {"from": requester}
    )
    assert names(transaction) == ["FederationCreated", *["RoleGranted"] * 3, "ConsensusConfigured"]
    created = transaction.events["FederationCreated"]
    assert created["requester"] == requester
    assert (created["manifestDigest"], created["manifestCodec"]) == (
        f"0x{CONFIG.manifest.digest.hex()}",
        CONFIG.manifest.codec,
    )
    configured = transaction.events["ConsensusConfigured"]
    assert configured["federation"] == created["federation"]
    assert configured["parameters"] == f"0x{CONFIG.consensus_parameters.hex()}"


def test_keeps_the_configuration(deployed, requester):
    """C: every field comes back as it went in."""
    scene = Scene.create(
        deployed, requester, rounds=1_000_000, min_miners=63, max_miners=64, min_devices=59_999, max_devices=60_000,
        min_updates=59_998, max_joins=59_997, silent_rounds=7, training_seconds=2_592_000,
        verification_seconds=2_591_999, fetch_seconds=1_295_999, mining_seconds=2_591_998,
        attestation_seconds=2_591_997, max_extensions=10, max_candidates=64, max_pause_seconds=31_536_000,
        max_model_bytes=2**31, confirmations=64,
    )  # fmt: skip
    given = scene.federation.config().dict()
    manifest, model, consensus, parameters, *numbers, policy, policy_parameters = plain(scene.config)
    assert tuple(given["manifest"].values()) == (f"0x{manifest[0].hex()}", manifest[1])
    assert tuple(given["model"].values()) == (f"0x{model[0].hex()}", model[1])
    assert (given["consensus"], given["consensusParameters"]) == (consensus, f"0x{parameters.hex()}")
    assert list(given.values())[4:-2] == numbers
    assert (given["policy"], given["policyParameters"]) == (policy, f"0x{policy_parameters.hex()}")


def test_starts_waiting_at_the_genesis(deployed, requester):
    s = Scene.create(deployed, requester).state
    assert (s.status, s.phase, s.round, s.height, s.members) == (0, 0, 0, 0, 0)
    assert tuple(s.model.values()) == (f"0x{CONFIG.model.digest.hex()}", CONFIG.model.codec)


@pytest.mark.parametrize("field, name", [(0, "manifest"), (1, "model")])
@pytest.mark.parametrize("cid", [(bytes(32), 0x55), (b"\x01" * 32, 0x71), (b"\x01" * 32, 0)])
def test_reverts_when_a_cid_is_none(deployed, requester, field, name, cid):
    """C, fields 0 and 1: the value is the codec."""
    with reverts("FederationInvalidConfig", field, cid[1]):
        Scene.create(deployed, requester, **{name: cid})


def test_reverts_when_the_policy_is_no_contract(deployed, requester, stranger):
    """C, field 22."""
    with reverts("FederationInvalidConfig", 22, int(stranger.address, 16)):
        Scene.create(deployed, requester, policy=stranger.address)


def test_reverts_when_there_are_parameters_and_no_policy(deployed, requester):
    """C, field 23: the value is their length."""
    with reverts("FederationInvalidConfig", 23, 3):
        Scene.create(deployed, requester, policy_parameters=b"abc")


def test_reverts_when_consensus_is_no_contract(deployed, requester, stranger):
    """C, field 2."""
    with reverts("FederationInvalidConfig", 2, int(stranger.address, 16)):
        Scene.create(deployed, requester, consensus=stranger)


BOUNDS = [
    (4, "rounds", 1, 1_000_000),
    (5, "min_miners", 1, CONFIG.max_miners),
    (6, "max_miners", CONFIG.min_miners, 64),
    (7, "min_devices", 1, CONFIG.max_devices),
    (8, "max_devices", CONFIG.max_joins, 60_000),
    (9, "min_updates", 1, CONFIG.max_devices),
    (10, "max_joins", 1, CONFIG.max_devices),
    (11, "silent_rounds", 1, 7),
    (12, "training_seconds", 1, 2_592_000),
    (13, "verification_seconds", 2 * CONFIG.fetch_seconds, 2_592_000),
    (14, "fetch_seconds", 1, CONFIG.verification_seconds // 2),
    (15, "mining_seconds", 1, 2_592_000),
    (16, "attestation_seconds", 1, 2_592_000),
    (17, "max_extensions", 0, 10),
    (18, "max_candidates", 1, 64),
    (19, "max_pause_seconds", 0, 31_536_000),
    (20, "max_model_bytes", 1, 2**31),
    (21, "confirmations", 0, 64),
]


@pytest.mark.parametrize("field, name, least, most", BOUNDS)
def test_takes_the_bounds(deployed, requester, field, name, least, most):
    """C."""
    for value in (least, most):
        scene = Scene.create(deployed, requester, **{name: value})
        assert scene.federation.config()[field] == value


ABOVE = [
    (field, name, most + 1) for field, name, _, most in BOUNDS if name not in ("max_devices", "max_miners")
] + [(6, "max_miners", 65), (8, "max_devices", 60_001)]
BELOW = [
    (field, name, 0)
    for field, name, *_ in BOUNDS
    if name not in ("max_extensions", "max_pause_seconds", "confirmations")
] + [(13, "verification_seconds", 1)]


@pytest.mark.parametrize("field, name, value", ABOVE + BELOW)
def test_reverts_when_a_number_is_out_of_bounds(deployed, requester, field, name, value):
    """C."""
    with reverts("FederationInvalidConfig", field, value):
        Scene.create(deployed, requester, **{name: value})


def test_reverts_at_the_first_field_in_the_order_of_the_checks(deployed, requester):
    """C: maxMiners (6) before minMiners (5)."""
    with reverts("FederationInvalidConfig", 6, 65):
        Scene.create(deployed, requester, min_miners=0, max_miners=65, rounds=1)


@pytest.mark.parametrize("parameters", [encode(["uint64", "uint32"], [0, 1]), b"", b"\x01" * 65])
def test_reverts_when_the_module_refuses_its_parameters(deployed, requester, parameters):
    """C, field 3."""
    with reverts("ConsensusInvalidParameters", parameters):
        Scene.create(deployed, requester, consensus_parameters=parameters)
