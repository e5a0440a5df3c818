"""Allow-lists, roles, expulsion and a change of module, by command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_scene import TASK, Scene

from minerva.keys import anvil_address
from minerva.protocol.events import ConsensusChanged, MinerLeaving

ME, OTHER, THIRD = (anvil_address(number) for number in (5, 6, 7))


@pytest.fixture(autouse=True)
def _task() -> None:
    Path("task.py").write_text(TASK, encoding="utf-8")


def create(run: Any, *words: object) -> Any:
    return run("federation", "create", "--task", "task.py", "--json", *words)


@pytest.fixture
def listed(run: Any, scene: Scene) -> dict[str, Any]:
    """A federation of one miner and one device: the account itself in both roles."""
    Path("members.txt").write_text(f"# us\n{ME} node\n", encoding="utf-8")
    made: dict[str, Any] = create(run, "--policy", "allow-list", "--allow-list", "members.txt").json
    scene.driver.federation = made["federation"]
    return made


def test_members_join_by_the_published_list(run: Any, listed: dict[str, Any]) -> None:
    where, cid = listed["federation"], listed["allowList"]["cid"]
    assert (listed["allowList"]["miners"], listed["allowList"]["devices"]) == (1, 1)
    shown = run("federation", "show", where, "--json").json
    assert (shown["policy"], shown["allowListRoot"]) == ("allow-list", listed["allowList"]["root"])
    assert run("miner", "register", where, "--set", f"miner.allow_list={cid}").status == 0
    task = ("--set", "device.task=task.py")
    assert run("device", "register", where, *task, "--set", f"device.allow_list={cid}").status == 0


def test_the_file_does_as_well_as_the_cid(run: Any, listed: dict[str, Any]) -> None:
    assert run("miner", "register", listed["federation"], "--set", "miner.allow_list=members.txt").status == 0


def test_who_is_not_on_the_list_is_told_so_in_one_line(run: Any, listed: dict[str, Any]) -> None:
    where, cid = listed["federation"], listed["allowList"]["cid"]
    ended = run("miner", "register", where, "--account", "anvil:6", "--set", f"miner.allow_list={cid}")
    assert ended.status == 2
    assert ended.line == (
        f"minerva: the account is not on the allow-list as a miner: {OTHER}. Ask the requester to add it."
    )


def test_a_list_is_asked_for_where_none_is_named(run: Any, listed: dict[str, Any]) -> None:
    ended = run("miner", "register", listed["federation"])
    assert ended.status == 2
    assert "takes members by an allow-list, and none is named: miner.allow_list" in ended.line


@pytest.mark.parametrize(("section", "other"), [("miner", "device"), ("device", "miner")])
def test_a_node_is_told_its_list_once(run: Any, scene: Scene, section: str, other: str) -> None:
    """Which half it stands for does not matter: here it lets in one of both only."""
    Path("members.txt").write_text(f"{ME} {section}\n", encoding="utf-8")
    where = create(run, "--policy", "allow-list", "--allow-list", "members.txt").json["federation"]
    words = (
        "--set",
        "device.task=task.py",
        "--set",
        f"{section}.allow_list=members.txt",
        "--set",
        "miner.port=0",
    )
    ended = run("node", "run", where, *words)
    assert ended.status == 2
    assert ended.line.startswith(f"minerva: the account is not on the allow-list as a {other}: {ME}.")


def test_another_list_is_refused_before_anything_is_sent(
    run: Any, scene: Scene, listed: dict[str, Any]
) -> None:
    Path("old.txt").write_text(f"{ME} miner\n", encoding="utf-8")
    ended = run("miner", "register", listed["federation"], "--set", "miner.allow_list=old.txt")
    assert ended.status == 2
    assert ended.line.startswith(
        "minerva: the allow-list is not the federation's present one: old.txt has the root 0x"
    )
    assert scene.driver.state.members == 0


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{ME} miner\n0x12 device\n", "not an address: bad.txt, line 2: '0x12'."),
        (f"\n\n{ME} boss\n", "not a role: bad.txt, line 3: 'boss'."),
        (f"{ME}\n", "not an entry of an allow-list: bad.txt, line 1: "),
        (f"{ME} miner device\n", "not an entry of an allow-list: bad.txt, line 1: "),
        (ME.swapcase().replace("0X", "0x") + " miner", "not an address: bad.txt, line 1: "),
        ('[\n{"account": 7\n', "the allow-list is not JSON: bad.txt, line "),
        ('{"members": []}', "not an allow-list: bad.txt."),
        (
            f'[{{"account": "{ME}", "role": "miner"}}, {{}}]',
            "not an entry of an allow-list: bad.txt, entry 2: {}.",
        ),
        (f'[{{"account": "{ME}", "role": "king"}}]', "not a role: bad.txt, entry 1: 'king'."),
    ],
)
def test_a_bad_line_is_named(run: Any, scene: Scene, text: str, line: str) -> None:
    Path("bad.txt").write_text(text, encoding="utf-8")
    ended = create(run, "--policy", "allow-list", "--allow-list", "bad.txt")
    assert ended.status == 2
    assert ended.line.startswith(f"minerva: {line}")
    assert scene.chain.federations() == ()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["--policy", "allow-list"],
            "the policy needs an allow-list: allow-list. Name its file with --allow-list.",
        ),
        (["--allow-list", "members.txt"], "the policy asks for no allow-list: open."),
        (
            ["--policy", "allow-list", "--allow-list", "absent"],
            "the allow-list cannot be read: absent: No such file",
        ),
        (
            ["--policy", "stake"],
            "the policy's parameters have another length than its own, or it asks for stakes",
        ),
        (["--policy", "stake", "--set", "create.miner_stake=-1"], "create.miner_stake is out of bounds: -1."),
    ],
)
def test_a_policy_that_cannot_be_is_one_line(run: Any, scene: Scene, words: list[str], line: str) -> None:
    Path("members.txt").write_text(f"{ME} node\n", encoding="utf-8")
    ended = create(run, *words)
    assert ended.status == 2
    assert ended.line.startswith(f"minerva: {line}")


def test_the_requester_lets_others_in(run: Any, listed: dict[str, Any]) -> None:
    where = listed["federation"]
    ended = run(
        "federation",
        "allow",
        where,
        "--allow-list",
        "members.txt",
        "--miner",
        OTHER,
        "--device",
        THIRD,
        "--json",
    ).json
    assert ended["events"] == ["AllowListChanged"]
    assert (ended["allowList"]["miners"], ended["allowList"]["devices"]) == (2, 2)
    assert Path("members.txt").read_text() == f"# us\n{ME} node\n{OTHER} miner\n{THIRD} device\n"
    cid = ended["allowList"]["cid"]
    joined = run("miner", "register", where, "--account", "anvil:6", "--set", f"miner.allow_list={cid}")
    assert joined.status == 0
    again = run("federation", "allow", where, "--allow-list", "members.txt", "--json").json
    assert (again["events"], again["allowList"]["cid"]) == ([], cid)


def test_a_run_that_broke_off_before_it_wrote_the_file_is_repeated(run: Any, listed: dict[str, Any]) -> None:
    """The chain has the new root already: without the file, nobody could extend the list any more."""
    words = ("federation", "allow", listed["federation"], "--allow-list", "members.txt", "--miner", OTHER)
    before = Path("members.txt").read_text()
    assert run(*words).status == 0
    after = Path("members.txt").read_text()
    Path("members.txt").write_text(before, encoding="utf-8")
    assert run(*words, "--json").json["events"] == []
    assert Path("members.txt").read_text() == after
    assert run(*words, "--json").json["events"] == []
    assert Path("members.txt").read_text() == after, "who is on it already is not added again"


def test_a_list_in_json_stays_json(run: Any, scene: Scene) -> None:
    entry = {"account": ME, "role": "node"}
    Path("members.json").write_text(json.dumps({"allowList": [entry]}), encoding="utf-8")
    where = create(run, "--policy", "allow-list", "--allow-list", "members.json").json["federation"]
    assert run("federation", "allow", where, "--allow-list", "members.json", "--node", OTHER).status == 0
    kept = json.loads(Path("members.json").read_text())["allowList"]
    assert {(e["account"], e["role"]) for e in kept} == {
        (who, role) for who in (ME, OTHER) for role in ("miner", "device")
    }


def test_a_list_is_extended_from_the_present_one_only(run: Any, listed: dict[str, Any]) -> None:
    Path("old.txt").write_text(f"{ME} miner\n", encoding="utf-8")
    ended = run("federation", "allow", listed["federation"], "--allow-list", "old.txt", "--miner", OTHER)
    assert ended.status == 2
    assert ended.line.startswith("minerva: the allow-list is not the federation's present one")


def test_only_the_requester_changes_the_list(run: Any, listed: dict[str, Any]) -> None:
    Path("mine.txt").write_text(f"{OTHER} node\n", encoding="utf-8")
    words = ("--allow-list", "mine.txt", "--account", "anvil:6")
    ended = run("federation", "allow", listed["federation"], *words)
    assert ended.status == 2
    assert ended.line.startswith("minerva: only the requester of the federation may replace its list")


def test_an_open_federation_has_no_list_to_change(run: Any, scene: Scene) -> None:
    where = create(run).json["federation"]
    ended = run("federation", "allow", where, "--allow-list", "members.txt")
    assert ended.status == 2
    assert ended.line.startswith("minerva: the federation's policy keeps no allow-list: open.")


@pytest.fixture
def running(run: Any, scene: Scene) -> str:
    """An open federation of the account's with two miners and a device, in round 1."""
    where: str = create(run).json["federation"]
    scene.driver.federation = where
    scene.driver.join(0)
    scene.driver.join(1)
    scene.driver.register(0, scene.driver.contract(0))
    scene.driver.tick()
    return where


