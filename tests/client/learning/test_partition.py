"""Partitions: every sample at exactly one device, nobody without, and the right mix of labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minerva.errors import DataError, UserError
from minerva.learning.partition import Partition, parse, plot_partition

LABELS = np.random.RandomState(1).randint(0, 10, 1000)


def classes(part):
    return set(LABELS[part])


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["iid", "dirichlet:0.5", "dirichlet:100", "pathological:2", "pathological:10"]),
    st.integers(5, 30),
    st.integers(0, 2**32 - 1),
)
def test_it_is_a_partition_and_nobody_is_left_out(text, clients, seed):
    parts = parse(text)(LABELS, clients, seed)
    assert len(parts) == clients and all(len(part) for part in parts)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(1000))
    again = parse(text)(LABELS, clients, seed)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))


def test_iid_is_array_split_of_a_permutation():
    expected = np.array_split(np.random.RandomState(0).permutation(1000), 7)
    assert all(np.array_equal(a, b) for a, b in zip(parse("iid")(LABELS, 7, 0), expected, strict=True))


def test_another_seed_gives_another_partition():
    for text in ("iid", "dirichlet:1", "pathological:2"):
        assert not np.array_equal(parse(text)(LABELS, 10, 0)[0], parse(text)(LABELS, 10, 1)[0])


def test_dirichlet_is_skewed_by_its_concentration():
    def skew(text):
        counts = np.array(
            [np.bincount(LABELS[part], minlength=10) / len(part) for part in parse(text)(LABELS, 10, 0)]
        )
        return np.abs(counts - 0.1).mean()

    assert skew("dirichlet:0.2") > 3 * skew("dirichlet:1000")


@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_pathological_gives_exactly_so_many_classes(count):
    assert all(len(classes(part)) == count for part in parse(f"pathological:{count}")(LABELS, 12, 3))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "iid:1",
        "iid ",
        "dirichlet",
        "dirichlet:0",
        "dirichlet:-1",
        "dirichlet:inf",
        "dirichlet:nan",
        "pathological:0",
        "pathological:1.5",
        "pathological:x",
        "other:1",
    ],
)
def test_reverts_when_the_text_is_no_partition(text):
    with pytest.raises(UserError, match="Known: 'iid'"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "clients", "words"),
    [
        ("iid", 0, "do not go round"),
        ("iid", 1001, "1000 samples, 1001 devices"),
        ("dirichlet:0.001", 200, "concentration"),
        ("pathological:11", 5, "11 classes"),
        ("pathological:2", 3, "cannot be dealt out"),
        ("pathological:10", 500, "too few samples"),
    ],
)
def test_reverts_when_somebody_would_be_left_out(text, clients, words):
    with pytest.raises(DataError, match=words):
        parse(text)(LABELS, clients)


def test_reverts_when_labels_are_not_a_vector():
    with pytest.raises(DataError, match="one number for each sample"):
        Partition("iid")(np.zeros((3, 2)), 2)


def test_the_picture_is_written(tmp_path):
    path = tmp_path / "labels.svg"
    plot_partition(LABELS, parse("pathological:2")(LABELS, 5), path)
    assert path.stat().st_size > 1000


def test_reverts_when_the_picture_cannot_be_written(tmp_path):
    with pytest.raises(UserError, match=".xyz"):
        plot_partition(LABELS, parse("iid")(LABELS, 5), tmp_path / "labels.xyz")
