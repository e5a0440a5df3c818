"""Write src/**/vectors.json: what the Python client makes of the same input, for the dashboard's unit tests.

Run by `tools/run python webui/scripts/vectors.py` after a change of the encodings; the files are committed.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from minerva.admission import list_bytes, parse_list, policy_parameters
from minerva.amounts import parse_amount
from minerva.chain.abi import Function
from minerva.chain.contracts import FederationFactory
from minerva.config import CreateSection
from minerva.errors import ConfigError, UserError
from minerva.learning.aggregation import rule
from minerva.protocol.actions import CreateFederation
from minerva.protocol.allow_list import AllowList
from minerva.protocol.ballots import Outcome
from minerva.protocol.cid import Cid
from minerva.protocol.records import Update
from minerva.protocol.rewards import CumulativeTable, RewardTable, RoundFacts
from minerva.protocol.state import RewardTerms
from minerva.requester import _config, consensus_module
from minerva.results import Results, Row
from minerva.rewards import reward_terms
from minerva.staking import stake_terms
from minerva.store.cid import cid_of

ROOT = Path(__file__).parents[2]
FEATURES = ROOT / "webui" / "src" / "features"
MANIFEST, MODEL = Cid(bytes(range(32))), Cid(bytes(range(32, 64)), 0x70)
MODULES = {name: f"0x{number:040x}" for number, name in enumerate(("pow", "pos", "por", "committee"), 0x1001)}
POLICIES = {
    name: f"0x{number:040x}"
    for number, name in enumerate(("allow-list", "stake", "allow-list-and-stake"), 0x2001)
}
NETWORK: Any = SimpleNamespace(modules=MODULES, policies=POLICIES)
FACTORY, TOKEN = f"0x{0x3001:040x}", f"0x{0x4001:040x}"
TOKEN_DECIMALS = 6
MONEY = ("minerStake", "deviceStake", "stakeMinimum", "stakeUnit", "rewardPerRound")
ALICE, BOB, CAROL = (f"0x{digit * 40}" for digit in ("1", "2", "3"))
LIST = f"# members\n{ALICE} miner\n{BOB}, node\n\n{CAROL} DEVICE # a comment\n"

MADE: tuple[dict[str, str], ...] = (
    {},
    {"rounds": "50", "minMiners": "3", "minDevices": "10", "minUpdates": "5", "confirmations": "64"},
    {"consensus": "pow", "difficulty": "281474976710656", "targetSeconds": "86400"},
    {"consensus": "pos", "stakeMinimum": "0.5", "stakeUnit": "0.25"},
    {"consensus": "pos"},
    {"consensus": "por", "reputationStart": "5", "reputationCap": "32767", "reputationDecayPermille": "1000"},
    {"consensus": "committee", "committeeSize": "7"},
    {"stake": "yes", "stakeMinimum": "0.1", "stakeAbsences": "0", "stakeReporterBps": "5000"},
    {"stake": "yes", "stakeToken": TOKEN, "stakeMinimum": "2.5"},
    {
        "rewardPerRound": "0.01", "rewardDataBps": "10000", "rewardProposerBps": "0", "rewardBallotBps": "0",
        "rewardAttesterBps": "0",
    },
    {"rewardPerRound": "1.000001", "rewardToken": TOKEN, "rewardClaimSeconds": "63072000"},
    {"policy": "allow-list", "allowList": LIST},
    {"policy": "stake", "stake": "yes", "minerStake": "1", "deviceStake": "0.000000000000000001"},
    {"policy": "allow-list+stake", "stake": "yes", "allowList": LIST, "minerStake": "3"},
)  # fmt: skip
REFUSED: tuple[dict[str, str], ...] = (
    {"rounds": "0"}, {"rounds": "1000001"}, {"maxMiners": "65"}, {"minMiners": "17"}, {"minMiners": "0"},
    {"maxDevices": "60001"}, {"minDevices": "1001"}, {"minUpdates": "1001"}, {"minUpdates": "0"}, {"maxJoins": "1001"},
    {"silentRounds": "8"}, {"trainingSeconds": "2592001"}, {"verificationSeconds": "1"}, {"fetchSeconds": "61"},
    {"fetchSeconds": "0"}, {"miningSeconds": "0"}, {"attestationSeconds": "0"}, {"maxExtensions": "11"},
    {"maxCandidates": "0"}, {"maxPauseSeconds": "31536001"}, {"maxModelBytes": "2147483649"}, {"confirmations": "65"},
    {"difficulty": "0"}, {"difficulty": "281474976710657"}, {"targetSeconds": "86401"},
    {"consensus": "committee", "committeeSize": "65"}, {"consensus": "por", "reputationCap": "32768"},
    {"consensus": "por", "reputationStart": "10001"}, {"consensus": "por", "reputationDecayPermille": "1001"},
    {"consensus": "por", "reputationBlock": "10001"},
    {"stake": "yes", "stakeMinimum": "65.536", "stakeUnit": "0.001"}, {"stake": "yes", "stakeUnit": "0"},
    {"stake": "yes", "stakeEvidenceSeconds": "0"}, {"stake": "yes", "stakeRejectedBps": "5001"},
    {"stake": "yes", "stakeEquivocationBps": "10001"}, {"stake": "yes", "stakeAbsenceBps": "1001"},
    {"stake": "yes", "stakeAbsences": "101"}, {"stake": "yes", "stakeReporterBps": "5001"},
    {"stake": "yes", "stakeMinimum": "1.0000000000000000001"}, {"stake": "yes", "stakeToken": "0x12"},
    {"rewardPerRound": "1", "rewardDataBps": "5001"}, {"rewardPerRound": "1", "rewardClaimSeconds": "86399"},
    {"rewardPerRound": "34028236692093846347"}, {"rewardPerRound": "much"}, {"rewardPerRound": "1", "rewardToken": "gold"},
)  # fmt: skip
RULES = (
    "fedavg", "median", "fedadam", "fedavg+fedadam:tau=1,lr=5", "nnm:f=4+trimmed_mean:f=4", "bucketing+krum:f=2",
    "nnm:f=5+median", "krum", "krum:f=4", "multi_krum:f=0", "centred_clipping:steps=3,permille=900+fedavgm",
    "clip+nnm+geometric_median:steps=64", "bucketing:s=3+bucketing+trimmed_mean:f=1", "trimmed_mean:f=5",
    "", "bulyan", "median+krum", "fedadam+median", "nnm", "krum:f=01", "krum:f=-1", "krum:f=1,f=1", "krum:g=1",
    "client_momentum:beta=990+nnm+median", "client_momentum+fedavgm", "nnm+geometric_median+fedavgm",
    "client_momentum", "median+client_momentum", "client_momentum+client_momentum+median", "bucketing:s=5+median",
    "fedadam:lr=0", "median:", "Median", "fedavg+", "krum:f=1000001", "nnm:f=4+" * 30 + "median",
)  # fmt: skip


def documents() -> dict[str, dict[str, Any]]:
    """Return the vectors of each feature."""
    create = {
        "modules": MODULES, "policies": POLICIES, "factory": FACTORY, "token": TOKEN, "tokenDecimals": TOKEN_DECIMALS,
        "manifest": str(MANIFEST), "model": str(MODEL), "defaults": _defaults(),
        "made": [{"draft": draft, "data": "0x" + _created(draft).hex()} for draft in MADE],
        "refused": [{"draft": draft, "field": _refusal(draft)} for draft in REFUSED],
        "rules": [_rule(text, n) for text in RULES for n in (1, 4, 11)],
        "usualRule": CreateSection().aggregation,
    }  # fmt: skip
    lists = [_list(text) for text in (LIST, f"{ALICE} device\n", "")]
    return {
        "results": _results(),
        "create": create,
        "membership": {"lists": lists, "wrong": _wrong_lists()},
        "rewards": {
            "tables": [_table(count) for count in (1, 2, 3, 7)],
            "rounds": [_round(), _empty_round()],
        },
    }


def _results() -> dict[str, Any]:
    """Return figures as `minerva model evaluate` publishes them."""
    rounds = [
        Row(1, {"loss": 0.5, "accuracy": 0.75}, b"\x11" * 32),
        Row(3, {"loss": 0.25, "accuracy": 0.9}, b"\x33" * 32),
    ]
    central = [Row(1, {"loss": 0.4, "accuracy": 0.8}), Row(3, {"loss": 0.2, "accuracy": 0.95})]
    made = Results(31337, TOKEN, "the test data of the task digits", rounds, central, "all data in one place")
    return {"text": made.to_bytes().decode()}


def file_of(feature: str) -> Path:
    """Return where the vectors of a feature are committed."""
    return FEATURES / feature / "vectors.json"


def _defaults() -> dict[str, str]:
    """Return every option of the section that the wizard asks for too."""
    left_out = {"rules", "title", "initial_seed", "aggregation", "confidential", "allow_list", "stake_unit"}
    options = CreateSection().model_dump(exclude=left_out)
    return {_camel(name): str(value) for name, value in options.items() if not isinstance(value, bool)}


def _created(draft: dict[str, str]) -> bytes:
    options, allowed = _options(draft)
    policy = policy_parameters(NETWORK, options.policy, allowed, options.miner_stake, options.device_stake)
    config = _config(options, consensus_module(NETWORK, options), policy, MANIFEST, MODEL)
    action = CreateFederation(FACTORY, config, "", stake_terms(options), reward_terms(options))
    abi = json.loads((ROOT / "build" / "contracts" / "IFederationFactory.json").read_text())["abi"]
    functions = {entry["name"]: Function(entry) for entry in abi if entry["type"] == "function"}
    return FederationFactory(FACTORY, functions).create_federation(action).data


def _options(draft: dict[str, str]) -> tuple[CreateSection, AllowList | None]:
    """Read a draft of the wizard, whose sums are in ether or whole tokens, as the client's section."""
    values: dict[str, Any] = {}
    for name, text in draft.items():
        token = draft.get("rewardToken" if name.startswith("reward") else "stakeToken", "")
        match name:
            case "allowList":
                continue
            case "stake":
                values[name] = text == "yes"
            case _ if name in ("minerStake", "deviceStake"):
                values[_snake(name)] = parse_amount(f"{text} ether")
            case _ if name in MONEY:
                values[_snake(name)] = _least(text) if token == TOKEN else text if token else f"{text} ether"
            case _:
                values[_snake(name)] = text
    return CreateSection.model_validate(values), parse_list(
        draft["allowList"].encode(), ""
    ) if "allowList" in draft else None


