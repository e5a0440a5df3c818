"""Staking by command: put up, shown, taken out and refused, on a chain in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_scene import TASK, Scene

ETHER = 10**18


@pytest.fixture
def create(run: Any, scene: Scene) -> Any:
    """`minerva federation create` with these words."""
    Path("task.py").write_text(TASK, encoding="utf-8")

    def create(*words: str) -> Any:
        return run("federation", "create", "--task", "task.py", "--json", *words)

    return create


@pytest.fixture
def federation(create: Any) -> str:
    """One whose miners stake a tenth of an ether."""
    address: str = create("--stake", "0.1 ether").json["federation"]
    return address


def stake(run: Any, *words: str) -> Any:
    return run("stake", *words, "--json")


def test_a_federation_says_what_it_wants_staked(run: Any, create: Any) -> None:
    document = create("--stake", "0.1 ether", "--set", "create.stake_absences=5").json
    terms = document["stakes"]["terms"]
    assert (terms["minimum"], terms["unit"], terms["absences"]) == (str(ETHER // 10), str(ETHER // 1000), 5)
    shown = run("federation", "show", document["federation"]).out
    assert "stake: minimum: 0.1 ether" in shown and "10 % for a rejected block" in shown


def test_nothing_is_staked_unless_it_is_asked_for(run: Any, create: Any) -> None:
    document = create().json
    assert document["stakes"] is None
    ended = run("stake", "deposit", document["federation"], "--amount", "1")
    assert (ended.status, ended.line.partition(":  ")[0].startswith("minerva: nothing is staked")) == (
        2,
        True,
    )


def test_proof_of_stake_brings_its_vault(create: Any) -> None:
    terms = create("--set", "create.consensus=pos").json["stakes"]["terms"]
    assert (terms["minimum"], terms["unit"]) == ("0", str(10**15))


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("stake_rejected_bps=5001", "create.stake_rejected_bps is out of bounds: 5001. It is 0 to 5,000"),
        ("stake_evidence_seconds=0", "create.stake_evidence_seconds is out of bounds: 0."),
        ("stake_unit=1", "create.stake_unit is out of bounds: 100000000000000000."),
        ("stake_unit=a lot", "create.stake_unit: not a sum of money: 'a lot'."),
        ("stake_token=nowhere", "create.stake_token is no address: nowhere."),
        (f"stake_unit={1 << 128}", f"create.stake_unit is out of bounds: {1 << 128}. It is less than 2^128."),
        (f"stake_minimum={1 << 128}", f"create.stake_minimum is out of bounds: {1 << 128}."),
    ],
)
def test_terms_out_of_bounds_are_named(create: Any, assignment: str, words: str) -> None:
    ended = create("--set", "create.stake_minimum=0.1 ether", "--set", f"create.{assignment}")
    assert ended.status == 2 and words in ended.line


def test_a_miner_puts_up_what_is_missing_of_the_minimum(run: Any, scene: Scene, federation: str) -> None:
    assert stake(run, "deposit", federation, "--amount", "0.04 ether").json["sufficient"] is False
    before = scene.chain.balance(scene.account)
    assert run("miner", "register", federation).status == 0
    document = stake(run, "show", federation).json
    assert (document["bonded"], document["sufficient"]) == (str(ETHER // 10), True)
    assert before - scene.chain.balance(scene.account) > 6 * ETHER // 100
    assert document["held"] == document["bonded"]


@pytest.mark.parametrize(("setting", "bonded"), [("0.25 ether", ETHER // 4), ("0.1 ether", ETHER // 10)])
def test_a_miner_holds_what_it_is_told_to(run: Any, federation: str, setting: str, bonded: int) -> None:
    assert run("miner", "register", federation, "--set", f"miner.stake={setting}").status == 0
    assert stake(run, "show", federation).json["bonded"] == str(bonded)


def test_a_miner_that_touches_no_stake_is_refused_without(run: Any, federation: str) -> None:
    ended = run("miner", "register", federation, "--set", "miner.stake=none")
    assert ended.status == 2
    assert "the account has less bonded than the federation wants of a miner" in ended.line
    assert stake(run, "show", federation).json["bonded"] == "0"


def test_stake_is_put_up_for_another(run: Any, scene: Scene, federation: str) -> None:
    other = scene.driver.owner(0)
    document = stake(run, "deposit", federation, "--for", other).json
    assert (document["account"], document["bonded"]) == (other, str(ETHER // 10))
    assert stake(run, "deposit", federation, "--for", other).json["gas"] == 0, "nothing is missing now"
    assert stake(run, "show", federation).json["bonded"] == "0"


def test_stake_is_taken_out_after_its_time(run: Any, scene: Scene, federation: str) -> None:
    stake(run, "deposit", federation, "--amount", "0.5 ether")
    run("miner", "register", federation)
    refused = run("stake", "unbond", federation)
    assert refused.status == 2 and "StakeVaultInUse" in refused.line
    unbonding = stake(run, "unbond", federation, "--amount", "0.4 ether").json
    assert (unbonding["bonded"], unbonding["unbonding"]) == (str(ETHER // 10), str(4 * ETHER // 10))
    early = run("stake", "withdraw", federation)
    assert early.status == 2 and early.line.startswith("minerva: the stake is not released yet: in ")
    scene.chain.advance(unbonding["releaseAt"] - scene.chain.now())
    cold = scene.driver.owner(3)
    before = scene.chain.balance(cold)
    assert stake(run, "withdraw", federation, "--to", cold).json["amount"] == str(4 * ETHER // 10)
    assert scene.chain.balance(cold) - before == 4 * ETHER // 10
    again = run("stake", "withdraw", federation)
    assert again.line.startswith("minerva: nothing is on its way out")


def lose(scene: Scene) -> None:
    """The chain loses its last transaction, which the account has kept; time passes."""
    assert len(scene.chain.reorg(1, keep=lambda _: False)) == 1
    scene.chain.advance(5)


def staked(scene: Scene, federation: str) -> int:
    """What the account has staked when nothing is under way any more."""
    scene.chain.actor(scene.account).recover()
    return scene.chain.stake_of(federation, scene.account).bonded


def test_a_deposit_that_is_repeated_while_the_first_is_under_way_is_paid_once(
    run: Any, scene: Scene, federation: str
) -> None:
    words = ("stake", "deposit", federation, "--amount", "0.25 ether", "--json")
    assert run(*words).status == 0
    lose(scene)
    ended = run(*words)
    assert (ended.status, ended.json["bonded"]) == (0, str(ETHER // 4))
    assert ended.line == (
        "minerva: a former deposit of 0.25 ether was still under way and is done now. Run again to stake more."
    )
    assert staked(scene, federation) == ETHER // 4
    again = run(*words)
    assert (again.json["bonded"], again.err) == (str(ETHER // 2), ""), "a wish of its own"


def test_another_sum_is_not_staked_on_top_of_what_was_under_way(
    run: Any, scene: Scene, federation: str
) -> None:
    stake(run, "deposit", federation, "--amount", "0.25 ether")
    lose(scene)
    ended = run("stake", "deposit", federation, "--amount", "0.5 ether")
    assert ended.status == 1
    assert ended.line.startswith(
        "minerva: a former deposit of 0.25 ether was still under way and is done now."
    )
    assert staked(scene, federation) == ETHER // 4


@pytest.mark.parametrize(("former", "bonded"), [("0.04 ether", ETHER // 10), ("0.25 ether", ETHER // 4)])
def test_what_is_missing_is_what_is_missing_after_the_former_deposit(
    run: Any, scene: Scene, federation: str, former: str, bonded: int
) -> None:
    stake(run, "deposit", federation, "--amount", former)
    lose(scene)
    ended = run("stake", "deposit", federation)
    assert ended.status == 0 and f"a former deposit of {former} was" in ended.line
    assert staked(scene, federation) == bonded


def test_a_former_deposit_for_another_is_no_reason_not_to_pay(
    run: Any, scene: Scene, federation: str
) -> None:
    stake(run, "deposit", federation, "--for", scene.driver.owner(0))
    lose(scene)
    ended = run("stake", "deposit", federation, "--amount", "0.25 ether")
    assert (ended.status, ended.err) == (0, "")
    assert staked(scene, federation) == ETHER // 4


def test_an_unbonding_that_is_repeated_while_the_first_is_under_way_is_done_once(
    run: Any, scene: Scene, federation: str
) -> None:
    stake(run, "deposit", federation, "--amount", "0.5 ether")
    words = ("unbond", federation, "--amount", "0.1 ether")
    stake(run, *words)
    lose(scene)
    ended = run("stake", *words)
    assert ended.status == 0
    assert ended.line.startswith("minerva: a former unbonding of 0.1 ether was still under way")
    assert staked(scene, federation) == 4 * ETHER // 10
    stake(run, *words)
    assert staked(scene, federation) == 3 * ETHER // 10


def test_all_that_was_on_its_way_out_already_is_told(run: Any, scene: Scene, federation: str) -> None:
    stake(run, "deposit", federation, "--amount", "0.5 ether")
    stake(run, "unbond", federation)
    lose(scene)
    ended = run("stake", "unbond", federation)
    assert ended.status == 0 and "a former unbonding of 0.5 ether was still under way" in ended.line
    assert run("stake", "unbond", federation).line.startswith("minerva: the account has nothing staked")


def test_the_same_sum_goes_in_and_out_again(run: Any, scene: Scene, federation: str) -> None:
    """All is as before the first time, and within a second; they are wishes of their own all the same."""
    for _ in range(2):
        assert stake(run, "deposit", federation, "--amount", "0.25 ether").json["bonded"] == str(ETHER // 4)
        assert stake(run, "unbond", federation).json["bonded"] == "0"


def test_what_was_slashed_is_burned(run: Any, scene: Scene, federation: str) -> None:
    ended = run("stake", "burn", federation)
    assert ended.status == 2 and ended.line.startswith("minerva: nothing is to be burned")
    scene.driver.federation = federation
    for number in range(3):
        stake(run, "deposit", federation, "--for", scene.driver.owner(number))
    scene.driver.populate(3)
    scene.driver.tick()
    scene.driver.to_attestation(0)
    for number in (1, 2):
        scene.driver.attest(number, approve=False)
    assert stake(run, "show", federation).json["toBurn"] == str(ETHER // 100)
    assert stake(run, "burn", federation).json["amount"] == str(ETHER // 100)
    assert stake(run, "show", federation).json["toBurn"] == "0"


def test_who_has_too_little_is_told_so(run: Any, scene: Scene, federation: str) -> None:
    scene.chain.fund(scene.account, ETHER // 100)
    for words in (("stake", "deposit", federation), ("miner", "register", federation)):
        ended = run(*words)
        assert ended.status == 2
        assert ended.line.startswith("minerva: the account has not enough to stake: ")
        assert "has 0.01 ether, needs 0.1 ether" in ended.line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("deposit", "--amount", "much"), "not a sum of money: 'much'"),
        (("deposit", "--amount", "0"), "nothing would be staked: 0 ether"),
        (("deposit", "--for", "0x12"), "not an address: '0x12'"),
        (("unbond", "--amount", "1"), "the account has nothing staked: "),
        (("withdraw", "--to", "me"), "not an address: 'me'"),
    ],
)
def test_bad_input_is_one_clear_line(run: Any, federation: str, words: tuple[str, ...], line: str) -> None:
    ended = run("stake", words[0], federation, *words[1:])
    assert ended.status == 2 and ended.line.startswith(f"minerva: {line}")


def test_it_is_shown_in_words(run: Any, federation: str) -> None:
    stake(run, "deposit", federation, "--amount", "0.05 ether")
    shown = run("stake", "show", federation).out
    for words in (
        "minimum: 0.1 ether",
        "staked: 0.05 ether (below the minimum",
        "leaves after: ",
        "absences: 0 of 3",
    ):
        assert words in shown
