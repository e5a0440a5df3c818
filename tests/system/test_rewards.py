"""Rewards by command on real parts: an escrow that is paid in, claims, and what is left when a federation closes early."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from federation_site import Site, beside, site

from minerva.cli.app import main
from minerva.keys import anvil_address
from minerva.learning.task import load_task
from minerva.protocol.events import BlockFinalized, FederationClosed
from minerva.stack.parts import FIRST_DEVICE_KEY, FIRST_MINER_KEY, Stack

pytestmark = [pytest.mark.kubo, pytest.mark.timeout(600)]

ETHER = 10**18
ROUNDS, PER_ROUND = 10, ETHER // 100
STRANGER, COLD = 35, anvil_address(36)
MINER, DEVICE = anvil_address(FIRST_MINER_KEY), anvil_address(FIRST_DEVICE_KEY)


@dataclass
class Command:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.status == 0, self.err
        return json.loads(self.out)

    @property
    def line(self) -> str:
        (line,) = self.err.splitlines()
        return line


class Treasury:
    """The commands of one federation's money, by any of anvil's accounts."""

    def __init__(self, made: Site, folder: Path) -> None:
        self.site, self.folder = made, folder
        folder.mkdir()

    def run(self, key: int, *words: str) -> Command:
        settings = self.site.stack.settings(f"purse-{key}", key, store=1, federation=self.site.address)
        config = self.folder / f"{key}.toml"
        config.write_text(settings.to_toml(), encoding="utf-8")
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = main([*words, "--config", str(config)])
        assert "Traceback" not in err.getvalue()
        return Command(status, out.getvalue(), err.getvalue())

    def balance(self, account: str) -> int:
        return self.site.chain.balance(account)

    def held(self) -> int:
        escrow = self.site.chain.escrow(self.site.address)
        assert escrow is not None and escrow.held == self.balance(escrow.vault)
        return escrow.held


@pytest.fixture(scope="module")
def treasury(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Treasury]:
    """One miner and two devices; two rounds are final, and nothing is claimed."""
    root = tmp_path_factory.mktemp("rewards")
    task = load_task(str(Path(__file__).parent / "held_task.py"))
    (x, y), _ = task.load_data()
    options: Any = {"rounds": ROUNDS, "min_devices": 2, "reward_per_round": "0.01ether"}
    with site(beside(stack, root / "stack"), task, **options) as made:
        found = Treasury(made, root / "purses")
        made.start_miner(0)
        made.await_miner(0)
        for number in range(2):
            made.add_device(number, x[60 * number : 60 * number + 60], y[60 * number : 60 * number + 60])
        assert "its escrow, which lacks 0.1 ether" in found.run(STRANGER, "federation", "show").out
        assert found.run(STRANGER, "federation", "fund", "--amount", "0.04ether").status == 0
        assert made.round() == 0
        paid = found.run(STRANGER, "federation", "fund", "--json").json
        assert (paid["amount"], paid["escrow"]["held"]) == (str(6 * ETHER // 100), str(ETHER // 10))
        made.until(BlockFinalized, round=2)
        made.gate.close()
        yield found


def test_money_is_claimed_by_command_and_by_whom_it_belongs_to(treasury: Treasury) -> None:
    shown = treasury.run(FIRST_DEVICE_KEY, "rewards", "show", "--json").json
    due, before, held = int(shown["mayClaim"]), treasury.balance(DEVICE), treasury.held()
    assert 0 < due == int(shown["earned"]) <= 2 * PER_ROUND
    receipts = [
        treasury.run(STRANGER, "rewards", "receipt", "--round", str(n), "--of", DEVICE, "--json").json
        for n in (1, 2)
    ]
    assert sum(int(receipt["amount"]) for receipt in receipts) == due
    assert all("for its update: 60 counted samples" in receipt["words"][1] for receipt in receipts)
    paid = treasury.run(STRANGER, "rewards", "claim", "--of", DEVICE, "--json").json
    assert (paid["to"], paid["amount"]) == (DEVICE, str(due))
    assert treasury.balance(DEVICE) - before == due == held - treasury.held()
    again = treasury.run(STRANGER, "rewards", "claim", "--of", DEVICE)
    assert again.status == 2
    assert again.line.startswith(f"minerva: the account has claimed all that it earned so far: {DEVICE}")


def test_another_account_is_told_in_one_line(treasury: Treasury) -> None:
    ended = treasury.run(STRANGER, "rewards", "claim")
    assert ended.status == 2
    assert ended.line.startswith(f"minerva: the account has earned nothing here: {anvil_address(STRANGER)}")


def test_after_an_early_end_all_is_claimed_and_the_rest_returns(treasury: Treasury) -> None:
    made = treasury.site
    early = treasury.run(STRANGER, "federation", "reclaim")
    assert early.status == 2 and early.line.startswith("minerva: the federation is not closed (0)")
    assert treasury.run(0, "federation", "close").status == 0
    made.gate.open()
    made.until(FederationClosed)
    for device in made.devices:
        device.end()
        device.device.actor.close()  # type: ignore[attr-defined]
    made.devices.clear()
    claim = str(treasury.folder / "claim.json")
    signed = treasury.run(FIRST_DEVICE_KEY, "rewards", "claim", "--to", COLD, "--sign", claim)
    assert signed.status == 0
    before = treasury.balance(COLD)
    sent = treasury.run(STRANGER, "rewards", "claim", "--submit", claim, "--json").json
    assert (sent["account"], sent["to"]) == (DEVICE, COLD)
    assert treasury.balance(COLD) - before == int(sent["amount"]) > 0
    for account in (MINER, anvil_address(FIRST_DEVICE_KEY + 1)):
        assert int(treasury.run(STRANGER, "rewards", "claim", "--of", account, "--json").json["amount"]) > 0
    escrow = made.chain.escrow(made.address)
    height = made.chain.state(made.address).height
    assert escrow is not None and height == max(e.number for e in made.all(BlockFinalized)) < ROUNDS
    returned = int(treasury.run(STRANGER, "federation", "reclaim", "--json").json["amount"])
    assert returned == escrow.funded - escrow.granted - height * (PER_ROUND // 10)
    everybody = treasury.run(STRANGER, "rewards", "show", "--all", "--json").json["accounts"]
    claimed = sum(
        int(claim["byTable"]) + int(claim["byAttestations"]) for one in everybody for claim in one["claims"]
    )
    assert claimed <= escrow.funded and treasury.held() == escrow.funded - claimed - returned
    assert all(one["mayClaim"] == "0" for one in everybody)
