"""A device's work: what is measured, what is told, and what a commitment binds."""

from __future__ import annotations

import time

import pytest
import torch

from minerva.errors import DataError, TaskError
from minerva.learning.training import calibrate, dataset_commitment, to_fixed, train_local
from minerva.learning.weights import UpdateRefused, serialize, state_to_bytes
from minerva.protocol.reasons import Reason

NAMES = {"federation": "0x0000000000000000000000000000000000000000", "round": "0"}
SLOW = """
import time, torch
from torch import nn
def model(): return nn.Linear(2, 2)
def load_data(folder): x = torch.eye(2); y = torch.tensor([0, 1]); return (x, y), (x, y)
def train(model, x, y, *, epochs, seed):
    time.sleep(0.02 * epochs)
    model.weight.data += 1.0
def evaluate(model, x, y):
    time.sleep(0.05)
    return {"loss": float(model.weight.detach().sum()), "accuracy": 0.5}
"""


@pytest.fixture
def slow(tmp_path):
    from minerva.learning.task import load_task

    (tmp_path / "slow.py").write_text(SLOW)
    return load_task(str(tmp_path / "slow.py"))


def test_the_result_tells_what_was_done(digits):
    (x, y), _ = digits.load_data()
    base = state_to_bytes(digits.initial_state(), NAMES)
    result = train_local(digits, base, x[:128], y[:128], epochs=3, seed=1000)
    assert (result.samples, result.epochs) == (128, 3)
    assert isinstance(result.loss_before, int) and 2_000_000 < result.loss_before < 2_600_000
    assert result.loss_after < result.loss_before and 0.0 <= result.accuracy_after <= 1.0
    assert result.loss_before == to_fixed(
        digits.evaluate_state(digits.initial_state(), x[:128], y[:128])["loss"]
    )
    assert 0 < result.compute_us < 60_000_000 and isinstance(result.compute_us, int)


def test_only_the_training_loop_counts_as_compute_time(slow):
    (x, y), _ = slow.load_data()
    base = state_to_bytes(slow.initial_state(), NAMES)
    start = time.perf_counter()
    result = train_local(slow, base, x, y, epochs=2, seed=0)
    assert 40_000 <= result.compute_us < (time.perf_counter() - start - 0.1) * 1e6
    assert (
        result.loss_after - result.loss_before == 4_000_000
    )  # the scratch model of the warm-up is not this one


def test_the_calibrated_rate_is_nanoseconds_for_a_sample_and_epoch(slow):
    (x, y), _ = slow.load_data()
    assert 10_000_000 <= calibrate(slow, x, y, runs=3) < 40_000_000
    assert 10_000_000 <= calibrate(slow, x, y, runs=1, epochs=2) < 40_000_000


def test_the_calibrated_rate_fits_later_rounds(digits):
    (x, y), _ = digits.load_data()
    rate = calibrate(digits, x[:500], y[:500])
    result = train_local(
        digits, state_to_bytes(digits.initial_state(), NAMES), x[:500], y[:500], epochs=2, seed=1
    )
    assert rate / 5 < result.compute_us * 1000 / (500 * 2) < rate * 5


def test_reverts_when_the_global_model_is_not_the_tasks(digits):
    (x, y), _ = digits.load_data()
    for data, reason in (
        (b"nothing", Reason.MALFORMED),
        (serialize({"w": torch.ones(1)}, {}), Reason.WRONG_TENSORS),
    ):
        with pytest.raises(UpdateRefused) as caught:
            train_local(digits, data, x, y, epochs=1, seed=0)
        assert caught.value.reason is reason


def test_reverts_when_training_diverges(digits):
    (x, y), _ = digits.load_data()
    base = state_to_bytes(digits.initial_state(), NAMES)
    with pytest.raises(TaskError, match="not finite"):
        train_local(digits, base, x[:64], y[:64], epochs=3, seed=0, learning_rate=1e30)


def test_reverts_when_there_is_nothing_to_train_on(digits):
    (x, y), _ = digits.load_data()
    base = state_to_bytes(digits.initial_state(), NAMES)
    for part in (slice(0), slice(5)):
        with pytest.raises(DataError, match="nothing to train on"):
            train_local(digits, base, x[part], y[:0], epochs=1, seed=0)
    with pytest.raises(DataError):
        calibrate(digits, x[:0], y[:0])


@pytest.mark.parametrize(
    ("value", "fixed"), [(0.0, 0), (1.1675494, 1167549), (2.5e-6, 2), (3.5e-6, 4), (-0.25, -250000)]
)
def test_losses_are_fixed_point_with_six_decimals(value, fixed):
    assert to_fixed(value) == fixed


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e13, -1e300])
def test_reverts_when_a_loss_does_not_fit(value):
    with pytest.raises(TaskError, match="does not fit its record"):
        to_fixed(value)


def test_a_commitment_binds_every_sample_label_order_and_shape():
    x, y, salt = torch.arange(12.0).reshape(6, 2), torch.arange(6), b"s" * 32
    others = [
        (x.flip(0), y.flip(0), salt), (x[:5], y[:5], salt), (x.reshape(6, 1, 2), y, salt), (x, y.int(), salt),
        (x + torch.eye(6, 2), y, salt), (x, y.flip(0), salt), (x, y, b"t" * 32),
    ]  # fmt: skip
    roots = [dataset_commitment(*case) for case in [(x, y, salt), *others]]
    assert len(set(roots)) == len(roots) and all(len(root) == 32 for root in roots)
    assert dataset_commitment(x.clone(), y.clone(), salt) == roots[0]


def test_a_commitment_is_blinded_by_a_secret_of_its_own():
    x, y = torch.zeros(3, 2), torch.zeros(3, dtype=torch.int64)
    assert dataset_commitment(x, y) != dataset_commitment(x, y)


def test_a_commitment_can_be_opened_for_one_sample():
    import hashlib
    import hmac

    x, y, salt = torch.arange(6.0).reshape(3, 2), torch.tensor([4, 5, 6]), b"s" * 32

    def leaf(i):
        key = hmac.digest(salt, i.to_bytes(8, "big"), "sha256")
        return hashlib.sha256(b"\0" + key + x[i].numpy().tobytes() + y[i].numpy().tobytes()).digest()

    pair = hashlib.sha256(b"\1" + leaf(0) + leaf(1)).digest()
    root = hashlib.sha256(b"\1" + pair + leaf(2)).digest()
    described = b"torch.float32 [3, 2]|torch.int64 [3]"
    assert dataset_commitment(x, y, salt) == hashlib.sha256(b"\2" + described + root).digest()
