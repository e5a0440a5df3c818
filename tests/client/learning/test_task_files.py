"""Task files: a short one suffices, and every fault is one line that names the line."""

from __future__ import annotations

import hashlib
import random
import sys

import numpy as np
import pytest
import torch

from minerva.errors import DataError, MinervaError, TaskError
from minerva.learning.task import BUNDLED, Task, load_task, scaffold
from minerva.learning.training import train_local
from minerva.learning.weights import state_to_bytes
from minerva.protocol.manifest import Manifest, RuleParameters, TensorSpec

GOOD = """\
import torch
from torch import nn

HYPERPARAMETERS = {"learning_rate": 0.5}


def model():
    return nn.Linear(2, 2)


def load_data(folder):
    x = torch.randn(60, 2)
    y = (x[:, 0] > 0).long()
    return (x[:40], y[:40]), (x[40:], y[40:])


def train(model, x, y, *, epochs, seed, learning_rate):
    for _ in range(epochs * 10):
        model.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        for parameter in model.parameters():
            parameter.data -= learning_rate * parameter.grad


def evaluate(model, x, y):
    scores = model(x)
    loss = nn.functional.cross_entropy(scores, y).item()
    return {"loss": loss, "accuracy": (scores.argmax(1) == y).float().mean().item()}
"""


@pytest.fixture
def write(tmp_path):
    def write(text: str, *changes: tuple[str, str]) -> Task:
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "mine.py"
        path.write_text(text)
        return load_task(str(path))

    return write


def once(task: Task):
    """Use everything a task has, as a device does."""
    (x, y), test = task.load_data()
    base = state_to_bytes(task.initial_state(), {"federation": "0x0", "round": "0"})
    result = train_local(task, base, x, y, epochs=1, seed=1000)
    return task.evaluate_state(result.state, *test)


def test_a_task_of_less_than_thirty_lines_works(write):
    assert len(GOOD.splitlines()) <= 30 and "minerva" not in GOOD
    task = write(GOOD)
    assert once(task)["accuracy"] > 0.8
    assert task.name == "mine" and task.title == "mine" and task.epochs == 1
    assert task.spec() == (TensorSpec("bias", (2,), "F32"), TensorSpec("weight", (2, 2), "F32"))
    assert task.code_sha256 == hashlib.sha256(GOOD.encode()).hexdigest()


def test_the_scaffold_works_and_has_its_title(write):
    task = write(scaffold('My "first" task'))
    assert task.title == "My first task" and once(task)["accuracy"] > 0.8
    assert write(scaffold("\\")).title == "My task"


def test_names_find_the_bundled_tasks():
    assert [load_task(name).name for name in BUNDLED] == list(BUNDLED)
    with pytest.raises(
        TaskError, match="Known: breast_cancer, digits, fashion_mlp, fashion_mnist.*Did you mean digits?"
    ):
        load_task("digit")
    with pytest.raises(TaskError) as caught:
        load_task("zzz")
    assert "Did you mean" not in str(caught.value)


