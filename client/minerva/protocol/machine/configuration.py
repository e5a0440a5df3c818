"""The bounds of a federation's configuration (docs/SPECIFICATION.md, section C)."""

from __future__ import annotations

from minerva.protocol.machine.checks import is_codec, require
from minerva.protocol.records import ZERO32, ZERO_ADDRESS
from minerva.protocol.state import FederationConfig

DAY = 24 * 60 * 60


def check_config(config: FederationConfig, *, consensus_has_code: bool, policy_has_code: bool) -> None:
    """Refuse the first field out of bounds with `FederationInvalidConfig`, in the order of section C."""
    for field, cid in enumerate((config.manifest, config.model)):
        sound = cid.digest != ZERO32 and is_codec(cid.codec)
        require(sound, "FederationInvalidConfig", field, cid.codec)
    require(consensus_has_code, "FederationInvalidConfig", 2, int(config.consensus, 16))
    bounds = (
        (4, config.rounds, 1, 1_000_000),
        (6, config.max_miners, 1, 64),
        (5, config.min_miners, 1, config.max_miners),
        (8, config.max_devices, 1, 60_000),
        (7, config.min_devices, 1, config.max_devices),
        (9, config.min_updates, 1, config.max_devices),
        (10, config.max_joins, 1, config.max_devices),
        (11, config.silent_rounds, 1, 7),
        (12, config.training_seconds, 1, 30 * DAY),
        (13, config.verification_seconds, 2, 30 * DAY),
        (14, config.fetch_seconds, 1, config.verification_seconds // 2),
        (15, config.mining_seconds, 1, 30 * DAY),
        (16, config.attestation_seconds, 1, 30 * DAY),
        (17, config.max_extensions, 0, 10),
        (18, config.max_candidates, 1, 64),
        (19, config.max_pause_seconds, 0, 365 * DAY),
        (20, config.max_model_bytes, 1, 1 << 31),
        (21, config.confirmations, 0, 64),
    )
    for field, value, low, high in bounds:
        require(low <= value <= high, "FederationInvalidConfig", field, value)
    if config.policy == ZERO_ADDRESS:
        length = len(config.policy_parameters)
        require(length == 0, "FederationInvalidConfig", 23, length)
    else:
        require(policy_has_code, "FederationInvalidConfig", 22, int(config.policy, 16))