def _least(text: str) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(TOKEN_DECIMALS, "0"))


def _refusal(draft: dict[str, str]) -> str:
    try:
        _created(draft)
    except (ConfigError, UserError) as error:
        named = re.search(r"create\.([a-z_]+)", str(error))
        if "*_bps" in str(error):
            return "rewardDataBps"
        if named is None:
            raise ValueError(f"{draft}: {error}") from None
        return _camel(named[1])
    raise ValueError(f"the client takes {draft}")


def _rule(text: str, n: int) -> dict[str, Any]:
    try:
        found = rule(text)
    except UserError:
        return {"text": text, "n": n, "canonical": None, "enough": False}
    try:
        found.check(n)
    except UserError:
        return {"text": text, "n": n, "canonical": found.text, "enough": False}
    return {"text": text, "n": n, "canonical": found.text, "enough": True}


def _list(text: str) -> dict[str, Any]:
    allowed = parse_list(text.encode(), "list")
    evidence = [
        {"account": account, "role": int(role), "evidence": "0x" + allowed.evidence(account, role).hex()}
        for account, role in sorted(allowed.entries)
    ]
    published = list_bytes(allowed)
    return {
        "text": text, "root": "0x" + allowed.root.hex(), "published": published.decode(), "cid": str(cid_of(published)),
        "evidence": evidence,
    }  # fmt: skip


