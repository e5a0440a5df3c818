"""One configuration: a TOML file that flags override, checked as a whole before anything starts.

Where it is looked for: ``--config FILE``, else ``minerva.toml`` here, else the one that `minerva up` wrote
under ``.minerva/``.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from minerva.errors import ConfigError
from minerva.protocol.manifest import RULE_BOUNDS, RuleParameters

FILE_NAME = "minerva.toml"
STATE_FOLDER = Path(".minerva")
_ALLOW_LIST = "the federation's allow-list, if it has one: its CID or a file"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ChainSection(_Section):
    """Where the chain answers, and what a transaction may cost."""

    rpc: str = Field(
        default="http://127.0.0.1:8545",
        description="RPC address: http(s)://, ws(s):// or a path to an IPC socket",
    )
    deployment: str = Field(
        default="deployments/31337.json", description="file that scripts/export.py wrote: addresses and ABIs"
    )
    timeout_seconds: float = Field(default=20.0, gt=0, le=600, description="longest wait for one RPC answer")
    max_fee_gwei: float = Field(default=200.0, gt=0, description="most that a unit of gas may cost")
    max_tip_gwei: float = Field(
        default=2.0, gt=0, description="most of it for the block's producer; Polygon's nodes want 25 or more"
    )


class StoreSection(_Section):
    """Where bytes are kept."""

    url: str = Field(
        default="", description="kubo:/ip4/…/tcp/5001, http://host:port, local:FOLDER; empty: none"
    )


class KeySection(_Section):
    """Who signs. Passwords are never in this file."""

    account: str = Field(default="", description="a keystore file, or anvil:N on chain 31337")
    password_file: str = Field(
        default="",
        description="file whose first line unlocks the keystore; else MINERVA_PASSWORD, else a prompt",
    )


class MinerSection(_Section):
    """The miner's daemon and its API."""

    host: str = Field(default="127.0.0.1", description="address the API listens on")
    port: int = Field(default=8650, ge=0, le=65535, description="0: any free one")
    public_url: str = Field(
        default="", description="what the contract tells devices; empty: http://host:port"
    )
    retention_rounds: int = Field(
        default=0,
        ge=0,
        description="rounds whose updates stay pinned; 0: all, so that the whole chain can be verified",
    )
    stake: int | str = Field(
        default="",
        description="stake to hold when it joins, e.g. '0.1 ether'; empty: the federation's minimum; none: touch nothing",
    )
    holdout: str = Field(
        default="",
        description="measure updates on a task's test data (a bundled task's name or a file); empty: do not",
    )
    holdout_data: str = Field(default="", description="folder of the holdout's data; empty: the task's own")
    holdout_part: int = Field(default=0, ge=0, description="this miner's share of the test data, from 0")
    holdout_parts: int = Field(default=1, ge=1, description="into how many shares the test data is dealt out")
    allow_list: str = Field(default="", description=_ALLOW_LIST)
    private_network: bool = Field(
        default=False, description="ask miners on private addresses too for what they signed"
    )
    canary_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share of the accepted devices that are asked to train again, of those that offer it",
    )


class PrivacySection(_Section):
    """Differential privacy of a device's updates; needs Opacus: pip install 'minerva[dp]'."""

    noise_multiplier: float = Field(
        default=0.0,
        ge=0,
        le=1_000_000,
        description="standard deviation of the noise over max_norm; 0: no privacy",
    )
    max_norm: float = Field(
        default=1.0, gt=0, le=1_000_000, description="L2 norm that an update's difference is clipped to"
    )
    delta: float = Field(default=1e-5, gt=0, lt=1, description="the δ that ε is told for")
    budget_epsilon: float = Field(
        default=10.0,
        gt=0,
        le=1_000_000,
        description="the device leaves rounds out that would cost more in all",
    )


class DeviceSection(_Section):
    """The device's task and data."""

    task: str = Field(default="digits", description="a bundled task's name, or a path to a task file")
    data: str = Field(
        default="", description="folder that the task's load_data is given; empty: the task's own"
    )
    partition: str = Field(
        default="",
        description="simulate: iid, dirichlet:ALPHA or pathological:K over `clients`; empty: all data",
    )
    clients: int = Field(default=1, ge=1, description="over how many the data is partitioned")
    client: int = Field(
        default=0, ge=0, description="this device's number; with the round it seeds the sample order"
    )
    seed: int = Field(default=0, ge=0, description="of the partition")
    epochs: int = Field(default=0, ge=0, le=10_000, description="local epochs a round; 0: the task's own")
    push: bool = Field(default=True, description="offer updates to the miner's API before the own store")
    private_network: bool = Field(
        default=False, description="talk to miners on private addresses too, as on a consortium's own network"
    )
    allow_list: str = Field(default="", description=_ALLOW_LIST)
    trust_code: bool = Field(default=False, description="accept a manifest that names another training code")
    rounds: int = Field(
        default=0, ge=0, description="stop after so many submissions; 0: when the federation closes"
    )
    canary: bool = Field(
        default=False, description="commit to each training's steps, and train again when the miner asks"
    )
    dp: PrivacySection = PrivacySection()