FAULTS = {
    "missing function": ([("def evaluate", "def other")], TaskError, r"lacks functions: evaluate\(\)"),
    "missing functions": (
        [("def evaluate", "def a"), ("def model", "def b")],
        TaskError,
        r"model\(\), evaluate\(\)",
    ),
    "not a function": (
        [("def model():\n    return nn.Linear(2, 2)", "model = 3")],
        TaskError,
        r"lacks functions: model",
    ),
    "syntax": ([("def model():", "def model(:")], TaskError, "mine.py is not Python at line 7"),
    "null byte": ([("import torch\n", "import torch\0\n")], TaskError, "mine.py is not Python"),
    "import": (
        [("import torch\n", "import torch, no_such\n")],
        TaskError,
        "fails at line 1: ModuleNotFoundError",
    ),
    "exit": ([("import torch\n", "raise SystemExit(3)\n")], TaskError, "fails at line 1: SystemExit"),
    "model raises": (
        [("nn.Linear(2, 2)", "1 / 0")],
        TaskError,
        r"model\(\) of mine.py fails at line 8: ZeroDivision",
    ),
    "model returns": (
        [("nn.Linear(2, 2)", "3")],
        TaskError,
        r"model\(\) of mine.py, line 7 must return .*Module: int",
    ),
    "model empty": ([("nn.Linear(2, 2)", "nn.ReLU()")], TaskError, "must have something to train"),
    "float64": ([("nn.Linear(2, 2)", "nn.Linear(2, 2).double()")], TaskError, "cannot be shared: .*float64"),
    "model arguments": (
        [("def model():", "def model(x):")],
        TaskError,
        r"model\(\) of mine.py, line 7 takes other arg",
    ),
    "train arguments": (
        [("epochs, seed, ", "seed, ")],
        TaskError,
        "train.* takes other arguments: .*'epochs'",
    ),
    "data raises": (
        [("torch.randn(60, 2)", "open(folder)")],
        DataError,
        r"load_data\(\) of mine.py fails at line 12: Ty",
    ),
    "data is one pair": ([("(x[:40], y[:40]), (x[40:], y[40:])", "x, y")], TaskError, "must return"),
    "data is numpy": (
        [("(x[40:], y", "(x[40:].numpy(), y")],
        TaskError,
        "must return tensors of samples: ndarray",
    ),
    "data is empty": ([("[:40]", "[:0]")], DataError, "training data of mine is empty or uneven: 0 samples"),
    "data is uneven": ([("y[40:]", "y[41:]")], DataError, "test data .* 20 samples, 19 labels"),
    "data has NaN": (
        [("y = (x", "x[3] = float('nan'); y = (x")],
        DataError,
        "training data of mine holds NaN",
    ),
    "one class": ([("> 0)", "> 99)")], DataError, "one class only: label 0 in all 40 samples"),
    "train raises": (
        [("model(x), y).b", "model(x.T), y).b")],
        TaskError,
        r"train\(\) .* fails at line 20: RuntimeError",
    ),
    "train raises elsewhere": (
        [("range(epochs", "map(int, 'x' * epochs")],
        TaskError,
        "fails at line 18: ValueError",
    ),
    "train returns": ([("* parameter.grad", "* parameter.grad\n    return 0.5")], TaskError, "in place"),
    "evaluate raises": (
        [(".item()\n    return", ".items()\n    return")],
        TaskError,
        "fails at line 27: AttributeError",
    ),
    "evaluate returns": (
        [("return {", "return 0.5 or {")],
        TaskError,
        r"evaluate\(\) .* line 25 must return a dict",
    ),
    "no loss": ([('{"loss"', '{"cost"')], TaskError, "must return a dict with loss and accuracy"),
    "loss is a text": ([('"loss": loss', '"loss": "low"')], TaskError, "must return a number as loss: low"),
    "accuracy in percent": ([("mean().item()}", "mean().item() * 100}")], TaskError, "accuracy from 0 to 1"),
    "loss is NaN": (
        [('"loss": loss', '"loss": loss * float("nan")')],
        TaskError,
        "loss that is not finite: nan",
    ),
    "hyperparameters": ([('{"learning_rate": 0.5}', "[]")], TaskError, "HYPERPARAMETERS .* not a dict: list"),
    "hyperparameter": (
        [('_rate": 0.5}', '_rate": torch.ones(1)}')],
        TaskError,
        "cannot be shared: learning_rate",
    ),
    "epochs": ([("0.5}", '0.5, "epochs": 0}')], TaskError, "not a positive whole number: 0"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_reverts_with_one_line_when_the_file_has_a_fault(write, name):
    changes, kind, words = FAULTS[name]
    with pytest.raises(MinervaError, match=words) as caught:
        once(write(GOOD, *changes))
    assert type(caught.value) is kind
    assert (
        "\n" not in str(caught.value)
        and "Traceback" not in str(caught.value)
        and len(str(caught.value)) < 500
    )


def test_reverts_when_the_file_cannot_be_read(tmp_path):
    for path in (tmp_path / "absent.py", tmp_path):
        with pytest.raises(TaskError, match="cannot be read"):
            load_task(str(path))


def test_a_diverging_training_is_told(write):
    with pytest.raises(TaskError, match="lower the learning rate"):
        once(write(GOOD, ("0.5}", "1e39}")))


def test_the_code_must_be_the_federations_unless_trusted(write):
    task = write(GOOD)
    manifest = task.manifest(RuleParameters())
    task.check_code(manifest)
    changed = write(GOOD + "\n")
    with pytest.raises(TaskError, match=f"{task.code_sha256}, here {changed.code_sha256}"):
        changed.check_code(manifest)
    changed.check_code(manifest, trust=True)


def test_the_manifest_describes_the_task(digits):
    manifest = digits.manifest(RuleParameters(), title="Digits of our town")
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest
    assert (
        manifest.title == "Digits of our town"
        and manifest.task == "digits"
        and manifest.aggregation == "fedavg"
    )
    assert manifest.hyperparameters == {"epochs": 1, "batch_size": 32, "learning_rate": "0.1"}
    assert [tensor.name for tensor in manifest.tensors] == ["0.bias", "0.weight", "2.bias", "2.weight"]


def test_hyperparameters_can_be_changed_but_not_invented(digits):
    (x, y), _ = digits.load_data()
    slow, fast = digits.model(), digits.model()
    digits.train(slow, x, y, epochs=1, seed=1, learning_rate=0.01)
    digits.train(fast, x, y, epochs=1, seed=1)
    assert digits.evaluate(fast, x, y)["loss"] < digits.evaluate(slow, x, y)["loss"]
    with pytest.raises(TaskError, match="no such hyper-parameter: momentum. Known: epochs, batch_size"):
        digits.train(slow, x, y, epochs=1, seed=1, momentum=0.9)


def test_the_same_seed_gives_the_same_model_and_leaves_the_generators_alone(write):
    task = write(GOOD, ("nn.Linear(2, 2)", "nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))"))
    (x, y), _ = task.load_data()
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    states = []
    for seed in (5, 5, 6):
        model = task.model(seed=1)
        task.train(model, x, y, epochs=1, seed=seed)
        states.append(state_to_bytes(model.state_dict(), {}))
    assert states[0] == states[1] != states[2]
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1]) and before[2] == random.getstate()