def test_a_miner_is_expelled_by_index_owner_or_contract(run: Any, scene: Scene, running: str) -> None:
    for name in ("2", "x", ""):
        ended = run("federation", "expel", running, "--miner", name)
        assert ended.status == 2
        assert ended.line.startswith("minerva: no such miner is in this federation")
    ended = run("federation", "expel", running, "--miner", scene.driver.owner(1).lower(), "--json")
    assert ended.json["events"] == ["MinerExpelled"]
    shown = run("federation", "show", running, "--json").json
    assert [miner["expelled"] for miner in shown["miners"]] == [False, True]
    assert "miner 1, expelled, with its duties until it goes: " in run("federation", "show", running).out
    left = [list(scene.driver.play_round()), list(scene.driver.play_round())]
    assert [MinerLeaving(1) in events for events in left] == [False, True]
    shown = run("federation", "show", running, "--json").json
    assert [miner["expelled"] for miner in shown["miners"]] == [False]
    scene.driver.join(2)
    shown = run("federation", "show", running, "--json").json
    assert [(miner["index"], miner["expelled"]) for miner in shown["miners"]] == [(0, False), (1, False)]
    ended = run("federation", "expel", running, "--miner", scene.driver.contract(0))
    assert ended.status == 0


def test_another_module_is_announced_a_round_ahead(run: Any, scene: Scene, running: str) -> None:
    words = ("federation", "change-consensus", running)
    ended = run(*words, "--consensus", "committee", "--set", "create.committee_size=2", "--json").json
    assert (ended["events"], ended["fromRound"]) == (["ConsensusChangeAnnounced"], 3)
    shown = run("federation", "show", running, "--json").json
    assert (shown["consensus"], shown["announcedConsensus"]) == (
        "pow", {"consensus": "committee", "module": scene.chain.modules["committee"], "fromRound": 3},
    )  # fmt: skip
    assert "announced: committee decides from round 3 on" in run("federation", "show", running).out
    changed = [e for _ in range(2) for e in scene.driver.play_round() if isinstance(e, ConsensusChanged)]
    assert changed == [ConsensusChanged(3, scene.chain.modules["committee"])]
    shown = run("federation", "show", running, "--json").json
    assert (shown["consensus"], shown["announcedConsensus"]) == ("committee", None)
    ended = run(*words, "--consensus", "vote")
    assert ended.line.startswith(
        "minerva: the deployment has no such consensus module: vote. It has committee, por, pos, pow"
    )
    ended = run(*words, "--consensus", "committee", "--set", "create.committee_size=65")
    assert ended.line.startswith("minerva: create.committee_size is out of bounds: 65.")


