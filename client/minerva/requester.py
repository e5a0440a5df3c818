"""The requester's role: describe a task, seed its model, and create a federation for it."""

from __future__ import annotations

import logging
from dataclasses import fields, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from eth_abi.abi import encode

from minerva.admission import list_bytes, policy_parameters
from minerva.chain.port import Actor, Chain
from minerva.errors import ChainError, ConfigError, ContractReverted, DataError, TaskError
from minerva.learning.aggregation import rule
from minerva.learning.vectors import Layout
from minerva.learning.weights import state_to_bytes
from minerva.protocol.actions import CreateFederation
from minerva.protocol.allow_list import AllowList
from minerva.protocol.cid import Cid
from minerva.protocol.events import FederationCreated
from minerva.protocol.lanes import MINERS
from minerva.protocol.machine.configuration import check_config
from minerva.protocol.machine.proof_of_work import MAX_DIFFICULTY, MAX_TARGET_SECONDS
from minerva.protocol.manifest import Manifest, RuleParameters
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.rules import least_rate_ns
from minerva.protocol.state import FederationConfig
from minerva.protocol.weights import MAX_CAP, ReputationTerms
from minerva.rewards import reward_terms
from minerva.staking import stake_terms
from minerva.store.cid import cid_of
from minerva.store.port import Store

if TYPE_CHECKING:
    from minerva.config import CreateSection
    from minerva.learning.task import Task

log = logging.getLogger(__name__)

_UNTRACEABLE = 3
"""With one update the global model is that update, with two each device can subtract its own."""
_CONSENSUS = 2
"""The consensus module's place among the fields of a configuration."""


def create_federation(
    chain: Chain,
    actor: Actor,
    store: Store,
    task: Task,
    options: CreateSection,
    rules: RuleParameters | None = None,
    allowed: AllowList | None = None,
) -> tuple[Address, Manifest]:
    """Put the manifest and the genesis model on IPFS and create the federation that names them.

    Parameters
    ----------
    allowed
        Who may join, for a policy with a list; it is put on IPFS too.

    Returns
    -------
    tuple
        The federation's address, and its manifest.

    Raises
    ------
    UserError
        The aggregation rule is unknown or can never have enough updates, or the task cannot be used.
    ConfigError
        A parameter is out of bounds; nothing was put or sent.
    """
    manifest, *contents = task_contents(task, options, rules)
    module = consensus_module(chain, options)
    policy = policy_parameters(chain, options.policy, allowed, options.miner_stake, options.device_stake)
    config, rewards = _config(options, module, policy, *map(cid_of, contents)), reward_terms(options)
    stake = stake_terms(options)
    for content in (*contents, *([list_bytes(allowed)] if allowed else [])):
        store.put(content)
    try:
        receipt = actor.send(CreateFederation(chain.factory, config, uuid4().hex, stake, rewards))
    except ContractReverted as error:
        if error.name == "FederationInvalidConfig" and error.arguments[0] == _CONSENSUS:
            raise ConfigError(
                "no contract lies at the consensus module's address",
                value=f"{options.consensus}: {module[0]}",
                remedy="Was the chain started afresh? Deploy again, or name the right deployment.",
            ) from None
        raise
    for entry in receipt.logs:
        if isinstance(entry.event, FederationCreated):
            return entry.event.federation, manifest
    raise ChainError("the factory created nothing", value="0x" + receipt.transaction.hex())


def task_contents(
    task: Task, options: CreateSection, rules: RuleParameters | None = None
) -> tuple[Manifest, bytes, bytes]:
    """Return a task's manifest, and the bytes of both that a federation names: the manifest and the genesis model.

    Raises
    ------
    UserError
        The aggregation rule is unknown or can never have enough updates, or the task cannot be used.
    """
    aggregation = rule(options.aggregation)
    aggregation.check(options.min_devices)
    if aggregation.client_momentum:
        Layout(task.spec())  # what devices keep is one vector
    asked = options.model_dump(include={"rules"}, exclude_none=True)["rules"]
    rules = replace(rules or usual_rules(task), **asked)
    manifest = task.manifest(rules, aggregation=aggregation.text, title=options.title)
    if options.confidential:
        manifest = replace(manifest, confidential=True)
        if options.min_updates < _UNTRACEABLE:
            log.warning(
                "create.min_updates is %d: the global model, which is public, tells a single update then "
                "(docs/confidential.md)",
                options.min_updates,
            )
    genesis = state_to_bytes(
        task.initial_state(options.initial_seed), {"federation": ZERO_ADDRESS, "round": "0"}
    )
    return manifest, manifest.to_bytes(), genesis


