"""The requester's role: describe a task, seed its model, and create a federation for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from eth_abi.abi import encode

from minerva.chain.port import Actor, Chain
from minerva.errors import ChainError
from minerva.learning.aggregation import aggregator
from minerva.learning.weights import state_to_bytes
from minerva.protocol.actions import CreateFederation
from minerva.protocol.events import FederationCreated
from minerva.protocol.manifest import Manifest, RuleParameters
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.state import FederationConfig
from minerva.store.port import Store

if TYPE_CHECKING:
    from minerva.config import CreateSection
    from minerva.learning.task import Task


def create_federation(
    chain: Chain,
    actor: Actor,
    store: Store,
    task: Task,
    options: CreateSection,
    rules: RuleParameters | None = None,
) -> tuple[Address, Manifest]:
    """Put the manifest and the genesis model on IPFS and create the federation that names them.

    Returns
    -------
    tuple
        The federation's address, and its manifest.

    Raises
    ------
    UserError
        The aggregation rule is unknown, or the task cannot be used.
    ContractReverted
        A parameter is out of bounds (`FederationInvalidConfig`).
    """
    aggregator(options.aggregation)
    manifest = task.manifest(rules or RuleParameters(), aggregation=options.aggregation, title=options.title)
    genesis = state_to_bytes(
        task.initial_state(options.initial_seed), {"federation": ZERO_ADDRESS, "round": "0"}
    )
    config = FederationConfig(
        manifest=store.put(manifest.to_bytes()),
        model=store.put(genesis),
        consensus=chain.proof_of_work,
        consensus_parameters=encode(("uint64", "uint32"), (options.difficulty, options.target_seconds)),
        rounds=options.rounds,
        min_miners=options.min_miners,
        max_miners=options.max_miners,
        min_devices=options.min_devices,
        max_devices=options.max_devices,
        min_updates=options.min_updates,
        max_joins=options.max_joins,
        silent_rounds=options.silent_rounds,
        training_seconds=options.training_seconds,
        verification_seconds=options.verification_seconds,
        fetch_seconds=options.fetch_seconds,
        mining_seconds=options.mining_seconds,
        attestation_seconds=options.attestation_seconds,
        max_extensions=options.max_extensions,
        max_candidates=options.max_candidates,
        max_pause_seconds=options.max_pause_seconds,
        max_model_bytes=options.max_model_bytes,
        confirmations=options.confirmations,
    )
    receipt = actor.send(CreateFederation(chain.factory, config, uuid4().hex))
    for log in receipt.logs:
        if isinstance(log.event, FederationCreated):
            return log.event.federation, manifest
    raise ChainError("the factory created nothing", value="0x" + receipt.transaction.hex())
