"""`minerva federation reputation`: each step of a miner's reputation, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli_scene import CommandChain
from small_federation import SmallFederation

from minerva.chain.memory import MemoryChain
from minerva.cli.reputation import words
from minerva.protocol.ballots import ACCEPT, Outcome
from minerva.protocol.lanes import unpack
from minerva.protocol.weights import ReputationTerms, reputation_changes

TERMS = ReputationTerms(start=100, cap=1000, decay_permille=900, presence=5, ballot=20, block=10)


def use(monkeypatch: pytest.MonkeyPatch, made: SmallFederation) -> None:
    monkeypatch.setattr("minerva.connect.connect", lambda settings: CommandChain(made.chain))
    Path("minerva.toml").write_text(f'federation = "{made.address}"\n', encoding="utf-8")


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> SmallFederation:
    """A federation of one miner under proof of reputation, with two blocks."""
    made = SmallFederation(1, 2, consensus=MemoryChain().modules["por"], consensus_parameters=TERMS.encode())
    made.finish()
    made.finish(bytes([ACCEPT, 1]))
    use(monkeypatch, made)
    return made


def test_every_step_says_of_what_it_is_made(run: Any, judged: SmallFederation) -> None:
    steps = run("federation", "reputation", "--json").json["steps"]
    assert [(step["round"], step["before"], step["after"]) for step in steps] == [
        (1, 100, 125),
        (2, 125, 147),
    ]
    assert [(step["agreed"], step["judged"]) for step in steps] == [(2, 2), (1, 1)]
    assert [unpack(header.weights)[0] for header in judged.history.blocks] == [125, 147]
    out = run("federation", "reputation").out
    assert "90 of 100 kept, 5 for a ballot, 20 for agreeing on 2 of 2 updates, 10 for the block" in " ".join(
        out.split()
    )


def test_one_miner_may_be_asked_for(run: Any, judged: SmallFederation) -> None:
    owner = judged.driver.owner(0)
    assert len(run("federation", "reputation", "--of", owner, "--json").json["steps"]) == 2
    nobody = "0x" + "00" * 19 + "07"
    assert run("federation", "reputation", "--of", nobody, "--json").json["steps"] == []


def test_without_the_module_there_is_none(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = SmallFederation(1, 2)
    made.finish()
    use(monkeypatch, made)
    ended = run("federation", "reputation")
    assert ended.status == 2
    assert ended.line.startswith("minerva: no block of the federation changed a reputation: 0x")


@pytest.mark.parametrize(
    ("before", "verdicts", "said"),
    [
        (100, None, "90 of 100 kept, no ballot"),
        (1000, b"\xff", "900 of 1000 kept, 5 for a ballot, 20 for agreeing on 1 of 1 updates"),
        (1, None, "0 of 1 kept, no ballot, kept at 1"),
    ],
)
def test_words_add_up(before: int, verdicts: bytes | None, said: str) -> None:
    outcomes = [Outcome(True, 100, 0)]
    assert words(reputation_changes({3: before}, {3: verdicts}, outcomes, 0, TERMS)[3]) == said


def test_the_cap_is_said() -> None:
    terms = ReputationTerms(start=100, cap=100, decay_permille=1000, presence=5, ballot=20, block=10)
    change = reputation_changes({3: 100}, {3: b"\xff"}, [Outcome(True, 100, 0)], 3, terms)[3]
    assert (change.after, words(change).endswith("kept at the cap")) == (100, True)
