"""A real anvil that re-organises, stops, dies and comes back, and processes that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from chain_proxy import Proxy
from chain_site import Site, deploy, found, own  # noqa: F401 - a fixture

from minerva.chain.dev import find_anvil
from minerva.chain.heads import HeadFeed
from minerva.chain.rpc import Rpc
from minerva.chain.web3 import Web3Chain
from minerva.errors import ChainUnreachable, ContractReverted, WrongChain
from minerva.processes import free_port, spawn
from minerva.protocol import actions as act
from minerva.protocol.events import FederationPaused, Log, MinerJoined
from minerva.protocol.state import Status


def endpoints(logs: tuple[Log, ...] | list[Log]) -> list[str]:
    return [log.event.endpoint for log in logs if isinstance(log.event, MinerJoined)]


def wait_for(condition: object, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until, "too late"
        time.sleep(0.01)


@pytest.mark.parametrize("how", ["anvil_reorg", "anvil_rollback"])
def test_what_a_reorg_dropped_is_sent_again(own: Site, how: str) -> None:  # noqa: F811
    chain = own.chain()
    requester, owner = own.actor(chain, 0), own.actor(chain, 1)
    federation = found(requester, chain, "reorg")
    with chain.watch(federation) as watch:
        watch.wait(0)
        mined = owner.send(act.RegisterMiner(chain.factory, federation, "http://one"))
        requester.send(act.Pause(federation, 1))
        assert endpoints(watch.wait(5).added) == ["http://one"]
        own.node.rpc(how, *((2, []) if how == "anvil_reorg" else (2,)))
        assert chain.miners(federation) == ()
        gone = watch.wait(5)
        assert endpoints(gone.removed) == ["http://one"] and gone.added == ()
        owner.settle(0, timeout=10)
        requester.settle(0, timeout=10)
        assert [m.endpoint for m in chain.miners(federation)] == ["http://one"]
        again = watch.wait(5)
        assert endpoints(again.added) == ["http://one"] and again.removed == ()
    receipt = owner.send(act.RegisterMiner(chain.factory, federation, "http://other"))
    assert receipt.transaction == mined.transaction
    assert len(chain.miners(federation)) == 1


def test_action_after_a_reorg_brings_the_lost_ones_back(own: Site) -> None:  # noqa: F811
    chain = own.chain()
    requester = own.actor(chain, 0)
    federation = found(requester, chain, "gap")
    requester.send(act.RegisterMiner(chain.factory, federation, ""))
    requester.send(act.Pause(federation, 1))
    own.node.rpc("anvil_rollback", 2)
    with pytest.raises(ContractReverted) as refused:
        requester.send(act.Close(federation))
    assert refused.value.arguments == (Status.PAUSED,), "simulated on what was put back"
    assert len(chain.miners(federation)) == 1
    assert any(isinstance(log.event, FederationPaused) for log in chain.logs(federation))


def test_settle_waits_for_confirmations(own: Site) -> None:  # noqa: F811
    chain = own.chain()
    requester = own.actor(chain, 0)
    found(requester, chain, "deep")
    mining = threading.Timer(0.2, lambda: own.node.rpc("anvil_mine", "0x3"))
    mining.start()
    requester.settle(3, timeout=10)
    mining.join()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_chain_goes_on_after_a_restart(own: Site, end: str) -> None:  # noqa: F811
    chain = own.chain()
    requester = own.actor(chain, 0)
    federation = found(requester, chain, "restart")
    requester.send(act.RegisterMiner(chain.factory, federation, "http://one"))
    before = chain.logs(federation)
    with chain.watch(federation) as watch:
        assert list(watch.wait(0).added) == before
        own.node.save()
        lost = requester.send(act.Pause(federation, 1))
        watch.wait(5)
        getattr(own.node, end)()
        with pytest.raises(ChainUnreachable):
            own.chain(patience=0.2)
        own.node.start()
        change = watch.wait(5)
        assert chain.logs(federation)[: len(before)] == before, "logs are the data: none may be missing"
        assert bool(change.removed) is (end == "kill"), "a stop saves all, a kill loses what came after"
        requester.settle(0, timeout=10)
        assert requester.send(act.Pause(federation, 1)).transaction == lost.transaction
    assert chain.state(federation).paused_at > 0


def test_fresh_chain_in_its_place_is_named(own: Site) -> None:  # noqa: F811
    chain = own.chain()
    requester = own.actor(chain, 0)
    federation = found(requester, chain, "fresh")
    with chain.watch(federation) as watch:
        watch.wait(0)
        own.node.kill()
        for file in own.node.folder.glob("*.json"):
            file.unlink()
        time.sleep(1.1)  # genesis carries the second it was made in
        own.node.start()
        with pytest.raises(WrongChain, match="another chain took this one's place"):
            watch.wait(5)
        with pytest.raises(WrongChain, match=r"no contract of this protocol answers state\(\)"):
            chain.state(federation)
        with pytest.raises(WrongChain, match="there is no contract at the address"):
            own.chain()
        again = Web3Chain(own.node.url, deploy(own.node.url))
        requester.close()
        with own.actor(again, 0) as other:
            assert other._outbox.next_nonce() == 0, "a chain of its own has an outbox of its own"
        again.close()


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from chain_site import CHAIN_ID, config
from minerva.chain.sender import Sender
from minerva.chain.web3 import Web3Chain
from minerva.keys import load_account
from minerva.protocol.actions import CreateFederation

send = Sender._send

def die(self, entries):
    if sys.argv[2] == "after":
        send(self, entries)
    os.kill(os.getpid(), signal.SIGKILL)

Sender._send = die
chain = Web3Chain.connect(sys.argv[3], sys.argv[4])
folder = Path(sys.argv[5])
actor = chain.actor(load_account("anvil:3", CHAIN_ID), folder / "outbox", locks=folder)
actor.send(CreateFederation(chain.factory, config(chain.proof_of_work), "killed"))
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_process_killed_while_sending_is_made_good(own: Site, tmp_path: Path, moment: str) -> None:  # noqa: F811
    here = str(Path(__file__).parent)
    file = own.write(tmp_path / "deployment.json")
    argv = [sys.executable, "-c", KILLED, here, moment, own.node.url, str(file), str(own.folder)]
    done = subprocess.run(argv, timeout=60, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert done.returncode == -signal.SIGKILL
    chain = own.chain()
    with own.actor(chain, 3) as actor:
        (receipt,) = actor.recover()
        federation = found(actor, chain, "killed")
    assert chain.federations() == (federation,)
    assert chain.receipt(receipt.transaction).logs == receipt.logs


def test_two_processes_with_one_key(own: Site, tmp_path: Path) -> None:  # noqa: F811
    here, file = str(Path(__file__).parent), own.write(tmp_path / "deployment.json")
    with own.actor(own.chain(), 3):
        argv = [sys.executable, "-c", KILLED, here, "before", own.node.url, str(file), str(own.folder)]
        done = subprocess.run(
            argv, timeout=60, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True,
        )  # fmt: skip
    assert "NodeConflict: another process signs with this key on this chain" in done.stderr
    assert f"process {os.getpid()}" in done.stderr


def test_watch_polls_when_the_subscription_drops(own: Site) -> None:  # noqa: F811
    proxy = Proxy(own.node.port)
    chain = Web3Chain(f"http://127.0.0.1:{proxy.port}", own.deployment)
    try:
        requester = own.actor(own.chain(), 0)
        federation = found(requester, own.chain(), "drop")
        with chain.watch(federation) as watch:
            watch.wait(0)
            wait_for(lambda: chain._feed.live)
            requester.send(act.RegisterMiner(chain.factory, federation, "live"))
            assert endpoints(watch.wait(5).added) == ["live"]
            proxy.cut_websockets()
            wait_for(lambda: not chain._feed.live)
            own.actor(own.chain(), 1).send(act.RegisterMiner(chain.factory, federation, "polled"))
            assert endpoints(watch.wait(5).added) == ["polled"]
    finally:
        chain.close()
        proxy.close()


def test_ipc_carries_requests_and_news(own: Site, tmp_path: Path) -> None:  # noqa: F811
    path = tmp_path / "anvil.ipc"
    with spawn(
        [find_anvil(), "--port", str(free_port()), "--ipc", path], log_path=tmp_path / "ipc.log"
    ) as child:
        child.await_ready(path.exists, 20)
        rpc, feed, event = Rpc(str(path)), HeadFeed(str(path)), threading.Event()
        feed.listen(event)
        wait_for(lambda: feed.live)
        event.clear()
        assert rpc.batch([("eth_chainId", ()), ("eth_blockNumber", ())]) == ["0x7a69", "0x0"]
        rpc.call("anvil_mine", "0x1")
        assert event.wait(5)
        feed.close()
        rpc.close()


def test_what_was_signed_before_a_roll_back_does_not_wait_behind_a_gap(own: Site) -> None:  # noqa: F811
    chain = own.chain()
    requester = own.actor(chain, 0)
    federation = found(requester, chain, "gap")
    own.node.save()
    requester.send(act.RegisterMiner(chain.factory, federation, ""))
    send = requester._sender._send

    def roll_back_first(entries):  # type: ignore[no-untyped-def]
        requester._sender._send = send  # type: ignore[method-assign]
        own.node.kill()
        own.node.start()
        return send(entries)

    requester._sender._send = roll_back_first  # type: ignore[method-assign]
    requester.send(act.Pause(federation, 1), timeout=20)
    assert len(chain.miners(federation)) == 1 and chain.state(federation).paused_at > 0
