"""Membership policies for people: the list that a requester keeps, and what a member shows with it.

The chain keeps a list's Merkle root alone (docs/decisions/0008-allow-lists.md): the list itself is a file, or content
on IPFS, and whoever uses one checks it against the root first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from minerva.chain.port import Chain
from minerva.errors import ConfigError, UserError
from minerva.protocol import canonical
from minerva.protocol.allow_list import LISTED, AllowList, Role
from minerva.protocol.cid import Cid
from minerva.protocol.records import ZERO_ADDRESS, Address

MAX_LIST_BYTES = 16 << 20
OPEN = "open"
_WORD = 32
POLICIES = {"allow-list": "allow-list", "stake": "stake", "allow-list+stake": "allow-list-and-stake"}
"""Names for people, and what the deployed policies answer to."""
_STAKED = ("stake", "allow-list-and-stake")
"""Names of the deployed policies that want stake; the last two words of their parameters say how much of each role."""
ROLES = {"miner": (Role.MINER,), "device": (Role.DEVICE,), "node": (Role.MINER, Role.DEVICE)}
Entry = tuple[Address, Role]
_HOW = "A line is an address and miner, device or node, e.g. '0x… device'."


def policy_name(chain: Chain, policy: Address) -> str:
    """Return a policy's name for people, or its address where the deployment does not know it."""
    if policy == ZERO_ADDRESS:
        return OPEN
    known = {
        chain.policies[deployed]: name for name, deployed in POLICIES.items() if deployed in chain.policies
    }
    return known.get(policy, policy)


def policy_parameters(
    chain: Chain, name: str, allowed: AllowList | None, miner_stake: int, device_stake: int
) -> tuple[Address, bytes]:
    """Return the policy's address and the parameters that it is given at creation.

    Raises
    ------
    ConfigError
        The deployment has no such policy, a list is missing, or one is given that nobody would ask for.
    """
    deployed = POLICIES.get(name, name)
    if (allowed is not None) != (deployed in LISTED):
        lacks = allowed is None
        raise ConfigError(
            "the policy needs an allow-list" if lacks else "the policy asks for no allow-list",
            value=name,
            remedy="Name its file with --allow-list." if lacks else "Choose --policy allow-list.",
        )
    if name == OPEN:
        return ZERO_ADDRESS, b""
    if deployed not in chain.policies:
        known = ", ".join([OPEN, *(name for name, there in POLICIES.items() if there in chain.policies)])
        raise ConfigError(
            "the deployment has no such membership policy", value=name, remedy=f"It has {known}."
        )
    parameters = allowed.root if allowed is not None else b""
    if name.endswith("stake"):
        for key, amount in (("miner_stake", miner_stake), ("device_stake", device_stake)):
            if not 0 <= amount < 1 << 256:
                remedy = "It is an amount in the token's least unit."
                raise ConfigError(f"create.{key} is out of bounds", value=amount, remedy=remedy)
        parameters += miner_stake.to_bytes(32) + device_stake.to_bytes(32)
    return chain.policies[deployed], parameters


def policy_stake(chain: Chain, federation: Address, role: Role) -> int:
    """Return what the federation's policy wants staked of whoever joins as ``role``; 0 where it wants nothing."""
    config = chain.config(federation)
    if config.policy not in {chain.policies.get(name) for name in _STAKED}:
        return 0
    needs = config.policy_parameters[-2 * _WORD :]
    return int.from_bytes(needs[role * _WORD : (role + 1) * _WORD])


def read_list(path: Path) -> AllowList:
    """Read a list that somebody wrote; raises `UserError` that names the line which is wrong."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            "the allow-list cannot be read", value=f"{path}: {error.strerror}", remedy="Name another file."
        ) from None
    return parse_list(data, str(path))


def parse_list(data: bytes, name: str) -> AllowList:
    """Take a list in its text or its JSON form; ``name`` is for the messages."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError("the allow-list is no text", value=f"{name}, line {line}", remedy=_HOW) from None
    entries = _from_json(text, name) if text.lstrip()[:1] in ("{", "[") else _from_lines(text, name)
    return AllowList(entries)


