"""`minerva rewards` and the escrow's commands: what they print, and one line for each mistake."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli_scene import CommandChain, Scene
from federation_driver import Driver, address
from small_federation import SmallFederation

from minerva.keys import anvil_address
from minerva.protocol import actions as act
from minerva.protocol.records import ZERO_ADDRESS
from minerva.protocol.state import NO_REWARDS, RewardTerms

ETHER = 10**18
TERMS = RewardTerms(ZERO_ADDRESS, ETHER // 100, 5_000, 1_500, 2_500, 1_000, 30 * 86_400)
DEVICE, NOBODY = anvil_address(5), "0x" + "00" * 19 + "07"


class Keyed(Driver):
    """Device 0 is the account that commands act with."""

    @staticmethod
    def device(number: int) -> str:
        return DEVICE if number == 0 else Driver.device(number)


Found = Callable[..., SmallFederation]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Found:
    """A federation in memory behind every command."""

    def found(**options: Any) -> SmallFederation:
        made = SmallFederation(2, 2, **{"rewards": TERMS, "driver": Keyed, **options})
        monkeypatch.setattr("minerva.connect.connect", lambda settings: CommandChain(made.chain))
        monkeypatch.setattr("minerva.store.open_store", lambda url: made.store)
        text = f'federation = "{made.address}"\n[store]\nurl = "local:x"\n[key]\naccount = "anvil:5"\n'
        Path("minerva.toml").write_text(text, encoding="utf-8")
        return made

    return found


def test_a_federation_with_rewards_waits_for_its_escrow(run: Any, scene: Scene) -> None:
    Path("task.py").write_text(__import__("cli_scene").TASK, encoding="utf-8")
    words = ("--set", "create.reward_per_round=0.01 ether", "--set", "create.rounds=5")
    made = run("federation", "create", "--task", "task.py", *words, "--json").json
    federation, escrow = made["federation"], made["escrow"]
    assert (escrow["required"], escrow["funded"], escrow["terms"]["dataBps"]) == (
        str(ETHER // 20),
        "0",
        5_000,
    )
    shown = run("federation", "show", federation)
    assert "its escrow, which lacks 0.05 ether: minerva federation fund" in shown.out
    paid = run("federation", "fund", federation, "--amount", "0.02 ether")
    assert paid.out.startswith("0.02 ether of 0.05 ether paid in, 0.02 ether there now, in 0x")
    assert run("federation", "fund", federation, "--json").json["amount"] == str(3 * ETHER // 100)
    assert run("federation", "fund", federation, "--json").json["amount"] == "0"
    assert run("federation", "show", federation, "--json").json["escrow"]["held"] == str(ETHER // 20)
    more = run("federation", "fund", federation, "--amount", "1")
    assert more.status == 2
    assert more.line.startswith(
        "minerva: the escrow does not lack that much: 0.000000000000000001 ether, it lacks 0 ether"
    )


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("per_round", "much", "create.reward_per_round: not a sum of money: 'much'"),
        ("per_round", "-1", "create.reward_per_round: not a sum of money"),
        ("per_round", "0.5 wei", "create.reward_per_round: the sum has more decimals than its unit"),
        ("per_round", str(1 << 127), "create.reward_per_round is out of bounds"),
        ("data_bps", "5001", "create.reward_*_bps is out of bounds: 10001"),
        ("data_bps", "-1", "a share of the rewards is below 0: -1"),
        ("claim_seconds", "3600", "create.reward_claim_seconds is out of bounds: 3600"),
        ("token", "0x12", "create.reward_token is no address: 0x12"),
        ("token", address(0x99), "a term of the rewards is out of bounds"),
    ],
)
def test_terms_out_of_bounds_are_one_line(run: Any, scene: Scene, key: str, value: str, line: str) -> None:
    Path("task.py").write_text(__import__("cli_scene").TASK, encoding="utf-8")
    words = ["--set", "create.reward_per_round=100", "--set", f"create.reward_{key}={value}"]
    ended = run("federation", "create", "--task", "task.py", *words)
    assert ended.status == 2 and ended.line.startswith(f"minerva: {line}")
    assert scene.chain.federations() == ()


def test_show_claim_show(run: Any, found: Found) -> None:
    federation = found()
    federation.finish()
    federation.finish()
    before = run("rewards", "show", "--json").json
    assert before["account"] == DEVICE and int(before["mayClaim"]) == int(before["earned"]) > 0
    assert before["earned"] == str(2 * (ETHER // 200 // 4))
    assert run("rewards", "show").out.splitlines()[:4] == [
        f"     account: {DEVICE}", "      earned: 0.0025 ether", "     claimed: 0 ether", "    mayClaim: 0.0025 ether",
    ]  # fmt: skip
    assert run("rewards", "claim").out == f"0.0025 ether to {DEVICE}\n"
    after = run("rewards", "show", "--json").json
    assert (after["claimed"], after["mayClaim"]) == (before["earned"], "0")
    assert after["claims"] == [{"to": DEVICE, "byTable": before["earned"], "byAttestations": "0"}]
    again = run("rewards", "claim")
    assert again.status == 2
    assert again.line.startswith(f"minerva: the account has claimed all that it earned so far: {DEVICE}")
    federation.finish()
    assert run("rewards", "claim", "--json").json["amount"] == str(ETHER // 800)


def test_a_miner_claims_for_tables_and_attestations_in_one(run: Any, found: Found) -> None:
    federation = found()
    federation.finish()
    owner = federation.driver.owner(1)
    paid = run("rewards", "claim", "--of", owner, "--json").json
    assert (paid["account"], paid["to"]) == (owner, owner)
    assert int(paid["amount"]) == int(paid["byTable"]) + int(paid["byAttestations"])
    assert paid["byAttestations"] == str(ETHER // 1000 // 8) and int(paid["byTable"]) > 0


def test_all_that_earned_are_listed(run: Any, found: Found) -> None:
    federation = found()
    federation.finish()
    shown = run("rewards", "show", "--all", "--json").json["accounts"]
    assert {one["account"] for one in shown} == {
        *(federation.driver.device(n) for n in range(4)), *(federation.driver.owner(n) for n in range(2)),
    }  # fmt: skip
    assert sum(int(one["mayClaim"]) for one in shown) <= ETHER // 100
    assert len(run("rewards", "show", "--all").out.splitlines()) == 7


def test_a_receipt_says_why(run: Any, found: Found) -> None:
    federation = found()
    federation.finish()
    assert run("rewards", "receipt", "--round", "1").out.splitlines() == [
        f"{DEVICE} earned 0.00125 ether in round 1:",
        "- 0.00125 ether for its update: 100 counted samples times quality 191 of 191 are 19100 of 76400 in all "
        "accepted updates together, of 0.005 ether for all accepted data.",
    ]
    miner = run("rewards", "receipt", "--round", "1", "--of", federation.driver.owner(0), "--json").json
    assert miner["proposer"]["amount"] == str(ETHER * 15 // 10_000)
    assert miner["ballots"]["agreed"] == miner["ballots"]["judged"] == 4
    assert miner["attestation"]["amount"] == str(ETHER // 8000)
    assert len(miner["words"]) == 4
    nothing = run("rewards", "receipt", "--round", "1", "--of", NOBODY).out
    assert nothing.startswith(f"{NOBODY} earned 0 ether in round 1.\n- It had no accepted update")
    ended = run("rewards", "receipt", "--round", "2")
    assert ended.status == 2 and ended.line.startswith("minerva: round 2 is not over yet")


def test_a_claim_to_another_address_is_signed_and_sent_by_anybody(run: Any, found: Found) -> None:
    federation = found()
    federation.finish()
    cold, file = address(0xC01D), Path("claim.json")
    assert str(file) in run("rewards", "claim", "--to", cold, "--sign", file).out
    before = federation.chain.balance(cold)
    sent = run("rewards", "claim", "--submit", file, "--account", "anvil:7", "--json").json
    assert (sent["account"], sent["to"]) == (DEVICE, cold)
    assert federation.chain.balance(cold) - before == int(sent["amount"]) == ETHER // 800
    again = run("rewards", "claim", "--submit", file, "--account", "anvil:7")
    assert again.line.startswith("minerva: the account has claimed since it signed")
    federation.finish()
    assert run("rewards", "claim", "--to", cold).out == f"0.00125 ether to {cold}, earned by {DEVICE}\n"


def test_a_tampered_claim_is_refused(run: Any, found: Found) -> None:
    federation = found()
    federation.finish()
    run("rewards", "claim", "--to", NOBODY, "--sign", "claim.json")
    document = json.loads(Path("claim.json").read_text(encoding="utf-8"))
    for change, line in (
        ({"to": address(0xBAD)}, "the account did not sign for this recipient"),
        ({"cumulative": "999999999"}, "the block's table has no such entry"),
        ({"round": 7}, "the claim is by a block that the chain does not have"),
        ({"signature": "0x12"}, "the account did not sign for this recipient"),
        ({"signature": None}, "not a signed claim"),
        ({"proof": ["0x12"]}, "not a signed claim"),
        ({"extra": 1}, "not a signed claim"),
        ({"claimed": "nothing"}, "not a signed claim"),
        ({"claimed": 0}, "not a signed claim"),
        ({"cumulative": float("inf")}, "not a signed claim"),
        ({"cumulative": "-1"}, "not a signed claim"),
        ({"cumulative": "\u0663"}, "not a signed claim"),
        ({"cumulative": str(1 << 256)}, "not a signed claim"),
        ({"cumulative": "9" * 5000}, "not a signed claim"),
        ({"proof": 7}, "not a signed claim"),
        ({"round": True}, "not a signed claim"),
        ({"federation": address(0xFED)}, "the claim is for another federation"),
    ):
        Path("other.json").write_text(json.dumps(document | change), encoding="utf-8")
        ended = run("rewards", "claim", "--submit", "other.json", "--account", "anvil:7")
        assert ended.status == 2 and ended.line.startswith(f"minerva: {line}"), change


def test_a_claim_that_is_nested_deep_is_none(run: Any, found: Found) -> None:
    found().finish()
    Path("deep.json").write_text("[" * 100_000, encoding="utf-8")
    ended = run("rewards", "claim", "--submit", "deep.json")
    assert ended.status == 2 and ended.line.startswith("minerva: not a signed claim: deep.json")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("claim", "--of", NOBODY), "the account has earned nothing here: " + NOBODY),
        (("claim", "--account", "anvil:9"), "the account has earned nothing here"),
        (("claim", "--of", "me"), "not an address: 'me'"),
        (("claim", "--sign", "x.json"), "--sign needs a recipient"),
        (("claim", "--to", NOBODY, "--of", NOBODY), "only the account itself can sign for --to"),
        (("claim", "--submit", "none.json"), "the file cannot be read: none.json: No such file or directory"),
        (("claim", "--submit", "minerva.toml"), "not a signed claim: minerva.toml"),
        (("claim", "--submit", "minerva.toml", "--to", NOBODY), "--submit takes all else from its file"),
    ],
)
def test_mistakes_are_one_line(run: Any, found: Found, words: tuple[str, ...], line: str) -> None:
    found().finish()
    ended = run("rewards", *words)
    assert ended.status == 2 and ended.line.startswith(f"minerva: {line}")


def test_a_federation_without_rewards_says_so(run: Any, found: Found) -> None:
    federation = found(rewards=NO_REWARDS)
    for words in (
        ("rewards", "show"),
        ("rewards", "claim"),
        ("federation", "fund"),
        ("federation", "reclaim"),
    ):
        ended = run(*words)
        assert ended.status == 2
        assert ended.line.startswith(f"minerva: the federation pays no rewards: {federation.address}")


def test_an_account_without_enough_does_not_fund(run: Any, found: Found) -> None:
    federation = found(funded=False)
    federation.chain.fund(DEVICE, ETHER // 100)
    ended = run("federation", "fund")
    assert ended.status == 2
    assert ended.line.startswith(
        f"minerva: the account has not that much: {DEVICE} has 0.01 ether, needs 0.1 ether"
    )


@pytest.mark.parametrize("words", [("--amount", "0.02 ether"), ()], ids=["a sum", "all that is lacking"])
def test_a_payment_that_is_repeated_while_the_first_is_under_way_is_paid_once(
    run: Any, found: Found, words: tuple[str, ...]
) -> None:
    federation = found(funded=False)
    first = run("federation", "fund", *words, "--json").json
    funded = first["escrow"]["funded"]
    assert len(federation.chain.reorg(1, keep=lambda _: False)) == 1
    federation.chain.advance(5)
    ended = run("federation", "fund", *words, "--json")
    assert (ended.status, ended.json["amount"]) == (0, first["amount"])
    assert ended.json["escrow"]["funded"] == funded
    assert ended.line.startswith("minerva: a former payment of 0.")
    assert ended.line.endswith(" ether was still under way and is done now. Run again to pay more.")
    federation.chain.actor(DEVICE).recover()
    escrow = federation.chain.escrow(federation.address)
    assert escrow is not None and str(escrow.funded) == funded


def test_another_sum_is_not_paid_on_top_of_what_was_under_way(run: Any, found: Found) -> None:
    federation = found(funded=False)
    run("federation", "fund", "--amount", "0.02 ether")
    federation.chain.reorg(1, keep=lambda _: False)
    federation.chain.advance(5)
    ended = run("federation", "fund", "--amount", "0.03 ether")
    assert ended.status == 1 and "a former payment of 0.02 ether was still under way" in ended.line
    assert run("federation", "fund", "--amount", "0.03 ether").out.startswith("0.05 ether of 0.1 ether")


def test_tokens_are_paid_in_after_an_approval(run: Any, found: Found) -> None:
    token = address(0x70)
    federation = found(
        rewards=replace(TERMS, token=token, per_round=1000), funded=False, tokens={token: {DEVICE: 9_999}}
    )
    few = run("federation", "fund")
    assert few.line.startswith(f"minerva: the account has not that much: {DEVICE} has 9999 of {token}")
    paid = run("federation", "fund", "--amount", "500")
    assert paid.out.startswith(f"500 of {token} of 10000 of {token} paid in")
    assert federation.chain.tokens(token, DEVICE) == 9_499


def test_what_is_left_returns_after_the_end(run: Any, found: Found) -> None:
    federation = found()
    early = run("federation", "reclaim")
    assert early.status == 2 and early.line.startswith("minerva: the federation is not closed (0)")
    federation.chain.actor(federation.chain.requester(federation.address)).send(act.Close(federation.address))
    federation.finish()
    assert run("rewards", "claim").status == 0, "what was earned stays claimable when it is closed early"
    first = run("federation", "reclaim", "--json").json
    assert int(first["amount"]) == 9 * ETHER // 100
    federation.chain.advance(TERMS.claim_seconds)
    late = run("rewards", "claim", "--of", federation.driver.owner(0))
    assert late.status == 2 and late.line.startswith("minerva: the claim period is over: ")
    assert int(run("federation", "reclaim", "--json").json["amount"]) == ETHER // 100 - ETHER // 800
    escrow = federation.chain.escrow(federation.address)
    assert escrow is not None and escrow.held == 0
