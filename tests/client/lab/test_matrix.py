"""The matrix: results that two runs share, tables with baseline and control, pictures, and clear words for mistakes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import torch

from minerva.attacks import ATTACKS
from minerva.cli.app import main
from minerva.demo.adversaries import KINDS, kind
from minerva.demo.story import DemoOptions, cheating
from minerva.errors import UserError
from minerva.lab.matrix import full, quick
from minerva.lab.report import close_look
from minerva.lab.settings import CONTROL
from minerva.learning.task import load_task
from minerva.learning.weights import state_to_bytes

SMALL = ["attack", "matrix", "--quick", "--attack", "ipm-10", "--attack", "backdoor", "--rule", "median", "--partition", "iid",
         "--rounds", "2", "--devices", "5"]  # fmt: skip


def test_two_runs_give_the_same_results_whatever_the_processes(tmp_path: Path, capsys) -> None:
    for jobs in (1, 2):
        assert main([*SMALL, "--jobs", str(jobs), "--out", str(tmp_path / str(jobs)), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out.split("\n}\n")[0] + "}")
    one, two = ((tmp_path / name / "results.json").read_bytes() for name in ("1", "2"))
    assert one == two and json.loads(one) == printed
    cells = printed["cells"]
    assert [(cell["attack"], cell["rule"]) for cell in cells] == [
        (attack, rule) for attack in ("none", "ipm-10", "backdoor") for rule in (CONTROL, "median")
    ]
    for cell in cells:
        assert {"attack", "rule", "partition", "accuracy", "asr", "seed"} <= set(cell)
        assert cell["accuracy"] == cell["curve"][-1] and (cell["asr"] is None) == (cell["attack"] == "ipm-10")
    for name in ("heat-iid.png", "curves-iid.png"):
        assert (tmp_path / "1" / name).read_bytes().startswith(b"\x89PNG")


def test_another_seed_gives_other_results(tmp_path: Path, capsys) -> None:
    made = []
    for seed in ("0", "1"):
        assert main([*SMALL, "--seed", seed, "--jobs", "1", "--out", str(tmp_path / seed), "--json"]) == 0
        made.append(json.loads(capsys.readouterr().out))
    assert [c["curve"] for c in made[0]["cells"]] != [c["curve"] for c in made[1]["cells"]]


def test_the_table_has_the_baseline_the_control_and_the_worst(tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert main([*SMALL, "--jobs", "1", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    for text in (
        "none",
        "ipm-10",
        "backdoor",
        "fedavg (control)",
        "median",
        "worst",
        "best worst case: median",
    ):
        assert text in out


def test_the_planned_matrices_can_be_run_and_are_as_wide_as_they_say() -> None:
    for plan in (quick(), full()):
        plan.check()
        assert CONTROL in plan.rules and "none" in plan.attacks
        assert len(plan.attacks) >= 10 and len(plan.rules) >= 8
        assert tuple(plan.partitions) == ("iid", "dirichlet:0.5")
    assert full().base.task == "fashion_mlp" and (full().base.devices, full().base.meant) == (20, 4)


def test_every_attack_of_devices_is_in_the_quick_matrix() -> None:
    assert {cell.attack for cell in quick().cells()} == set(ATTACKS)


def test_the_full_matrix_looks_closely_at_the_default_rule() -> None:
    """Five seeds where the reference asks for them, and a larger malicious share."""
    plan = full()
    cells = plan.cells()
    counted = Counter(
        (cell.attack, cell.partition, cell.fraction)
        for cell in cells
        if cell.rule == plan.default and not cell.verify
    )
    for attack in set(plan.close_attacks) - {"none"}:
        shares = [(partition, fraction) for partition in ("iid", "dirichlet:0.5") for fraction in (0.2, 0.3)]
        assert [counted[attack, *share] for share in shares] == [5, 5, 5, 1]
    seen = [{"accuracy": 0.5 + cell.seed / 10 - cell.fraction, "asr": None} for cell in cells]
    looks = {(look["partition"], look["fraction"]): look for look in close_look(plan, seen)}
    assert len(looks) == 4
    row = looks["iid", 0.3]["attacks"]["sign-flip"]
    assert row == {"accuracy": pytest.approx(0.4), "least": pytest.approx(0.2), "asr": None}
    assert looks["iid", 0.3]["worst"] != "none" and looks["iid", 0.3]["attacks"]["none"]["accuracy"] == 0.5


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--attack", "ipm"], "unknown attack: 'ipm'. Known: none, label-flip,"),
        (["--rule", "medain"], "unknown aggregation rule: 'medain'"),
        (["--fraction", "0.5"], "the malicious share is not below one half: 0.5. No rule can"),
        (["--fraction", "0.45", "--devices", "10"], None),
        (["--fraction", "-0.1"], "the malicious share is not below one half: -0.1."),
        (["--fraction", "0.01"], "nobody would be malicious: 0.01 of 20 devices."),
        (["--rounds", "0"], "there is no round to run: 0. Ask for 1 or more."),
        (["--devices", "1"], "too few devices: 1."),
        (["--partition", "dirichlet:0"], "unknown partition: 'dirichlet:0'."),
        (["--seed", "-1"], "the seed is out of range: -1."),
        (["--task", "digit"], "unknown task: 'digit'."),
        (["--rule", "krum:f=9"], "the rule krum:f=9 needs n >= 2f + 3"),
        (["--real", "--data", "x"], "real parts have data of their own: x. Leave --data out."),
        (["--real", "--no-verify"], "real parts always verify, and train digits: --task digits --no-verify."),
    ],
)
def test_a_mistake_is_one_line(words: list[str], line: str | None, capsys) -> None:
    status = main(["attack", "run", *words, *([] if "--rounds" in words else ["--rounds", "1"])])
    err = capsys.readouterr().err
    if line is None:
        assert status == 0
    else:
        assert status == 2 and err.startswith(f"minerva: {line}") and err.count("\n") == 1


def test_a_matrix_that_cannot_be_written_says_so(tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("")
    assert main([*SMALL, "--jobs", "1", "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.startswith("minerva: the results cannot be written:")
    assert main([*SMALL, "--seeds", "0"]) == 2


def test_run_shows_baseline_control_and_defended(capsys) -> None:
    words = ["attack", "run", "--attack", "nan", "--rounds", "2", "--devices", "5", "--json"]
    assert main(words) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["baseline"]["attack"], made["control"]["rule"]) == ("none", CONTROL)
    assert made["defended"]["refused"] == {"NOT_FINITE": 2} and made["control"]["refused"] == {}


def test_on_real_parts_the_malicious_devices_take_the_honest_ones_places(monkeypatch, capsys) -> None:
    asked = []
    monkeypatch.setattr(
        "minerva.lab.real.run_demo",
        lambda options, display: (asked.append(options), ({"ok": True}, None))[1],
    )
    words = ["attack", "run", "--real", "--devices", "5", "--rounds", "2", "--rule", "median", "--json"]
    assert main([*words, "--attack", "sign-flip"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True}
    (options,) = asked
    assert options.cast == ("honest",) * 4 + ("sign-flip",)
    assert (options.create.aggregation, options.create.min_devices, options.rounds) == ("median", 5, 2)
    assert kind("sign-flip").attack.name == "sign-flip" and kind("honest") is KINDS["honest"]
    with pytest.raises(
        UserError, match="unknown kind of device: 'x'. Known: honest, over-reporter, .*, sign-flip,"
    ):
        kind("x")


def test_a_matrix_on_real_parts_reads_each_cell_off_its_run(tmp_path: Path, monkeypatch, capsys) -> None:
    """An honest device, the malicious one, and a model that calls everything the trigger's target."""
    ran: list[str] = []

    def stands_in(options: DemoOptions, display: object) -> tuple[dict[str, object], None]:
        ran.append(options.aggregation)
        refused = [{"device": "0xb", "reason": "COPY"}] if "backdoor" in options.cast else []
        summary = {
            "names": {"0xa": "device-0", "0xb": "device-1 (backdoor)"},
            "rounds": [
                {"accuracy": 0.5, "rejected": []},
                {"accuracy": None, "rejected": [*refused, {"device": "0xa", "reason": "COPY"}]},
            ],
        }
        state = load_task("digits").initial_state()
        state["2.bias"] = torch.nn.functional.one_hot(torch.tensor(0), 10) * 1e6
        options.folder.mkdir(parents=True)
        (options.folder / "summary.json").write_text(json.dumps(summary))
        (options.folder / "model.safetensors").write_bytes(state_to_bytes(state, {}))
        return summary, None

    monkeypatch.setattr("minerva.lab.real.run_demo", stands_in)
    words = [
        "attack", "matrix", "--real", "--attack", "backdoor", "--rule", "median", "--partition", "iid", "--devices", "5",
        "--rounds", "2", "--out", str(tmp_path), "--json",
    ]  # fmt: skip
    assert main(words) == 0
    made = json.loads(capsys.readouterr().out)
    assert ran == [CONTROL, "median"] * 2 and json.loads((tmp_path / "results.json").read_text()) == made
    cell = made["cells"][3]
    assert (cell["attack"], cell["rule"], cell["verify"]) == ("backdoor", "median", True)
    assert (cell["curve"], cell["refused"], cell["falseAlarms"]) == ([0.5, 0.5], {"COPY": 1}, {"COPY": 1})
    assert cell["asr"] == 1.0 and made["worst"]["iid"]["median"]["accuracy"] == 0.5
    assert main(words) == 0 and len(ran) == 4, "what was run already is not run again"
    (tmp_path / "cells" / "none-median-iid-0" / "summary.json").unlink()
    assert main(words) == 0 and len(ran) == 5, "what came to no end is"
    assert main([*words, "--rounds", "3"]) == 0 and len(ran) == 9, "and so is another setting"
    assert main(["attack", "matrix", "--real", "--full"]) == 2
    assert "real parts always verify, and train digits" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("attack", "miners", "cheats", "consensus"),
    [("always-no", 3, [2], "pow"), ("collusion", 5, [3, 4], "pow"), ("two-candidates", 3, [2], "pos")],
)
def test_a_miners_attack_runs_in_a_minority_on_real_parts(
    monkeypatch, capsys, attack: str, miners: int, cheats: list[int], consensus: str
) -> None:
    asked: list[DemoOptions] = []
    monkeypatch.setattr(
        "minerva.lab.real.run_demo",
        lambda options, display: (asked.append(options), ({"ok": True}, None))[1],
    )
    words = ["attack", "run", "--attack", attack, "--devices", "4", "--rounds", "2", "--json"]
    assert main(words) == 2 and "a miner's attack needs real parts" in capsys.readouterr().err
    assert main([*words, "--real"]) == 0
    (options,) = asked
    assert (options.miners, options.consensus, options.cast) == (miners, consensus, ("honest",) * 4)
    programs = cheating(options)
    assert list(programs) == cheats and all(
        program[:2] == ["minerva.demo.miner", attack] for program in programs.values()
    )
    assert all(program.count("--ring") == len(cheats) for program in programs.values())


def test_list_names_attacks_and_rules(capsys) -> None:
    assert main(["attack", "list", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert {"none", "ipm-10", "withheld"} <= {attack["name"] for attack in made["attacks"]}
    assert {"median", "nnm"} <= {rule["name"] for rule in made["rules"]}
    assert main(["attack", "list"]) == 0
