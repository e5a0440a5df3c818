"""The bundled tasks learn, digits exactly as the reference job; the bare loop equals the aggregator."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
import torch

from minerva.errors import DataError
from minerva.learning.aggregation import aggregator
from minerva.learning.baseline import bare_fedavg, centralised
from minerva.learning.partition import parse as partition
from minerva.learning.task import BUNDLED, load_task
from minerva.learning.training import train_local
from minerva.learning.weights import bytes_to_state, parse, state_to_bytes

NAMES = {"federation": "0x0000000000000000000000000000000000000000", "round": "0"}


def images(folder, *, compressed=True, size=40):
    """Write a tiny Fashion-MNIST: class k is a bar at row 2k."""
    random = np.random.default_rng(0)
    for part, count in (("train", size), ("t10k", 20)):
        labels = np.arange(count, dtype=np.uint8) % 10
        pixels = random.integers(0, 60, (count, 28, 28), dtype=np.uint8)
        for image, label in zip(pixels, labels, strict=True):
            image[2 * label : 2 * label + 4] = 255
        for name, header, data in (
            (f"{part}-images-idx3-ubyte", [2051, count, 28, 28], pixels),
            (f"{part}-labels-idx1-ubyte", [2049, count], labels),
        ):
            content = np.array(header, ">u4").tobytes() + data.tobytes()
            (folder / (name + ".gz" * compressed)).write_bytes(
                gzip.compress(content) if compressed else content
            )
    return folder


def reference_parts(train, clients):
    return np.array_split(np.random.RandomState(0).permutation(len(train[0])), clients)


def test_digits_is_the_reference_job(digits):
    train, test = digits.load_data()
    *_, state = bare_fedavg(digits, train, reference_parts(train, 10), rounds=20)
    metrics = digits.evaluate_state(state, *test)
    assert (round(metrics["accuracy"], 4), round(metrics["loss"], 4)) == (0.8667, 1.1675)


def test_devices_and_aggregator_reach_the_bytes_of_the_bare_loop(digits):
    train, _ = digits.load_data()
    parts = reference_parts(train, 10)
    rule, data = aggregator("fedavg")(digits.spec()), state_to_bytes(digits.initial_state(), NAMES)
    for round_, state in enumerate(bare_fedavg(digits, train, parts, rounds=3), 1):
        rule.reset()
        for client, part in enumerate(parts):
            x, y, seed = train[0][part], train[1][part], 1000 * round_ + client
            result = train_local(digits, data, x, y, epochs=1, seed=seed)
            assert rule.accept(parse(state_to_bytes(result.state, {})), result.samples)
        data = rule.aggregate(NAMES)
        assert data == state_to_bytes(state, NAMES)


def test_the_bare_loop_follows_a_blocks_order_of_updates(digits):
    train, _ = digits.load_data()
    parts = reference_parts(train, 10)
    orders = [[2, 0, 7], [4, 2]]
    states = list(bare_fedavg(digits, train, parts, rounds=2, orders=orders))
    rule, data = aggregator("fedavg")(digits.spec()), state_to_bytes(digits.initial_state(), NAMES)
    for round_, order in enumerate(orders, 1):
        rule.reset()
        for client in order:
            x, y, seed = train[0][parts[client]], train[1][parts[client]], 1000 * round_ + client
            local = train_local(digits, data, x, y, epochs=1, seed=seed)
            rule.accept(parse(state_to_bytes(local.state, {})), local.samples)
        data = rule.aggregate(NAMES)
    assert data == state_to_bytes(states[-1], NAMES)


def test_digits_has_the_reference_model(digits):
    assert sum(tensor.size for tensor in digits.spec()) == 4810
    (x, y), (x_test, y_test) = digits.load_data()
    assert (x.shape, x.dtype, y.dtype) == ((1437, 64), torch.float32, torch.int64) and len(x_test) == len(
        y_test
    ) == 360
    assert float(x.min()) == 0.0 and float(x.max()) == 1.0


def test_the_bare_loop_keeps_integer_buffers_and_equals_the_aggregator(tmp_path):
    (tmp_path / "norm.py").write_text(
        "import torch\nfrom torch import nn\n"
        "def model():\n    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))\n"
        "def load_data(folder):\n    x = torch.randn(48, 3); y = (x.sum(1) > 0).long()\n"
        "    return (x, y), (x, y)\n"
        "def train(model, x, y, *, epochs, seed):\n    for _ in range(seed % 3 + 1):\n"
        "        nn.functional.cross_entropy(model(x), y).backward()\n"
        "        for p in model.parameters():\n            p.data -= 0.1 * p.grad\n"
        "def evaluate(model, x, y):\n    return {'loss': 0.0, 'accuracy': 0.0}\n"
    )
    task = load_task(str(tmp_path / "norm.py"))
    train, _ = task.load_data()
    parts = partition("iid")(train[1].numpy(), 3, 0)
    (state,) = bare_fedavg(task, train, parts, rounds=1)
    rule = aggregator("fedavg")(task.spec(), threads=2)
    for client, part in enumerate(parts):
        local = task.model()
        task.train(local, train[0][part], train[1][part], epochs=1, seed=1000 + client)
        rule.accept(parse(state_to_bytes(local.state_dict(), {})), len(part))
    assert rule.aggregate(NAMES) == state_to_bytes(state, NAMES)
    assert int(state["1.num_batches_tracked"]) == 1000 % 3 + 1


def test_centralised_training_is_the_mark_to_reach(digits):
    train, test = digits.load_data()
    states = list(centralised(digits, train, epochs=5))
    assert len(states) == 5 and digits.evaluate_state(states[-1], *test)["accuracy"] > 0.85


def test_breast_cancer_learns_and_finds_malignant_tumours():
    task = load_task("breast_cancer")
    train, test = task.load_data()
    assert abs(float(train[0].mean())) < 0.01 and float(train[0].std()) == pytest.approx(1, abs=0.01)
    *_, state = bare_fedavg(task, train, partition("dirichlet:1")(train[1].numpy(), 4, 0), rounds=10)
    metrics = task.evaluate_state(state, *test)
    assert metrics["accuracy"] > 0.92 and metrics["sensitivity"] > 0.85


def test_breast_cancer_takes_a_hospitals_own_table(tmp_path):
    rows = np.column_stack([np.full((4, 30), 10.0), [0, 1, 1, 0]])
    np.savetxt(tmp_path / "train.csv", rows, delimiter=",", header="measurements")
    (x, y), (x_test, _) = load_task("breast_cancer", data=tmp_path).load_data()
    assert x.shape == (4, 30) and y.tolist() == [0, 1, 1, 0] and len(x_test) == 114
    for change, words in ((rows[:, :20], "20 columns"), (rows + 1, "neither 0 .malignant. nor 1")):
        np.savetxt(tmp_path / "train.csv", change, delimiter=",", header="measurements")
        with pytest.raises(DataError, match=words):
            load_task("breast_cancer", data=tmp_path).load_data()
    with pytest.raises(DataError, match="train.csv not found"):
        load_task("breast_cancer", data=tmp_path / "absent").load_data()


@pytest.mark.parametrize("compressed", [True, False])
def test_fashion_mnist_reads_idx_files_and_learns(tmp_path, compressed):
    task = load_task("fashion_mnist", data=images(tmp_path, compressed=compressed))
    train, test = task.load_data()
    assert train[0].shape == (40, 1, 28, 28) and float(train[0].max()) == 1.0 and train[1][13] == 3
    *_, state = centralised(task, train, epochs=20)
    assert task.evaluate_state(state, *test)["accuracy"] > 0.5


def test_the_perceptrons_images_are_those_of_the_convolutions_standardised(tmp_path):
    images(tmp_path)
    plain, standard = (
        load_task(name, data=tmp_path).load_data()[0] for name in ("fashion_mnist", "fashion_mlp")
    )
    assert torch.allclose(standard[0], (plain[0] - 0.2860) / 0.3530, atol=1e-6)
    assert torch.equal(standard[1], plain[1])


def test_fashion_mnist_says_where_its_data_comes_from(tmp_path):
    with pytest.raises(DataError, match="install Debian's package dataset-fashion-mnist"):
        load_task("fashion_mnist", data=tmp_path).load_data()
    images(tmp_path)
    whole = (tmp_path / "t10k-images-idx3-ubyte.gz").read_bytes()
    for content in (whole[:-9], b"no gzip", gzip.compress(b"\0" * 30)):
        (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(content)
        with pytest.raises(DataError, match="fails at line"):
            load_task("fashion_mnist", data=tmp_path).load_data()


def test_digits_take_no_folder(tmp_path):
    with pytest.raises(DataError, match="leave the data folder out"):
        load_task("digits", data=tmp_path).load_data()


@pytest.mark.parametrize("name", BUNDLED)
def test_the_same_seed_gives_the_same_bytes(name, tmp_path):
    task = load_task(name, data=images(tmp_path) if name.startswith("fashion") else None)
    (x, y), _ = task.load_data()
    base = state_to_bytes(task.initial_state(), NAMES)
    results = [
        state_to_bytes(train_local(task, base, x[:100], y[:100], epochs=2, seed=seed).state, NAMES)
        for seed in (7, 7, 8)
    ]
    assert results[0] == results[1] != results[2]
    assert set(bytes_to_state(results[0], task.spec())) == {tensor.name for tensor in task.spec()}
