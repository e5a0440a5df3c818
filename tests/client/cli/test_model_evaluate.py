"""`minerva model evaluate`: figures of every block's model, beside centralised training, published for the dashboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_scene import CommandChain
from safetensors.numpy import load
from small_federation import SmallFederation

from minerva.protocol.cid import Cid

TASK = """
import torch
from torch import nn

HYPERPARAMETERS = {"epochs": 2}

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias, self.weight = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(4, 3))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        return x @ self.weight + self.bias

def model():
    return Model()

def load_data(folder=None):
    labels = torch.arange(8) % 2
    return (torch.rand(8, 4), labels), (torch.rand(8, 4), labels)

def train(model, x, y, *, epochs, seed):
    with torch.no_grad():
        model.bias += epochs

def evaluate(model, x, y):
    return {"loss": float(model.bias[0]), "accuracy": 0.5, "largest": float(model.weight.max())}
"""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> SmallFederation:
    """A federation without a block, behind every command."""
    made = SmallFederation(1, 3)
    monkeypatch.setattr("minerva.connect.connect", lambda settings: CommandChain(made.chain))
    monkeypatch.setattr("minerva.store.open_store", lambda url: made.store)
    Path("task.py").write_text(TASK, encoding="utf-8")
    Path("minerva.toml").write_text(
        f'federation = "{made.address}"\n[store]\nurl = "memory:"\n[device]\ntrust_code = true\n',
        encoding="utf-8",
    )
    return made


def test_each_block_is_measured_and_named(run: Any, made: SmallFederation) -> None:
    blocks = [made.finish(), made.finish()]
    found = run("model", "evaluate", "--task", "task.py", "--json").json
    assert (found["chain_id"], found["federation"]) == (made.chain.chain_id, made.address)
    assert [(row["round"], row["block"]) for row in found["rounds"]] == [
        (block.round, "0x" + block.hash().hex()) for block in blocks
    ]
    for row, block in zip(found["rounds"], blocks, strict=True):
        model = load(made.get(block.model))
        assert row["metrics"]["loss"] == pytest.approx(model["bias"][0], abs=1e-6)
        assert row["metrics"]["largest"] == pytest.approx(model["weight"].max(), abs=1e-6)
    assert found["rounds"][0]["metrics"] != found["rounds"][1]["metrics"]
    assert found["baselines"] == []
    table = run("model", "evaluate", "--task", "task.py").out
    assert "accuracy" in table and "0.5000" in table and "centralised" not in table


def test_the_baseline_has_as_many_epochs(run: Any, made: SmallFederation) -> None:
    made.finish(), made.finish()
    (baseline,) = run("model", "evaluate", "--task", "task.py", "--baseline", "--json").json["baselines"]
    assert baseline["name"] == "centralised" and baseline["words"].endswith("epochs for each round: 2")
    assert [(row["round"], row["metrics"]["loss"]) for row in baseline["rounds"]] == [(1, 2.0), (2, 4.0)]


def test_what_is_published_is_what_the_dashboard_that_ran_here_shows(run: Any, made: SmallFederation) -> None:
    made.finish()
    words = ("model", "evaluate", "--task", "task.py", "--publish", "--json")
    alone = run(*words).json
    assert alone["link"] == f"http://127.0.0.1:8600/#/federation/{made.address}?results={alone['cid']}"
    Path(".minerva").mkdir(exist_ok=True)
    Path(".minerva/webui.json").write_text('{"url": "http://127.0.0.1:4567/"}', encoding="utf-8")
    Path(".minerva/results.json").write_text('{"0xOther": "bafkOther"}', encoding="utf-8")
    found = run(*words).json
    assert found["link"].startswith("http://127.0.0.1:4567/#/federation/")
    shown = json.loads(Path(".minerva/results.json").read_text(encoding="utf-8"))
    assert shown == {"0xOther": "bafkOther", made.address: found["cid"]}
    document = json.loads(made.get(Cid.parse(found["cid"])))
    assert document == {key: found[key] for key in document} and document["minerva_results"] == 1


def test_mistakes_are_one_line(run: Any, made: SmallFederation) -> None:
    assert run("model", "evaluate", "--task", "task.py").line.startswith(
        "minerva: there is nothing to measure yet"
    )
    made.finish()
    ended = run("model", "evaluate", "--task", "digits")
    assert ended.status != 0 and ended.line
    assert run("model", "evaluate", "--task", "none.py").status == 2
    ended = run("model", "evaluate", "--task", "task.py", "--set", "device.trust_code=false")
    assert ended.status == 2 and "code" in ended.line