def publish_task(store: Store, task: Task, options: CreateSection) -> tuple[Manifest, Cid, Cid]:
    """Put a task's manifest and genesis model on IPFS, for a federation that is created elsewhere.

    Returns
    -------
    tuple
        The manifest, its CID, and the genesis model's.

    Raises
    ------
    UserError
        As `task_contents` says.
    """
    manifest, *contents = task_contents(task, options)
    named, model = map(store.put, contents)
    return manifest, named, model


def usual_rules(task: Task) -> RuleParameters:
    """Return the defaults, with the plausible floor of rule 3d from the model's operations for each sample."""
    try:
        return RuleParameters(min_rate_ns=least_rate_ns(task.flops()))
    except (DataError, TaskError) as error:
        log.warning(
            "rule 3d's floor stays at its default, as the model's operations cannot be counted: %s", error
        )
        return RuleParameters()


def consensus_module(chain: Chain, options: CreateSection) -> tuple[Address, bytes]:
    """Return the address of the module that is asked for, and its parameters; raises `ConfigError`."""
    module = chain.modules.get(options.consensus)
    if module is None:
        known = ", ".join(sorted(chain.modules))
        raise ConfigError(
            "the deployment has no such consensus module", value=options.consensus, remedy=f"It has {known}."
        )
    return module, _parameters(options)


def _config(
    options: CreateSection,
    consensus: tuple[Address, bytes],
    policy: tuple[Address, bytes],
    manifest: Cid,
    model: Cid,
) -> FederationConfig:
    """Return the contract's configuration; raises `ConfigError` for what it would refuse."""
    shared = {field.name for field in fields(FederationConfig)} & set(type(options).model_fields) - {
        "consensus",
        "policy",
    }
    config = FederationConfig(
        manifest=manifest,
        model=model,
        consensus=consensus[0],
        consensus_parameters=consensus[1],
        policy=policy[0],
        policy_parameters=policy[1],
        **{name: getattr(options, name) for name in shared},
    )
    try:
        check_config(config, consensus_has_code=True, policy_has_code=True)
    except ContractReverted as error:
        position, refused = error.arguments
        raise _out_of_bounds(fields(config)[int(str(position))].name, refused) from None
    return config


def _parameters(options: CreateSection) -> bytes:
    """Return the consensus module's parameters; raises `ConfigError` for what it would refuse (W2, K7 to K9)."""
    match options.consensus:
        case "pow":
            _require("difficulty", options.difficulty, 1, MAX_DIFFICULTY)
            _require("target_seconds", options.target_seconds, 1, MAX_TARGET_SECONDS)
            return encode(("uint64", "uint32"), (options.difficulty, options.target_seconds))
        case "por":
            cap = options.reputation_cap
            _require("reputation_cap", cap, 1, MAX_CAP)
            _require("reputation_start", options.reputation_start, 1, cap)
            _require("reputation_decay_permille", options.reputation_decay_permille, 0, 1000)
            for name in ("presence", "ballot", "block"):
                _require(f"reputation_{name}", getattr(options, f"reputation_{name}"), 0, cap)
            return ReputationTerms(
                options.reputation_start, cap, options.reputation_decay_permille, options.reputation_presence,
                options.reputation_ballot, options.reputation_block,
            ).encode()  # fmt: skip
        case "committee":
            _require("committee_size", options.committee_size, 1, MINERS)
            return encode(("uint8",), (options.committee_size,))
        case _:
            return b""


def _require(key: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise _out_of_bounds(key, value)


def _out_of_bounds(key: str, value: object) -> ConfigError:
    return ConfigError(
        f"create.{key} is out of bounds",
        value=value,
        remedy="See docs/SPECIFICATION.md, sections C, W and K.",
    )