RulesSection: type[_Section] = create_model(
    "RulesSection",
    __base__=_Section,
    __doc__="Parameters of the verification rules that are not the usual ones; docs/SPECIFICATION.md, T3, says what each is.",
    **{
        name: (int | None, Field(default=None, ge=least, le=most, description=f"usually {usual}"))
        for name, usual in asdict(RuleParameters()).items()
        for least, most in [RULE_BOUNDS[name]]
    },
)  # type: ignore[call-overload]


class CreateSection(_Section):
    """What `minerva federation create` asks for.

    Bounds in docs/SPECIFICATION.md, section C. Times are in seconds.
    """

    title: str = Field(default="", description="a name for people; empty: the task's title")
    rounds: int = 10
    min_miners: int = 1
    max_miners: int = 16
    min_devices: int = 1
    max_devices: int = 1000
    min_updates: int = 1
    max_joins: int = 1000
    silent_rounds: int = 3
    training_seconds: int = 600
    verification_seconds: int = 120
    fetch_seconds: int = 30
    mining_seconds: int = 120
    attestation_seconds: int = 120
    max_extensions: int = 2
    max_candidates: int = 5
    max_pause_seconds: int = 86_400
    max_model_bytes: int = 64 << 20
    confirmations: int = 0
    policy: Literal["open", "allow-list", "stake", "allow-list+stake"] = Field(
        default="open", description="who may join: anyone, who is on a list, who has staked enough, or both"
    )
    allow_list: str = Field(default="", description="policies with a list: its file")
    miner_stake: int = Field(
        default=0, description="policies with stake: what a miner must have bonded to join"
    )
    device_stake: int = Field(default=0, description="policies with stake: the same of a device")
    consensus: Literal["pow", "pos", "por", "committee"] = Field(
        default="pow",
        description="who proposes: pow races for a nonce; pos, por and committee take turns by stake, reputation, scores",
    )
    difficulty: int = Field(default=20_000, description="pow: expected hashes of the first proof of work")
    target_seconds: int = Field(default=2, description="pow: how long a proof of work should take")
    committee_size: int = Field(default=3, description="committee: how many miners vote")
    reputation_start: int = Field(default=100, description="por: what a newcomer's word weighs")
    reputation_cap: int = Field(default=10_000, description="por: the most that a word weighs")
    reputation_decay_permille: int = Field(
        default=900, description="por: what a block leaves of it, in 1/1000"
    )
    reputation_presence: int = Field(default=10, description="por: points for a ballot")
    reputation_ballot: int = Field(
        default=80, description="por: points for a ballot that agrees with the outcome"
    )
    reputation_block: int = Field(default=40, description="por: points for a block")
    initial_seed: int = Field(
        default=0, ge=0, lt=1 << 63, description="of the genesis model; told, not trusted"
    )
    aggregation: str = Field(
        default="nnm+geometric_median+fedavgm",
        description="how updates become one model, parts joined by +: nnm:f=4+trimmed_mean:f=4, fedavg (no defence)",
    )
    rules: RulesSection = RulesSection()  # type: ignore[valid-type]
    confidential: bool = Field(
        default=False,
        description="seal every update to the miners of its round; the global model stays public",
    )
    stake: bool = Field(default=False, description="whether miners stake; pos and a minimum imply it")
    stake_token: str = Field(default="", description="address of the ERC-20 that is staked; empty: ether")
    stake_minimum: int | str = Field(
        default=0, description="what a miner must stake: wei, or '0.1 ether', or a token's least unit"
    )
    stake_unit: int | str = Field(
        default="",
        description="what a unit of weight costs (pos); empty: a hundredth of the minimum, or 0.001 ether",
    )
    stake_evidence_seconds: int = Field(
        default=86_400, description="how long evidence of an offence may be brought; stake leaves later still"
    )
    stake_rejected_bps: int = Field(default=1_000, description="slashed for a rejected block, in 1/10,000")
    stake_equivocation_bps: int = Field(default=5_000, description="slashed for contradicting oneself")
    stake_absence_bps: int = Field(default=100, description="slashed for being absent too often")
    stake_absences: int = Field(default=3, description="how many absences that is; 0: never")
    stake_reporter_bps: int = Field(
        default=2_500, description="of what is slashed for contradicting oneself, to whoever reports it"
    )
    reward_per_round: int | str = Field(
        default=0,
        description="what a round may cost at most: wei, or 0.01ether, or a token's least unit; 0: nothing is paid",
    )
    reward_token: str = Field(default="", description="address of the ERC-20 that is paid; empty: ether")
    reward_data_bps: int = Field(default=5_000, description="of it, in 1/10,000: devices for accepted data")
    reward_proposer_bps: int = Field(default=1_500, description="of it: the block's proposer")
    reward_ballot_bps: int = Field(default=2_500, description="of it: miners whose verdicts were right")
    reward_attester_bps: int = Field(default=1_000, description="of it: miners that attest the block")
    reward_claim_seconds: int = Field(
        default=30 * 86_400, description="for how long earnings may be claimed after the end"
    )


