"""A federation from its creation to its close: honest devices on every way in, one that cheats, three miners."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import torch
from federation_site import SECONDS, DeviceThread, Site, beside, site
from safetensors.torch import load

from minerva.demo import adversaries
from minerva.demo.adversaries import OverReporter
from minerva.keys import anvil_address
from minerva.learning.baseline import bare_fedavg
from minerva.learning.partition import parse
from minerva.learning.task import Task, load_task
from minerva.learning.weights import state_to_bytes
from minerva.processes import free_port
from minerva.protocol.blocks import Body
from minerva.protocol.events import (
    Attested,
    BallotCast,
    BlockFinalized,
    BlockProposed,
    FederationClosed,
    RoundOpened,
    TrainingClosed,
    UpdateSubmitted,
    VerificationClosed,
)
from minerva.protocol.header import Header
from minerva.protocol.manifest import RuleParameters
from minerva.protocol.reasons import Reason
from minerva.stack.parts import FIRST_DEVICE_KEY, Stack

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

ROUNDS, MINERS, DEVICES, EPOCHS = 3, 3, 5, 2
PARTITION = "dirichlet:2"
MINER_API, HTTP_ONLY, DEAD_API, IPFS_ONLY, LIAR = range(DEVICES)


class Run:
    """A federation that has closed; its miners still answer."""

    def __init__(
        self, site: Site, devices: list[DeviceThread], parts: list[Any], events: list[dict[str, Any]]
    ) -> None:
        self.site, self.devices, self.parts, self.stream = site, devices, parts, events
        headers = site.headers()
        self.blocks: list[Header] = [headers[event.hash] for event in site.all(BlockFinalized)]
        self.bodies = [Body.from_bytes(site.fetch(header.body)) for header in self.blocks]

    def number(self, device: str) -> int:
        """The device's number."""
        return next(n for n in range(DEVICES) if anvil_address(FIRST_DEVICE_KEY + n) == device)

    def api(self, miner: int, path: str) -> requests.Response:
        return requests.get(self.site.stack.endpoints[miner] + path, timeout=SECONDS)


@pytest.fixture(scope="module")
def digits() -> Task:
    torch.set_num_threads(1)
    return load_task("digits")