def test_the_governor_may_change_its_mind_and_back_within_a_round(
    run: Any, scene: Scene, running: str
) -> None:
    for consensus in ("committee", "por", "committee"):
        ended = run("federation", "change-consensus", running, "--consensus", consensus, "--json")
        assert ended.json["events"] == ["ConsensusChangeAnnounced"]
        scene.chain.advance(1)
    changed = [e for _ in range(2) for e in scene.driver.play_round() if isinstance(e, ConsensusChanged)]
    assert changed == [ConsensusChanged(3, scene.chain.modules["committee"])]


def test_roles_are_shown_granted_and_revoked(run: Any, scene: Scene, running: str) -> None:
    alone = {"admin": [ME], "pauser": [ME], "governor": [ME]}
    assert run("federation", "roles", running, "--json").json["roles"] == alone
    pause = ("federation", "pause", running, "--account", "anvil:6")
    assert run(*pause).status == 2
    ended = run("federation", "roles", running, "--grant", f"pauser={OTHER}", "--json").json
    assert (ended["events"], ended["roles"]) == (["RoleGranted"], {**alone, "pauser": [ME, OTHER]})
    assert run(*pause).status == 0
    ended = run("federation", "roles", running, "--revoke", f"pauser={OTHER}", "--json").json
    assert (ended["events"], ended["roles"]) == (["RoleRevoked"], alone)
    ended = run("federation", "roles", running, "--grant", f"pauser={THIRD}", "--account", "anvil:6")
    assert ended.status == 2
    for text in ("pauser", "king=" + OTHER, "pauser=0x1"):
        assert run("federation", "roles", running, "--grant", text).status == 2
