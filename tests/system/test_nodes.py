"""Three nodes, each a device and a miner with one key, on real parts.

Their federation has an allow-list, and a committee until its governor lets all race.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import torch
from federation_site import SECONDS, Site, beside, eventually, site

from minerva.admission import list_bytes
from minerva.config import CreateSection
from minerva.connect import connect_actor
from minerva.keys import anvil_address
from minerva.learning.task import load_task
from minerva.protocol.actions import ChangeConsensus
from minerva.protocol.allow_list import AllowList, Role
from minerva.protocol.blocks import Body
from minerva.protocol.events import (
    BallotCast,
    BlockFinalized,
    ConsensusChanged,
    FederationClosed,
    UpdateSubmitted,
)
from minerva.protocol.governance import ROLES, AllowListChanged, RoleGranted
from minerva.requester import consensus_module
from minerva.stack.parts import FIRST_MINER_KEY, Stack
from minerva.store.cid import cid_of
from minerva.verification.audit import audit

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

ROUNDS, NODES = 2, 3
ACCOUNTS = [anvil_address(FIRST_MINER_KEY + number) for number in range(NODES)]


@pytest.fixture(scope="module")
def closed(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The federation after its last round; its nodes still run."""
    torch.set_num_threads(1)
    allowed = AllowList((account, role) for account in ACCOUNTS for role in Role)
    with site(
        beside(stack, tmp_path_factory.mktemp("nodes") / "stack"), load_task("digits"), allowed=allowed,
        policy="allow-list", consensus="committee", committee_size=2, rounds=ROUNDS, min_miners=NODES,
        min_devices=NODES, min_updates=NODES,
    ) as made:  # fmt: skip
        change_module(made)
        for number in range(NODES):
            start(made, number, str(cid_of(list_bytes(allowed))))
        made.until(FederationClosed, 4 * SECONDS)
        yield made


def change_module(made: Site) -> None:
    """K10: before round 1, so it is announced one round ahead and in force in round 2."""
    with connect_actor(made.chain, made.stack.settings("requester", 0)) as actor:
        options = CreateSection(difficulty=200_000, target_seconds=1)
        actor.send(ChangeConsensus(made.address, *consensus_module(made.chain, options), 0))


def start(made: Site, number: int, allow_list: str) -> None:
    """Start a node that has the list from IPFS."""
    settings = made.stack.settings(
        f"node-{number}", FIRST_MINER_KEY + number, store=number % 2, federation=made.address,
        miner={"port": 0, "allow_list": allow_list},
        device={
            "task": "digits", "partition": "iid", "clients": NODES, "client": number % NODES, "epochs": 1,
            "allow_list": allow_list,
        },
    )  # fmt: skip
    made.stack.run(f"node-{number}", settings, ["minerva.cli", "node", "run"])


def test_every_round_has_its_block(closed: Site) -> None:
    assert [event.round for event in closed.all(BlockFinalized)] == list(range(1, ROUNDS + 1))
    assert audit(closed.chain, closed.stores[0], closed.address, timeout=SECONDS).ok


def test_the_chain_tells_of_its_list_and_its_roles(closed: Site) -> None:
    assert closed.allowed is not None
    assert closed.chain.allow_list_root(closed.address) == closed.allowed.root
    assert closed.all(AllowListChanged) == [AllowListChanged(closed.address, closed.allowed.root)]
    assert [event.role for event in closed.all(RoleGranted)] == list(ROLES.values())


def test_each_key_is_a_miner_and_its_device(closed: Site) -> None:
    miners = {info.owner: info.contract for info in closed.chain.miners(closed.address)}
    assert set(miners) == set(ACCOUNTS)
    for account in ACCOUNTS:
        bound = closed.chain.device(closed.address, account)
        assert bound is not None and bound.miner == miners[account]


def test_the_committee_votes_until_the_module_changes_and_then_all_do(closed: Site) -> None:
    assert closed.all(ConsensusChanged) == [ConsensusChanged(2, closed.chain.modules["pow"])]
    assert [len(closed.all(BallotCast, round=round_)) for round_ in (1, 2)] == [2, NODES]


def test_all_train_in_every_round(closed: Site) -> None:
    for round_ in range(1, ROUNDS + 1):
        assert {event.device for event in closed.all(UpdateSubmitted, round=round_)} == set(ACCOUNTS)
    headers = closed.headers()
    for event in closed.all(BlockFinalized):
        body = Body.from_bytes(closed.fetch(headers[event.hash].body))
        assert len(body.accepted) == NODES


def test_who_is_not_on_the_list_is_told_so_in_one_line(closed: Site) -> None:
    """By the node's command, whose device half is looked at first; the federation is closed, but the list comes before that."""
    allowed = str(cid_of(list_bytes(AllowList((account, role) for account in ACCOUNTS for role in Role))))
    start(closed, NODES, allowed)
    child = closed.stack.children[f"node-{NODES}"]
    assert child.wait(SECONDS) == 2
    stranger = anvil_address(FIRST_MINER_KEY + NODES)
    assert child.tail(1) == (
        f"minerva: the account is not on the allow-list as a device: {stranger}. Ask the requester to add it."
    )


def test_nodes_serve_a_closed_federation_and_end_cleanly(closed: Site) -> None:
    """SIGTERM ends both daemons, with status 0."""
    for number in range(NODES):
        file = Path(closed.stack.root) / f"node-{number}" / "api.json"
        url = file.read_text().split('"')[3]
        assert requests.get(f"{url}/status", timeout=SECONDS).status_code == 200
        child = closed.stack.children[f"node-{number}"]
        assert child.terminate(SECONDS) == 0, child.tail()
        eventually(lambda: not file.exists(), "api.json is gone")  # noqa: B023