class WebuiSection(_Section):
    """The dashboard's server, and what its page speaks to."""

    host: str = Field(default="127.0.0.1", description="address the server listens on")
    port: int = Field(default=8600, ge=0, le=65535, description="0: any free one")
    rpc: str = Field(default="", description="RPC address for browsers, http(s)://; empty: chain.rpc")
    ws: str = Field(
        default="",
        description="where it answers by WebSocket; empty: beside chain.rpc on a local chain, else none",
    )
    gateway: str = Field(
        default="", description="IPFS gateway for browsers; empty: this server, from store.url"
    )
    price: str = Field(
        default="",
        pattern=r"^(\d{1,9}(\.\d{1,9})? [A-Z]{3})?$",
        description="what one of the chain's coins costs, for the page to tell costs in money: 3000 USD; empty: it does not",
    )


class Settings(_Section):
    """Everything, with its defaults."""

    state: str = Field(default=str(STATE_FOLDER), description="folder for outboxes, journals and ledgers")
    federation: str = Field(default="", description="the federation's address")
    chain: ChainSection = ChainSection()
    store: StoreSection = StoreSection()
    key: KeySection = KeySection()
    miner: MinerSection = MinerSection()
    device: DeviceSection = DeviceSection()
    create: CreateSection = CreateSection()
    webui: WebuiSection = WebuiSection()

    def to_toml(self) -> str:
        """Return the effective configuration as a file that would give it."""
        return "\n".join(_table("", self.model_dump())) + "\n"


def load(path: Path | None, overrides: dict[str, Any]) -> Settings:
    """Read the file, lay the flags over it, and check the result.

    Parameters
    ----------
    path
        The file named by ``--config``; None looks in the usual places and takes defaults when there is none.
    overrides
        Flags that were given, by dotted key, e.g. ``{"chain.rpc": "http://…"}``; None values are left out.

    Raises
    ------
    ConfigError
        The file is missing or no TOML, a key is unknown (the nearest known one is named), or a value is out
        of bounds.
    """
    document = _read(path)
    for dotted, value in overrides.items():
        if value is None:
            continue
        *parents, leaf = dotted.split(".")
        target = document
        for parent in parents:
            inner = target.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise ConfigError(
                    "a section is expected here", value=parent, remedy=f"Write [{parent}] and keys under it."
                )
            target = inner
        target[leaf] = value
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise _explain(error) from None


def _read(path: Path | None) -> dict[str, Any]:
    if path is None:
        usual = [
            candidate for candidate in (Path(FILE_NAME), STATE_FOLDER / FILE_NAME) if candidate.is_file()
        ]
        if not usual:
            return {}
        path = usual[0]
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            "the configuration file cannot be read",
            value=f"{path}: {error.strerror}",
            remedy="Name another with --config.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            "the configuration file is not TOML", value=f"{path}: {error}", remedy="Mend that line."
        ) from None


def _explain(error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    dotted = ".".join(where)
    if first["type"] == "extra_forbidden":
        inner = first.get("input")
        if isinstance(inner, dict) and inner:  # an unknown section: its first key says more
            dotted = f"{dotted}.{next(iter(inner))}"
        known = _known_keys()
        near = difflib.get_close_matches(dotted, known, n=1, cutoff=0.0)
        return ConfigError("unknown configuration key", value=dotted, remedy=f"Did you mean {near[0]!r}?")
    return ConfigError(
        f"configuration key {dotted!r} has a value that cannot be used",
        value=repr(first.get("input")),
        remedy=f"{first['msg']}.",
    )


def _known_keys() -> list[str]:
    return keys_of(Settings)


def keys_of(section: type[BaseModel]) -> list[str]:
    """Return the dotted names of a section's keys, those of the sections in it too."""
    keys: list[str] = []
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            keys += [f"{name}.{key}" for key in keys_of(inner)]
        else:
            keys.append(name)
    return keys


def _table(name: str, values: dict[str, Any]) -> list[str]:
    """Write a table and the tables in it, which TOML wants after its own keys."""
    lines = ["", f"[{name}]"] if name else []
    plain = {key: value for key, value in values.items() if not isinstance(value, dict)}
    lines += [f"{key} = {_toml(value)}" for key, value in plain.items() if value is not None]
    for key, value in values.items():
        if isinstance(value, dict):
            lines += _table(f"{name}.{key}" if name else key, value)
    return lines


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
