"""What fails in the middle of a round: store, chain, disk and task, and what the device makes of it."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from device_scene import FakeTrainer, Scene, await_, open_round, running

from minerva.errors import (
    ChainUnreachable,
    ContentUnavailable,
    ContractReverted,
    InsufficientFunds,
    StoreError,
    StoreUnreachable,
    TaskError,
    TransactionLost,
    WrongChain,
)
from minerva.protocol.actions import LeaveMiner
from minerva.protocol.state import Phase, Status


def served(scene: Scene, number: int = 0) -> bool:
    records = scene.submissions(number)
    return bool(records) and scene.store.has(records[-1].cid)


def failing(times: int, error: Exception, then: Any) -> Any:
    """A function that raises ``error`` so many times before it does as ``then``."""
    calls: list[int] = []

    def call(*arguments: Any, **keywords: Any) -> Any:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return then(*arguments, **keywords)

    return call


def test_content_is_offered_until_the_store_takes_it(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_round(scene)
    monkeypatch.setattr(scene.store, "put", failing(6, StoreUnreachable("IPFS is down"), scene.store.put))
    assert scene.device().run() == 1
    assert served(scene)
    told = [record for record in caplog.records if "IPFS is down" in record.getMessage()]
    assert len(told) == 1, "one clear line, not one a try"


def test_content_is_not_offered_past_its_deadline(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    open_round(scene)
    scene.store.put = failing(10**6, StoreUnreachable("down"), None)  # type: ignore[method-assign]
    with running(scene.device(rounds=0)):
        await_(lambda: bool(scene.submissions()))
        scene.driver.tick()
        assert scene.driver.state.phase is Phase.VERIFICATION
        scene.chain.advance(scene.chain.config(scene.federation).fetch_seconds)
        await_(lambda: "could not be served in time" in caplog.text)


def test_content_is_served_after_a_kill_though_training_has_closed(scene: Scene) -> None:
    open_round(scene)
    device = scene.device()
    device.publish = failing(1, SystemExit(), None)  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        device.run()
    scene.driver.tick()
    assert scene.driver.state.phase is Phase.VERIFICATION
    trainer = FakeTrainer()
    with running(scene.device(trainer=trainer, rounds=0)):
        await_(lambda: served(scene))
    assert trainer.trained == []


def test_a_model_that_nobody_serves_is_asked_for_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    open_round(scene)
    device = scene.device()
    get, model = scene.store.get, scene.driver.state.model
    later = failing(4, ContentUnavailable("nobody"), get)
    monkeypatch.setattr(scene.store, "get", lambda cid, **how: (later if cid == model else get)(cid, **how))
    assert device.run() == 1


@pytest.mark.parametrize("call", ["wait", "head", "state", "device", "miners", "send", "receipt"])
def test_goes_on_when_the_chain_answers_again(
    scene: Scene, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    open_round(scene)
    device = scene.device()
    absorb, ordered = device.view.absorb, list[int]()

    def fault_at_the_first_logs(change: Any) -> bool:
        if not ordered:
            ordered.append(1)
            scene.chain.fail_next(ChainUnreachable("gone"), call=call, times=3)
            if call == "head":  # asked for when the watch begins
                raise ChainUnreachable("gone")
        return absorb(change)

    device.view.absorb = fault_at_the_first_logs  # type: ignore[method-assign]
    assert device.run() == 1
    assert served(scene)
    assert len(scene.submissions()) == 1
    assert sum("gone" in record.getMessage() for record in caplog.records) == (call != "wait")


def test_a_lost_transaction_is_sent_again(scene: Scene) -> None:
    open_round(scene)
    device = scene.device()
    device.actor.send = failing(2, TransactionLost("not mined"), device.actor.send)  # type: ignore[method-assign]
    trainer = device.trainer
    assert device.run() == 1
    assert trainer.trained == [1]  # type: ignore[attr-defined]


def test_waits_for_the_confirmations_that_the_federation_asks_for(scene: Scene) -> None:
    open_round(scene)
    device = scene.device()
    device.actor.settle = failing(3, TransactionLost("not 2 blocks deep"), device.actor.settle)  # type: ignore[method-assign]
    scene.store.witness = lambda: len(scene.submissions())
    assert device.run() == 1
    assert scene.store.put_when == [1]


def test_another_chain_in_its_place_ends_it(scene: Scene) -> None:
    open_round(scene)
    scene.chain.fail_next(WrongChain("another chain took this one's place"), call="wait")
    with pytest.raises(WrongChain):
        scene.device().run()


def test_a_task_that_fails_ends_it_before_anything_is_sent(scene: Scene) -> None:
    open_round(scene)
    trainer = FakeTrainer(during=failing(1, TaskError("train() fails at line 3"), None))
    with pytest.raises(TaskError, match="line 3"):
        scene.device(trainer=trainer).run()
    assert scene.submissions() == []
    assert not list((scene.folder / "device-0").glob("round-*"))


def test_a_full_disk_costs_no_second_training(
    scene: Scene, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_round(scene)
    device = scene.device()
    full = StoreError("the device's journal cannot be written", value="No space left on device")
    monkeypatch.setattr(device.journal, "save", failing(3, full, device.journal.save))
    assert device.run() == 1
    assert device.trainer.trained == [1]  # type: ignore[attr-defined]
    assert "No space left on device" in caplog.text


def test_a_status_that_cannot_be_written_stops_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    open_round(scene)
    device = scene.device()
    monkeypatch.setattr(device.journal, "write_status", failing(10**6, StoreError("full"), None))
    assert device.run() == 1


def test_an_account_without_money_registers_nothing(scene: Scene) -> None:
    scene.driver.join(0)
    scene.chain.fund(scene.driver.device(0), 0)
    with pytest.raises(InsufficientFunds) as caught:
        scene.device().register()
    assert caught.value.exit_code == 2
    assert scene.chain.device(scene.federation, scene.driver.device(0)) is None


def test_an_account_that_runs_dry_goes_on_when_it_is_filled(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    open_round(scene)
    scene.chain.fund(scene.driver.device(0), 0)
    with running(scene.device()):
        await_(lambda: "cannot pay" in caplog.text)
        scene.chain.fund(scene.driver.device(0), 10**18)
        await_(lambda: served(scene))


def test_an_update_that_a_reorganisation_took_back_is_sent_again(scene: Scene) -> None:
    open_round(scene)
    with running(scene.device(rounds=0)):
        await_(lambda: served(scene))
        scene.chain.reorg(1, keep=lambda _: False)
        scene.chain.mine()
        await_(lambda: len(scene.submissions()) == 1)
    assert scene.chain.device(scene.federation, scene.driver.device(0)).submitted == 1  # type: ignore[union-attr]


def test_a_round_that_was_taken_back_while_it_trained_is_not_over(scene: Scene) -> None:
    """The watch may have seen neither its opening nor its loss: the refusal alone tells."""
    scene.driver.join(0)
    trainer = FakeTrainer(during=lambda: scene.chain.reorg(1, keep=lambda _: False))
    device = scene.device(rounds=0, trainer=trainer)
    device.register()
    scene.driver.tick()
    stop = threading.Event()
    with pytest.raises(ContractReverted, match="FederationUnexpectedStatus"):
        device._take_part(device.view.state(), stop)
    trainer.during = lambda: None
    scene.driver.tick()
    device._take_part(device.view.state(), stop)
    assert len(scene.submissions()) == 1


@pytest.mark.parametrize("chosen", [0, 1])
def test_a_registration_that_a_reorganisation_took_back_is_sent_again(scene: Scene, chosen: int) -> None:
    """With the miner that it was told, not with one of the device's own choice."""
    contract = [scene.driver.join(0), scene.driver.join(1)][chosen]
    device = scene.device(rounds=0)
    device.register(contract)
    with running(device):
        assert len(scene.chain.reorg(1, keep=lambda _: False)) == 1
        scene.chain.mine()
        await_(lambda: scene.bound() is not None)
        threading.Event().wait(0.2)
    assert scene.bound() == contract
    assert [type(log.event).__name__ for log in scene.chain.logs(scene.federation)].count("DeviceBound") == 1


