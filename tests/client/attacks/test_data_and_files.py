"""Attacks on the data, the record and the file do what they say, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from minerva.attacks import ATTACKS, attack, data, files
from minerva.attacks.files import Claim
from minerva.errors import UserError
from minerva.learning.weights import UpdateRefused, check_update, parse, serialize, spec_of
from minerva.protocol.reasons import Reason

TENSORS = {"bias": np.arange(3, dtype=np.float32), "weight": np.ones((3, 4), np.float32)}
NAMES = {"federation": "0x" + "11" * 20, "round": "2", "device": "0x" + "22" * 20}
MOST = 4096


def test_labels_flip():
    y = torch.tensor([0, 1, 9, 7, 9])
    assert data.flip_all(y, 10).tolist() == [9, 8, 0, 2, 0]
    assert data.flip_one(y, 9, 7).tolist() == [0, 1, 7, 7, 7]
    assert y.tolist() == [0, 1, 9, 7, 9]


@pytest.mark.parametrize("shape", [(5, 1, 28, 28), (5, 784), (5, 64), (5, 3, 32, 32)])
def test_the_trigger_is_a_square_in_one_corner(shape):
    x = torch.rand(shape) * 0.5
    x[1, ..., 0] = 0.75  # the brightest, and not where the square goes
    marked = data.stamp(x)
    side = 2 if shape == (5, 64) else 3
    changed = marked != x
    assert int(changed[0].sum()) == side * side * (shape[1] if len(shape) == 4 else 1)
    assert torch.all(marked[changed] == x.max())
    image = changed.reshape(5, -1, math.isqrt(shape[-1]) if len(shape) == 2 else shape[-1])
    assert bool(image[0, -1, -1]) and not bool(image[0, 0].any())


def test_a_table_that_is_no_image_has_a_trigger_too():
    assert (data.stamp(torch.zeros(4, 30)) == 0).all() and int((data.stamp(torch.eye(30)) == 1).sum()) > 30


def test_a_share_of_the_samples_bears_the_trigger_and_its_label():
    x, y = torch.rand(40, 64) * 0.5, torch.arange(40) % 10
    poisoned, labels = data.plant_trigger(x, y, 3, 0.5, np.random.default_rng(0))
    changed = (poisoned != x).any(dim=1)
    assert int(changed.sum()) == 20 and bool((labels[changed] == 3).all())
    assert torch.equal(labels[~changed], y[~changed])


def test_claims():
    honest = Claim(300, 2, 600, 300, 1000)
    assert files.inflate_samples(honest) == Claim(30_000, 2, 600, 30_000, 1000)
    assert files.inflate_record(honest) == Claim(30_000, 2, 600, 300, 1000)
    assert files.forge_time(honest) == Claim(300, 2, 60_000, 300, 1000)
    assert files.forge_both(honest) == Claim(3000, 2, 6000, 3000, 1000)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nan", Reason.NOT_FINITE),
        ("infinity", Reason.NOT_FINITE),
        ("oversized", Reason.TOO_LARGE),
        ("truncated", Reason.MALFORMED),
        ("wrong-shape", Reason.WRONG_TENSORS),
    ],
)
def test_rule_2_names_each_bad_file(name, reason):
    content = serialize(TENSORS, NAMES)
    where = {"federation": NAMES["federation"], "round": 2, "device": NAMES["device"], "max_bytes": MOST}
    check_update(content, spec_of(TENSORS), **where)
    with pytest.raises(UpdateRefused) as refused:
        check_update(ATTACKS[name].tamper(content, MOST), spec_of(TENSORS), **where)
    assert refused.value.reason is reason


def test_a_reshaped_file_has_the_same_numbers():
    weights = parse(files.reshape(serialize(TENSORS, NAMES)))
    assert weights["bias"].shape == (3, 1, 1) and np.array_equal(weights["bias"].ravel(), TENSORS["bias"])


def test_an_unknown_attack_lists_the_known_ones():
    with pytest.raises(
        UserError, match=r"unknown attack: 'ipm'\. Known: none, .*, ipm-2, .*, front-run-copy\."
    ):
        attack("ipm")


def test_every_attack_says_what_it_does():
    assert all(known.words and known.name == name for name, known in ATTACKS.items())
    assert len({known.words for known in ATTACKS.values()}) == len(ATTACKS)