@pytest.fixture(scope="module")
def run(stack: Stack, digits: Task, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    (x, y), _ = digits.load_data()
    parts = parse(PARTITION)(y.numpy(), DEVICES, 0)
    here = beside(stack, tmp_path_factory.mktemp("federation") / "stack")
    rules = RuleParameters(tau_permille=100_000, slow_permille=100_000)
    with (
        site(
            here,
            digits,
            rules=rules,
            rounds=ROUNDS,
            min_miners=MINERS,
            min_devices=DEVICES,
            min_updates=DEVICES,
            aggregation="fedavg",
        ) as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        # Beyond what tau forgives a slow machine.
        patch.setattr(adversaries, "OVER_REPORT_FACTOR", 100_000)
        # Devices are told an address where nothing answers: to them the API of miner 2 is down.
        unreachable = {"public_url": f"http://127.0.0.1:{free_port()}"}
        made.start_miners(MINERS, miner={1: {"canary_share": 1.0}, 2: unreachable})
        events: list[dict[str, Any]] = []
        threading.Thread(target=_listen, args=(here.endpoints[0], events), daemon=True).start()
        ways: dict[int, dict[str, Any]] = {
            MINER_API: {"miner": 0, "store": 0},
            HTTP_ONLY: {"miner": 1, "store": None, "canary": True},
            DEAD_API: {"miner": 2, "store": 1},
            IPFS_ONLY: {"miner": 0, "store": 1, "push": False},
            LIAR: {"miner": 1, "store": 0, "kind": OverReporter},
        }
        devices = [
            made.add_device(
                n,
                x[parts[n]],
                y[parts[n]],
                epochs=EPOCHS,
                **(way | {"miner": made.miner(way["miner"]).contract}),
            )
            for n, way in ways.items()
        ]
        made.until(FederationClosed, seconds=3 * SECONDS)
        yield Run(made, devices, parts, events)


def _listen(url: str, events: list[dict[str, Any]]) -> None:
    with requests.get(f"{url}/events", stream=True, timeout=SECONDS) as answer:
        kind = ""
        for line in answer.iter_lines(decode_unicode=True):
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                events.append({"kind": kind, "data": json.loads(line[6:])})


# -- what happened -------------------------------------------------------------------------------------------------------


def test_every_round_is_finalised_with_everybody_in_it(run: Run) -> None:
    assert [event.round for event in run.site.all(BlockFinalized)] == list(range(1, ROUNDS + 1))
    assert [(event.round, event.snapshot) for event in run.site.all(RoundOpened)] == [
        (r, 0b111) for r in range(1, ROUNDS + 1)
    ]
    for round_ in range(1, ROUNDS + 1):
        submitted = [event.device for event in run.site.all(UpdateSubmitted, round=round_)]
        assert sorted(submitted) == sorted(device.address for device in run.devices)
        assert sorted(event.index for event in run.site.all(BallotCast, round=round_)) == [0, 1, 2]
        (closed,) = run.site.all(VerificationClosed, round=round_)
        assert (closed.voted, closed.absent) == (0b111, 0)


def test_the_one_that_over_reports_is_refused_and_nobody_else(run: Run) -> None:
    for body in run.bodies:
        refused = {
            u.device: o.reason for u, o in zip(body.updates, body.outcomes, strict=True) if not o.accepted
        }
        assert refused == {run.devices[LIAR].address: Reason.RATE_OUT_OF_RANGE}
        assert len(body.accepted) == DEVICES - 1


def test_blocks_form_one_chain_that_the_command_derives_again(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "minerva.toml"
    config.write_text(run.site.stack.settings("anybody", 0, store=1).to_toml())
    done = subprocess.run(
        [sys.executable, "-m", "minerva.cli", "verify", run.site.address, "--json", "--config", config],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] and report["blocks"] == [1, 2, 3]
    assert (report["firstDifference"], report["unavailable"]) == (None, [])
    for before, block in zip(run.blocks, run.blocks[1:], strict=False):
        assert block.parent == before.hash()
    assert run.site.chain.state(run.site.address).head == run.blocks[-1].hash()


def test_models_are_those_of_a_bare_loop_over_the_same_data(run: Run, digits: Task) -> None:
    train, _ = digits.load_data()
    orders = [
        [run.number(body.updates[position].device) for position in body.accepted] for body in run.bodies
    ]
    for body, order in zip(run.bodies, orders, strict=True):
        assert body.weights == [len(run.parts[number]) for number in order], "no weight is capped here"
    states = bare_fedavg(digits, train, run.parts, rounds=ROUNDS, epochs=EPOCHS, orders=orders)
    for header, state in zip(run.blocks, states, strict=True):
        metadata = {"federation": run.site.address, "round": str(header.round)}
        assert run.site.fetch(header.model) == state_to_bytes(state, metadata)


def test_models_are_the_weighted_mean_of_the_bytes_on_ipfs(run: Run) -> None:
    for header, body in zip(run.blocks, run.bodies, strict=True):
        accepted = [body.updates[position] for position in body.accepted]
        updates = [load(run.site.fetch(update.cid, store=1)) for update in accepted]
        mean = {}
        for name in updates[0]:
            total = torch.zeros(updates[0][name].shape, dtype=torch.float64)
            for update, record in zip(updates, accepted, strict=True):
                total = total + update[name].double() * record.samples
            mean[name] = (total / sum(record.samples for record in accepted)).float()
        metadata = {"federation": run.site.address, "round": str(header.round)}
        assert run.site.fetch(header.model, store=1) == state_to_bytes(mean, metadata)


def test_it_learns(run: Run, digits: Task) -> None:
    _, test = digits.load_data()
    models = [run.site.chain.config(run.site.address).model, *(header.model for header in run.blocks)]
    accuracy = [digits.evaluate_state(load(run.site.fetch(cid)), *test)["accuracy"] for cid in models]
    assert accuracy[-1] > accuracy[0] + 0.3, accuracy


def test_gas_is_within_budget(run: Run) -> None:
    seen: dict[bytes, list[object]] = {}
    for log in run.site.chain.logs(run.site.address):
        seen.setdefault(log.transaction, []).append(log.event)
    closing = (TrainingClosed, VerificationClosed, BlockFinalized)
    kinds = {UpdateSubmitted: 55_000, BallotCast: 80_000, Attested: 80_000, BlockProposed: 150_000}
    measured = 0
    for transaction, events in seen.items():
        budget = next(
            (gas for kind, gas in kinds.items() if any(isinstance(event, kind) for event in events)), None
        )
        if budget is None:
            continue
        if any(isinstance(event, closing) for event in events):
            budget = max(budget, 160_000)
        elif any(isinstance(event, UpdateSubmitted) and event.index == 0 for event in events):
            budget = 75_000  # the first of a round in its pool
        gas = run.site.chain.receipt(transaction).gas_used
        assert gas <= budget, [type(event).__name__ for event in events]
        measured += 1
    assert measured >= ROUNDS * (DEVICES + MINERS + 2)


# -- ways in -------------------------------------------------------------------------------------------------------------


def test_each_way_in_is_taken(run: Run) -> None:
    taken = {
        number: set(run.devices[number].transport.taken)
        for number in (MINER_API, HTTP_ONLY, DEAD_API, IPFS_ONLY)
    }
    assert taken == {MINER_API: {"miner"}, HTTP_ONLY: {"miner"}, DEAD_API: {"ipfs"}, IPFS_ONLY: {"ipfs"}}
    assert run.devices[HTTP_ONLY].transport.store is None


def test_the_device_that_offers_canaries_trained_again_and_was_right(run: Run) -> None:
    """The first round's, while the others ran; of the last round nobody is asked."""
    found = run.api(1, "/canaries").json()["canaries"]
    outcomes = {row["round"]: row["outcome"] for row in found}
    assert {row["device"] for row in found} == {anvil_address(FIRST_DEVICE_KEY + HTTP_ONLY)}
    assert set(outcomes) == {1, 2} and outcomes[1] == "answered", outcomes
    first = next(row for row in found if row["round"] == 1)
    assert first["steps"].startswith(f"{EPOCHS * -(-len(run.parts[HTTP_ONLY]) // 32)}:")
    assert run.api(0, "/canaries").json() == {"canaries": [], "counts": {}}


def test_both_ipfs_nodes_keep_what_the_chain_is_derived_from(run: Run) -> None:
    for header, body in zip(run.blocks, run.bodies, strict=True):
        contents = [header.model, header.body, *(body.updates[position].cid for position in body.accepted)]
        for store in run.site.stores:
            missing = [str(cid) for cid in contents if not store.has(cid)]
            assert not missing, f"block {header.number}: {missing}"


# -- the miners' API -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("miner", range(MINERS))
def test_miners_are_healthy_and_agree_on_where_the_federation_stands(run: Run, miner: int) -> None:
    health = run.api(miner, "/health")
    assert health.status_code == 200, health.text
    assert health.json()["healthy"] and {"registered", "synced", "can_sign", "store"} <= set(
        health.json()["checks"]
    )
    status = run.api(miner, "/status").json()
    assert (status["status"], status["round"], status["height"]) == ("Closed", ROUNDS, ROUNDS)
    assert status["federation"] == run.site.address and status["index"] == run.site.miner(miner).index
    assert status["waiting"]["what"] == "nothing: the federation is closed"


@pytest.mark.parametrize("miner", range(MINERS))
def test_miners_show_updates_and_blocks_as_the_bodies_say(run: Run, miner: int) -> None:
    blocks = run.api(miner, "/blocks").json()["blocks"]
    assert [block["number"] for block in blocks] == [1, 2, 3]
    assert all(block["agreed"] is not False for block in blocks)
    for body in run.bodies:
        shown = run.api(miner, f"/updates?round={body.round}").json()["updates"]
        assert [row["device"] for row in shown] == [update.device for update in body.updates]
        assert [row["accepted"] for row in shown] == [outcome.accepted for outcome in body.outcomes]


def test_exactly_one_miner_says_that_a_block_is_its_own(run: Run) -> None:
    owned = [
        [block["own"] for block in run.api(miner, "/blocks").json()["blocks"]] for miner in range(MINERS)
    ]
    assert [sum(column) for column in zip(*owned, strict=True)] == [1] * ROUNDS


def test_metrics_count_what_happened(run: Run) -> None:
    lines = run.api(1, "/metrics").text.splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    assert float(values["minerva_height"]) == ROUNDS
    accepted, refused = (
        'minerva_verdicts_total{verdict="ACCEPTED"}',
        'minerva_verdicts_total{verdict="RATE_OUT_OF_RANGE"}',
    )
    assert (float(values[accepted]), float(values[refused])) == (ROUNDS * (DEVICES - 1), ROUNDS)


def test_the_stream_tells_each_round_as_it_goes(run: Run) -> None:
    logs = [event["data"] for event in run.stream if event["kind"] == "log"]
    text = json.dumps(logs)
    for name in ("RoundOpened", "UpdateSubmitted", "BallotCast", "BlockFinalized", "FederationClosed"):
        assert name in text, sorted({json.dumps(log)[:60] for log in logs})
    assert any(event["kind"] == "status" for event in run.stream)


def test_the_api_describes_itself(run: Run) -> None:
    assert run.api(0, "/docs").status_code == 200
    paths = set(run.api(0, "/openapi.json").json()["paths"])
    assert {"/health", "/status", "/updates", "/blocks", "/metrics", "/events"} <= paths


def test_the_api_serves_what_the_chain_names_and_nothing_else(run: Run) -> None:
    for miner in range(MINERS):
        for cid in (run.blocks[-1].model, run.blocks[0].body):
            answer = run.api(miner, f"/content/{cid}")
            assert (answer.status_code, answer.content) == (200, run.site.fetch(cid))
    stranger = run.site.stores[0].put(b"not of this federation")
    answer = run.api(0, f"/content/{stranger}")
    assert answer.status_code == 404 and "remedy" in answer.json()