def test_comes_back_to_a_miner_that_it_left(scene: Scene) -> None:
    first, second = scene.driver.join(0), scene.driver.join(1)
    device = scene.device()
    for contract in (first, second):
        device.register(contract)
    scene.driver.register(1, second)
    scene.driver.tick()
    assert device.register(first).miner == first


def test_changes_between_two_miners_as_often_as_it_is_told_to(scene: Scene) -> None:
    """M5, all in one round."""
    contracts = [scene.driver.join(0), scene.driver.join(1)] * 3
    device = scene.device()
    assert [device.register(contract).miner for contract in contracts] == contracts


def test_a_change_of_miner_whose_answer_was_lost_is_not_made_twice(scene: Scene) -> None:
    first, second = scene.driver.join(0), scene.driver.join(1)
    device = scene.device()
    device.register(first)
    sent, send = list[Any](), device.actor.send

    def lossy(action: Any, **options: Any) -> Any:
        sent.append(action)
        if len(sent) == 1:
            raise TransactionLost("not mined")
        return send(action, **options)

    device.actor.send = lossy  # type: ignore[method-assign]
    with pytest.raises(TransactionLost):
        device.register(second)
    scene.chain.mine()
    assert device.register(second).miner == second
    assert len({action.intent for action in sent}) == 1


