"""The chain on a real anvil with the real contracts: every action, every read, every error."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chain_site import CHAIN_ID, Site, artefact, cid, config, found, shared  # noqa: F401 - a fixture
from eth_abi.abi import encode

from minerva.chain.actor import Web3Actor
from minerva.chain.codec import CONTRACTS
from minerva.chain.fees import FeePolicy
from minerva.chain.memory import MemoryChain
from minerva.chain.port import Actor, Chain
from minerva.chain.web3 import Web3Chain
from minerva.errors import (
    ChainError,
    ChainUnreachable,
    ContractReverted,
    InsufficientFunds,
    NodeConflict,
    WrongChain,
)
from minerva.keys import anvil_address, create_keystore
from minerva.processes import free_port
from minerva.protocol import actions as act
from minerva.protocol import events as ev
from minerva.protocol.header import Header
from minerva.protocol.machine import Claim, meets, pow_seed
from minerva.protocol.state import Phase, Status

ActorOf = Callable[[int], Actor]


def propose(chain: Chain, federation: str, round: int, proposer: str) -> act.Propose:
    state = chain.state(federation)
    claim = Claim(round, state.head, state.updates_root, state.ballots_root, proposer)
    seed = pow_seed(CHAIN_ID, federation, claim)
    nonce = next(n for n in range(1 << 20) if meets(seed, n, chain.difficulty(federation)))
    header = Header(
        state.height + 1, state.head, round, state.updates_root, state.ballots_root, b"\5" * 32, cid("body"),
        cid(f"model {round}"), bytes(32), 0, (), proposer, encode(("uint256",), (nonce,)),
    )  # fmt: skip
    return act.Propose(federation, header)


def play(chain: Chain, actor: ActorOf, label: str) -> list[Any]:
    """Send every kind of action; return what must be the same on any implementation of the port."""
    requester, one, two, three = (actor(n) for n in range(4))
    devices = [actor(n) for n in range(10, 13)]
    seen: list[Any] = []

    def events(receipt: Any) -> None:
        seen.append([type(log.event).__name__ for log in receipt.logs])

    def look(federation: str) -> None:
        s = chain.state(federation)
        seen.append((
            s.status, s.phase, s.round, s.extensions, s.candidates, s.members, s.leaving, s.dormant,
            s.snapshot, s.voted, s.barred, s.approvals, s.rejections, s.updates, s.proposer, s.height,
            s.model, s.devices, s.joins, s.closing, chain.due(federation), chain.difficulty(federation),
            [m.index for m in chain.miners(federation)], [m.endpoint for m in chain.miners(federation)],
        ))  # fmt: skip

    created = requester.send(
        act.CreateFederation(chain.factory, config(chain.proof_of_work, min_miners=3, min_devices=3), label)
    )
    events(created)
    federation = next(
        log.event.federation for log in created.logs if isinstance(log.event, ev.FederationCreated)
    )
    for number, owner in enumerate((one, two, three)):
        events(owner.send(act.RegisterMiner(chain.factory, federation, f"http://{number}")))
    miners = [info.contract for info in chain.miners(federation)]
    events(one.send(act.SetEndpoint(federation, miners[0], "http://moved")))
    for number, device in enumerate(devices):
        events(device.send(act.RegisterDevice(federation, miners[number], b"\1" * 32, 100, 1000)))
    look(federation)
    events(requester.send(act.Tick(federation, 0, 0)))
    look(federation)
    for number, device in enumerate(devices):
        update = act.SubmitUpdate(federation, miners[number], 1, cid(f"u{number}"), 50, 1, 9_000, 20, 10)
        events(device.send(update))
        info = chain.device(federation, device.address)
        pool = chain.pool(miners[number], 1)
        seen.append((info and (info.from_round, info.seen, info.submitted), pool.count, pool.outstanding))
    for number, owner in enumerate((one, two, three)):
        if number == 0:
            events(requester.send(act.Tick(federation, 1, chain.state(federation).deadline)))
        root = chain.state(federation).updates_root
        events(owner.send(act.Vote(federation, 1, root, b"\xff\xff\x01")))
    look(federation)
    candidate = propose(chain, federation, 1, miners[1])
    events(two.send(candidate))
    look(federation)
    events(one.send(act.Attest(federation, 1, candidate.header.hash(), True)))
    look(federation)
    seen.append((chain.block_of(federation, 1) == candidate.header.hash(), chain.block_of(federation, 2)))
    events(requester.send(act.Pause(federation, 1)))
    events(requester.send(act.Unpause(federation, 1)))
    events(devices[0].send(act.CheckInDevice(federation, miners[0], 2)))
    events(devices[2].send(act.LeaveDevice(federation, miners[2], 2)))
    events(three.send(act.LeaveMiner(federation, 2)))
    events(one.send(act.CheckInMiner(federation, 2)))
    events(requester.send(act.Close(federation)))
    look(federation)
    seen.append(chain.device(federation, devices[2].address))
    seen.append([type(log.event).__name__ for log in chain.logs(federation)])
    return seen


def test_real_chain_and_specification_agree(shared: Site) -> None:  # noqa: F811
    real, memory = shared.chain(), MemoryChain()
    actors: dict[int, Web3Actor] = {}

    def actor(number: int) -> Web3Actor:
        return actors.setdefault(number, actors.get(number) or shared.actor(real, number))

    try:
        on_chain = play(real, actor, "agree")
    finally:
        for one in actors.values():
            one.close()
    assert on_chain == play(memory, lambda n: memory.actor(anvil_address(n)), "agree")


def test_config_and_requester_come_back(shared: Site) -> None:  # noqa: F811
    chain = shared.chain()
    with shared.actor(chain, 0) as requester:
        federation = found(requester, chain, "config", confirmations=7)
    assert chain.config(federation) == config(chain.proof_of_work, confirmations=7)
    assert chain.requester(federation) == anvil_address(0)
    assert federation in chain.federations()


def test_clock_is_that_of_the_next_block(shared: Site) -> None:  # noqa: F811
    assert abs(shared.chain().now() - time.time()) < 5


def test_receipt_says_what_it_cost(shared: Site) -> None:  # noqa: F811
    chain = shared.chain()
    with shared.actor(chain, 0) as requester:
        before = chain.balance(requester.address)
        federation = found(requester, chain, "cost")
        created = chain.logs(federation)[0]
    receipt = chain.receipt(created.transaction)
    assert before - chain.balance(anvil_address(0)) == receipt.fee_wei
    assert created in receipt.logs
    with pytest.raises(ChainError, match="no such transaction"):
        chain.receipt(b"\1" * 32)


def test_contract_refuses_with_its_typed_error(shared: Site) -> None:  # noqa: F811
    chain = shared.chain()
    with shared.actor(chain, 0) as requester:
        federation = found(requester, chain, "errors")
        with pytest.raises(ContractReverted) as waiting:
            requester.send(act.Vote(federation, 1, b"\1" * 32, b""))
        assert waiting.value.name == "FederationUnexpectedStatus"
        assert waiting.value.arguments == (Status.WAITING,)
        requester.send(act.RegisterMiner(chain.factory, federation, ""))
        (miner,) = chain.miners(federation)
        requester.send(act.RegisterDevice(federation, miner.contract, b"\1" * 32, 9, 9))
        requester.send(act.Tick(federation, 0, 0))
        with pytest.raises(ContractReverted) as early:
            requester.send(act.Vote(federation, 1, b"\1" * 32, b""))
        assert early.value.arguments == (1, Phase.TRAINING, Phase.VERIFICATION)
        with pytest.raises(ContractReverted) as bubbled:  # the miner's contract asks the federation
            requester.send(act.SubmitUpdate(federation, miner.contract, 3, cid("u"), 1, 1, 1, 0, 0))
        assert bubbled.value.name == "FederationUnexpectedRound"
        assert bubbled.value.arguments == (1, 3)
        with pytest.raises(ContractReverted, match=r"FederationInvalidConfig\(4, 0\)"):
            found(requester, chain, "invalid", rounds=0)


def test_stranger_is_no_federation(shared: Site) -> None:  # noqa: F811
    with pytest.raises(WrongChain, match="there is no federation at the address"):
        shared.chain().requester(anvil_address(5))
    with pytest.raises(WrongChain, match=r"no contract of this protocol answers state\(\)"):
        shared.chain().state(anvil_address(5))


def test_several_go_out_at_once(shared: Site) -> None:  # noqa: F811
    chain = shared.chain()
    with shared.actor(chain, 0) as requester:
        many = [
            act.CreateFederation(chain.factory, config(chain.proof_of_work), f"many {n}") for n in range(20)
        ]
        wrong = replace(many[3], config=config(chain.proof_of_work, rounds=0), label="wrong")
        results = requester.send_many([*many[:10], wrong, *many[10:]])
    assert [type(r).__name__ for r in results] == ["Receipt"] * 10 + ["ContractReverted"] + ["Receipt"] * 10


def test_websocket_carries_requests_too(shared: Site) -> None:  # noqa: F811
    chain = Web3Chain(shared.node.url.replace("http", "ws"), shared.deployment)
    try:
        assert chain.head().number > 0
        assert len(chain.federations()) > 0
    finally:
        chain.close()


def test_nobody_there(shared: Site) -> None:  # noqa: F811
    with pytest.raises(ChainUnreachable, match="no chain answers at http://127.0.0.1"):
        Web3Chain(f"http://127.0.0.1:{free_port()}", shared.deployment, patience=0.2)


def test_another_chain_id(shared: Site) -> None:  # noqa: F811
    with pytest.raises(WrongChain, match="the node is on chain 31337, the deployment on chain 1"):
        Web3Chain(shared.node.url, replace(shared.deployment, chain_id=1))


def test_no_contract_at_the_address(shared: Site) -> None:  # noqa: F811
    with pytest.raises(WrongChain, match="there is no contract at the address"):
        Web3Chain(shared.node.url, replace(shared.deployment, factory=anvil_address(7)))


def test_other_contract_at_the_address(shared: Site) -> None:  # noqa: F811
    with pytest.raises(WrongChain, match="FederationFactory"):
        Web3Chain(shared.node.url, replace(shared.deployment, factory=shared.deployment.proof_of_work))


def test_abi_of_another_version(shared: Site) -> None:  # noqa: F811
    abis = {name: artefact(name)["abi"] for name in CONTRACTS}
    abis["Miner"] = [e for e in abis["Miner"] if e.get("name") != "UpdateSubmitted"]
    with pytest.raises(WrongChain, match="ABI is of another version"):
        Web3Chain(shared.node.url, replace(shared.deployment, abis=abis))


def test_empty_account(shared: Site, tmp_path: Path) -> None:  # noqa: F811
    chain = shared.chain()
    account = create_keystore(tmp_path / "key", "secret", scrypt_n=2)
    with chain.actor(account, tmp_path, locks=tmp_path) as actor:
        with pytest.raises(InsufficientFunds, match=f"{account.address} has 0.000000 of up to 0"):
            found(actor, chain, "poor")


def test_fee_cap(shared: Site, tmp_path: Path) -> None:  # noqa: F811
    chain = shared.chain(fees=FeePolicy(max_fee=1))
    with shared.actor(chain, 0) as actor, pytest.raises(ChainError, match="gas costs more than the cap"):
        found(actor, chain, "dear")


def test_two_actors_with_one_key(shared: Site) -> None:  # noqa: F811
    chain = shared.chain()
    with shared.actor(chain, 0), pytest.raises(NodeConflict, match="another process signs with this key"):
        shared.actor(chain, 0)


@pytest.mark.slow
def test_round_takes_far_less_than_a_second(shared: Site) -> None:  # noqa: F811
    chain = shared.chain()
    requester, *owners = (shared.actor(chain, n) for n in range(4))
    devices = [shared.actor(chain, n) for n in range(10, 20)]
    federation = found(requester, chain, "speed", min_miners=3, min_devices=10)
    for owner in owners:
        owner.send(act.RegisterMiner(chain.factory, federation, ""))
    miners = [info.contract for info in chain.miners(federation)]
    for n, device in enumerate(devices):
        device.send(act.RegisterDevice(federation, miners[n % 3], b"\1" * 32, 100, 1000))
    requester.send(act.Tick(federation, 0, 0))
    seconds = []
    for round in (1, 2, 3):
        begun = time.perf_counter()
        for n, device in enumerate(devices):
            device.send(act.SubmitUpdate(federation, miners[n % 3], round, cid(f"{n}"), 9, 1, 9, 2, 1))
        requester.send(act.Tick(federation, round, chain.state(federation).deadline))
        root = chain.state(federation).updates_root
        for owner in owners:
            owner.send(act.Vote(federation, round, root, b"\xff" * 10))
        candidate = propose(chain, federation, round, miners[0])
        owners[0].send(candidate)
        owners[1].send(act.Attest(federation, round, candidate.header.hash(), True))
        seconds.append(time.perf_counter() - begun)
    assert chain.state(federation).phase is Phase.TRAINING
    assert chain.state(federation).height == 3
    assert min(seconds) < 1.0, seconds