def test_evaluation_switches_dropout_off(write):
    task = write(GOOD, ("nn.Linear(2, 2)", "nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.9))"))
    (x, y), _ = task.load_data()
    model = task.model()
    assert len({task.evaluate(model, x, y)["loss"] for _ in range(3)}) == 1
    assert not any(parameter.grad is not None for parameter in model.parameters())


def test_the_data_folder_reaches_the_task(tmp_path):
    (tmp_path / "mine.py").write_text(GOOD.replace("torch.randn(60, 2)", "torch.load(folder / 'x.pt')"))
    torch.save(torch.randn(60, 2), tmp_path / "x.pt")
    task = load_task(str(tmp_path / "mine.py"), data=tmp_path)
    assert task.load_data() is task.load_data()
    with pytest.raises(DataError, match="line 12"):
        load_task(str(tmp_path / "mine.py")).load_data()


def test_a_dataclass_in_the_file_works(write):
    write(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        + GOOD
        + "\n@dataclass\nclass A:\n    x: int\n"
    )


def test_learning_needs_no_torch_where_a_miner_does_not():
    import subprocess

    code = (
        "import sys\n"
        "from minerva.learning import aggregation, baseline, export, partition, similarity\n"
        "from minerva.learning import task, training, weights\n"
        "assert not {'torch', 'sklearn', 'matplotlib', 'web3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