def list_bytes(allowed: AllowList) -> bytes:
    """Return a list in the form in which it is published: canonical JSON, accounts in their order."""
    entries = sorted((account, role.name.lower()) for account, role in allowed.entries)
    listed = [{"account": account, "role": role} for account, role in entries]
    return canonical.dumps({"minerva": 1, "allowList": listed})


def evidence(
    chain: Chain,
    federation: Address,
    account: Address,
    role: Role,
    source: str,
    fetch: Callable[[Cid], bytes],
) -> bytes:
    """Return what ``account`` joins a federation with: nothing where its policy keeps no list.

    Parameters
    ----------
    source
        The list: a file, or its CID.
    fetch
        Brings the content of a CID.

    Raises
    ------
    UserError
        No list is named, it is not one, it is not the one that the chain has the root of, or the account is not on it.
    StoreError
        Nobody serves it.
    """
    root = chain.allow_list_root(federation)
    if root is None:
        return b""
    allowed = current_list(root, source, fetch, f"{role.name.lower()}.allow_list")
    return allowed.evidence(account, role)


def current_list(root: bytes, source: str, fetch: Callable[[Cid], bytes], where: str) -> AllowList:
    """Return the list of ``root`` from a file or IPFS; ``where`` says how to name another; raises as `evidence`."""
    if not source:
        raise UserError(
            "the federation takes members by an allow-list, and none is named",
            value=where,
            remedy="Set it to the list's CID or file, which the requester gives out.",
        )
    path = Path(source)
    allowed = (
        read_list(path)
        if path.exists() or not _is_cid(source)
        else parse_list(fetch(Cid.parse(source)), source)
    )
    if allowed.root != root:
        raise UserError(
            "the allow-list is not the federation's present one",
            value=f"{source} has the root 0x{allowed.root.hex()}, the chain 0x{root.hex()}",
            remedy="Ask the requester for the present one.",
        )
    return allowed


def _is_cid(text: str) -> bool:
    try:
        Cid.parse(text)
    except UserError:
        return False
    return True


def _from_lines(text: str, name: str) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        where = f"{name}, line {number}"
        if len(words) != 2:
            raise UserError(
                "not an entry of an allow-list", value=f"{where}: {ascii(line)[:100]}", remedy=_HOW
            )
        yield from _entry(words[0], words[1], where)


def _from_json(text: str, name: str) -> Iterator[Entry]:
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise UserError(
            "the allow-list is not JSON", value=f"{name}, line {line}: {error}", remedy="Mend that line."
        ) from None
    entries = document.get("allowList") if isinstance(document, dict) else document
    if not isinstance(entries, list):
        remedy = 'It is {"allowList": [{"account": "0x…", "role": "device"}, …]}.'
        raise UserError("not an allow-list", value=name, remedy=remedy)
    for number, entry in enumerate(entries, start=1):
        where = f"{name}, entry {number}"
        if not isinstance(entry, dict) or set(entry) != {"account", "role"}:
            remedy = 'It is {"account": "0x…", "role": "device"}.'
            raise UserError(
                "not an entry of an allow-list", value=f"{where}: {ascii(entry)[:100]}", remedy=remedy
            )
        yield from _entry(str(entry["account"]), str(entry["role"]), where)


def _entry(account: str, role: str, where: str) -> Iterator[Entry]:
    if not account.startswith("0x") or not is_address(account) or _mistyped(account):
        raise UserError(
            "not an address",
            value=f"{where}: {ascii(account)[:100]}",
            remedy="It is 0x and 40 hex digits whose capitals fit them (EIP-55); copy it whole.",
        )
    if role.lower() not in ROLES:
        raise UserError(
            "not a role", value=f"{where}: {ascii(role)[:100]}", remedy="It is miner, device or node."
        )
    for one in ROLES[role.lower()]:
        yield str(to_checksum_address(account)), one


def _mistyped(account: str) -> bool:
    """Whether capitals among the digits say that others were meant."""
    digits = account[2:]
    mixed = digits not in (digits.lower(), digits.upper())
    return mixed and account != to_checksum_address(account)