def test_leaves_a_miner_that_is_gone_while_no_round_is_open(scene: Scene) -> None:
    first, second = scene.driver.join(0), scene.driver.join(1)
    scene.device().register(first)
    scene.chain.actor(scene.driver.owner(0)).send(LeaveMiner(scene.federation, 0))
    assert scene.driver.state.status is Status.WAITING
    with running(scene.device(rounds=0)):
        await_(lambda: scene.bound() == second)


def test_stays_with_a_miner_that_only_joined_late(scene: Scene) -> None:
    open_round(scene)
    scene.driver.join(1)
    device = scene.device(1)
    late = device.register(scene.driver.contract(1))
    with running(device):
        scene.driver.submit(0)
        scene.chain.mine()
        threading.Event().wait(0.2)
    assert scene.bound(1) == late.miner


def test_a_miner_may_be_named_by_its_owner(scene: Scene) -> None:
    scene.driver.join(0)
    info = scene.device().register(scene.driver.owner(0))
    assert scene.device().register(scene.driver.owner(0)) == info


def test_a_round_asks_the_chain_little(scene: Scene) -> None:
    open_round(scene)
    device = scene.device()
    device.register()
    asked: list[str] = []
    for name in ("state", "device", "miners", "config", "now", "due", "pool"):
        original = getattr(scene.chain, name)

        def spy(*arguments: Any, _name: str = name, _original: Any = original) -> Any:
            asked.append(_name)
            return _original(*arguments)

        setattr(scene.chain, name, spy)
    assert device.run() == 1
    assert asked.count("miners") <= 2
    assert asked.count("device") <= 4
    assert asked.count("state") <= 3
    assert not {"config", "now", "due", "pool"} & set(asked)


def test_says_in_its_status_what_happened(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    open_round(scene)
    device = scene.device(rounds=0)
    with running(device):
        await_(lambda: served(scene))
        scene.driver.tick()
        scene.driver.vote(0)
        scene.driver.propose(0)
        await_(lambda: "cannot be read" in str(device.journal.read_status().get("verdict")))
    status = device.journal.read_status()
    assert status["submitted"] >= 1
    assert status["device"] == scene.driver.device(0)
    assert status["at"] > 0