def _wrong_lists() -> list[str]:
    texts = [
        f"{ALICE}\n", f"{ALICE} boss\n", "0x12 miner\n", f"{ALICE} miner device\n", '{"allowList": 5}', "{", "[5]",
        f'[{{"account": "{ALICE}", "role": "miner", "more": 1}}]', "0xAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAa miner\n",
    ]  # fmt: skip
    for text in texts:
        try:
            parse_list(text.encode(), "list")
        except UserError:
            continue
        raise ValueError(f"the client takes {text!r}")
    return texts


def _table(count: int) -> dict[str, Any]:
    accounts = [f"0x{number:040x}" for number in range(0xA0, 0xA0 + count)]
    made = CumulativeTable({account: 10**18 + 7 * number for number, account in enumerate(accounts)})
    proofs = {account: ["0x" + node.hex() for node in made.proof(account)] for account in accounts}
    earned = {account: str(amount) for account, amount in made.earned.items()}
    return {"earned": earned, "root": "0x" + made.root.hex(), "proofs": proofs}


def _round() -> dict[str, Any]:
    samples = (100, 250, 40, 9000)
    updates = tuple(
        Update(TOKEN, 3, f"0x{0xD0 + number:040x}", ALICE, MODEL, count, 1, 10**6, 0, 0)
        for number, count in enumerate(samples)
    )
    outcomes = (Outcome(True, 191, 0), Outcome(True, 77, 0), Outcome(False, 0, 13), Outcome(True, 0, 0))
    ballots = {0: bytes((255, 141, 13, 64)), 1: bytes((255, 140, 255, 1)), 3: bytes((24, 200, 33, 70))}
    voters = {0: ALICE, 1: BOB, 2: CAROL, 3: f"0x{0xD0:040x}"}
    return _receipts(RoundFacts(3, updates, outcomes, 4, voters, {**ballots, 2: None}, BOB))


