"""An IPFS node and the chain itself are killed with SIGKILL under a running federation, and come back on the same state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import torch
from federation_site import SECONDS, Site, eventually, site

from minerva.chain.dev import AnvilNode
from minerva.learning.task import load_task
from minerva.protocol.blocks import Body
from minerva.protocol.events import (
    BallotCast,
    BlockFinalized,
    BlockProposed,
    DeviceRegistered,
    MinerCreated,
    RoundOpened,
    RoundSkipped,
    UpdateSubmitted,
)
from minerva.stack.parts import Stack
from minerva.store.node import KuboNode
from minerva.verification.audit import audit

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

MINERS, DEVICES = 2, 2


@pytest.fixture(scope="module")
def federation(
    new_stack: Callable[[Path], Stack], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Miner and device 0 use the first IPFS node, miner and device 1 the second; devices stand at the gate."""
    torch.set_num_threads(1)
    task = load_task(str(Path(__file__).parent / "held_task.py"))
    (x, y), _ = task.load_data()
    stack = new_stack(tmp_path_factory.mktemp("nodes") / "stack")
    assert stack.anvil is not None
    stack.anvil.stop()
    stack.anvil.save_seconds = 1e6  # only what a test saves is saved, and it knows what a kill loses
    stack.children["chain"] = stack.anvil.start().child
    with site(stack, task, min_miners=MINERS, min_devices=DEVICES, min_updates=DEVICES) as made:
        made.start_miners(MINERS)
        made.gate.close()
        for number in range(DEVICES):
            made.add_device(
                number, x[100 * number :][:100], y[100 * number :][:100], store=number, push=False
            )
        made.until(RoundOpened, round=1)
        yield made


def finish(federation: Site) -> Body:
    """Let the open round end, and hold the next one; the round's body."""
    round_ = federation.round()
    federation.gate.open()
    for device in federation.devices:
        federation.until(UpdateSubmitted, round=round_, device=device.address)
    federation.gate.close()
    final, _ = federation.until(BlockFinalized, round=round_)
    federation.until(RoundOpened, round=round_ + 1)
    return Body.from_bytes(federation.fetch(federation.headers()[final.hash].body))


def restart_node(federation: Site, number: int) -> None:
    """Start a Kubo node again on its repository and its port, and let it meet the other."""
    stack, old = federation.stack, federation.stack.nodes[number]
    api = stack.store_urls[number].removeprefix("kubo:")
    binary = Path(psutil.Process(stack.nodes[1 - number].child.pid).exe())
    stack.nodes[number] = node = KuboNode(old.repo, binary, api=api).start()
    stack.children["ipfs-b" if number else "ipfs-a"] = node.child
    assert node.address == api
    node.connect(stack.nodes[1 - number])


def test_an_ipfs_node_is_killed_with_updates_on_their_way(federation: Site) -> None:
    finish(federation)
    round_ = federation.round()
    federation.kill("ipfs-b")
    federation.gate.open()
    for device in federation.devices:  # the records come through: they need the chain alone
        federation.until(UpdateSubmitted, round=round_, device=device.address)
    federation.gate.close()
    restart_node(federation, 1)
    final, _ = federation.until(BlockFinalized, round=round_)
    body = Body.from_bytes(federation.fetch(federation.headers()[final.hash].body))
    assert len(body.accepted) == DEVICES, "the device served its update when its node was back"
    assert federation.stores[1].health().peers == 1
    body = finish(federation)
    eventually(lambda: federation.stores[1].has(body.model), "the miner at that node goes on")


def test_an_ipfs_node_keeps_what_it_had_over_its_end(federation: Site) -> None:
    body = finish(federation)
    federation.kill("ipfs-a")
    restart_node(federation, 0)
    own = next(update.cid for update in body.updates if update.device == federation.devices[0].address)
    for cid in (body.model, own, federation.chain.state(federation.address).model):
        assert federation.stores[0].has(cid)