def _empty_round() -> dict[str, Any]:
    return _receipts(RoundFacts(4, (), (), 4, {0: ALICE}, {0: b""}, ALICE))


def _receipts(facts: RoundFacts) -> dict[str, Any]:
    terms = RewardTerms("0x" + "0" * 40, 10**17 + 11, 5000, 1500, 2500, 1000, 86_400)
    made = RewardTable(facts, terms)
    accounts = sorted({*facts.voters.values(), *(update.device for update in facts.updates)})
    return {
        "round": facts.round, "sampleCap": facts.sample_cap, "perRound": str(terms.per_round),
        "updates": [{"device": u.device, "samples": u.samples, "epochs": u.epochs} for u in facts.updates],
        "outcomes": [{"accepted": o.accepted, "quality": o.quality, "reason": o.reason} for o in facts.outcomes],
        "voters": {str(index): owner for index, owner in facts.voters.items()},
        "ballots": {str(i): None if b is None else "0x" + b.hex() for i, b in facts.ballots.items()},
        "proposer": facts.proposer, "total": str(made.total),
        "grants": {account: str(amount) for account, amount in made.grants.items()},
        "receipts": [_digits(made.receipt(account, attestation=5).document()) for account in accounts],
    }  # fmt: skip


def _digits(value: Any) -> Any:
    """Return a document with its sums as digits: JSON's numbers do not hold them."""
    if isinstance(value, dict):
        return {
            name: str(inner) if name in ("amount", "pool") else _digits(inner)
            for name, inner in value.items()
        }
    return value


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda match: "_" + match[0].lower(), name)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


if __name__ == "__main__":
    for name, document in documents().items():
        file_of(name).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