@pytest.mark.parametrize("moment", [UpdateSubmitted, BallotCast, BlockProposed, BlockFinalized])
def test_the_chain_is_killed_and_goes_on_from_its_saved_state(federation: Site, moment: type) -> None:
    anvil = federation.stack.anvil
    assert anvil is not None
    url = anvil.url
    finish(federation)
    kept = anvil.rpc("eth_getBlockByNumber", "latest", False)["hash"]
    anvil.save()
    saved = federation.chain.state(federation.address)
    federation.gate.open()
    _, lost = federation.until(moment, round=saved.round)
    sent = updates(federation, saved.round)
    federation.gate.close()
    anvil.kill()  # what was not saved is lost: records, ballots, a block
    anvil.start()
    federation.stack.children["chain"] = anvil.child
    assert anvil.url == url
    assert has(anvil, kept), "what was saved is there"
    assert not has(anvil, "0x" + lost.block_hash.hex()), "and nothing else"
    federation.look()
    assert lost not in federation.logs, "who follows the chain hears what it took back"
    federation.gate.open()
    federation.until(BlockFinalized, round=saved.round + 1)
    federation.gate.close()
    assert sent.items() <= updates(federation, saved.round).items(), "the very same records are there again"


def has(anvil: AnvilNode, block: str) -> bool:
    """Whether the chain has a block of this hash."""
    return anvil.rpc("eth_getBlockByHash", block, False) is not None


def updates(federation: Site, round_: int) -> dict[str, bytes]:
    """The transactions of a round's records, by device."""
    logs = federation.chain.logs(federation.address)
    return {
        log.event.device: log.transaction
        for log in logs
        if isinstance(log.event, UpdateSubmitted) and log.event.round == round_
    }


def test_the_chain_is_killed_while_nothing_can_be_sent(federation: Site) -> None:
    anvil = federation.stack.anvil
    assert anvil is not None
    federation.gate.close()
    round_ = federation.round()
    anvil.save()
    anvil.kill()
    federation.gate.open()  # devices train and want to submit: there is no chain
    journals = {device.address: device.device.journal for device in federation.devices}
    eventually(lambda: all(journal.load(round_) for journal in journals.values()), "both have trained")
    trained = {address: journal.load(round_) for address, journal in journals.items()}
    anvil.start()
    federation.stack.children["chain"] = anvil.child
    federation.until(BlockFinalized, round=round_ + 1)
    federation.gate.close()
    for event in federation.all(UpdateSubmitted, round=round_):
        prepared = trained.pop(event.device)
        assert prepared is not None and event.cid == prepared.action.cid
    assert not trained


def test_nothing_was_lost_and_nothing_happened_twice(federation: Site) -> None:
    for index in range(MINERS):  # healthy again, all of them
        eventually(lambda index=index: _healthy(federation, index), f"miner {index} is healthy")  # type: ignore[misc]
    finalized = [event.round for event in federation.all(BlockFinalized)]
    assert finalized == list(range(1, len(finalized) + 1)) and len(finalized) >= 5
    assert federation.all(RoundSkipped) == []
    submitted = Counter((event.round, event.device) for event in federation.all(UpdateSubmitted))
    assert set(submitted.values()) == {1}
    assert all(submitted[round_, device.address] for round_ in finalized for device in federation.devices)
    ballots = Counter((event.round, event.index) for event in federation.all(BallotCast))
    assert set(ballots.values()) == {1}
    assert len(federation.all(MinerCreated)) == MINERS and len(federation.all(DeviceRegistered)) == DEVICES
    for store in federation.stores:
        report = audit(federation.chain, store, federation.address, timeout=SECONDS)
        assert report.ok and len(report.blocks) >= len(finalized), report.lines()


def _healthy(federation: Site, miner: int) -> bool:
    import requests

    return requests.get(f"{federation.stack.endpoints[miner]}/health", timeout=SECONDS).status_code == 200
