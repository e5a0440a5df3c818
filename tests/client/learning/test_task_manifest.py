"""Manifests of strangers: what is one, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from minerva.errors import VerificationFailed
from minerva.protocol import canonical
from minerva.protocol.manifest import Manifest, RuleParameters, TensorSpec

MANIFEST = Manifest(
    title="A title",
    task="digits",
    inputs="float32 (n, 64)",
    labels="int64 (n,)",
    tensors=(
        TensorSpec("bias", (), "F32"),
        TensorSpec("count", (), "I64"),
        TensorSpec("weight", (2, 3), "BF16"),
    ),
    hyperparameters={"learning_rate": "0.1", "batch_size": 32, "nesterov": False},
    rules=RuleParameters(),
    aggregation="fedavg",
    code_sha256="ab" * 32,
    evaluation="anyone",
)


def test_a_manifest_survives_the_trip():
    assert Manifest.from_bytes(MANIFEST.to_bytes()) == MANIFEST
    assert [(t.size, t.nbytes, t.floating) for t in MANIFEST.tensors] == [
        (1, 4, True),
        (1, 8, False),
        (6, 12, True),
    ]


def test_a_manifest_is_confidential_only_if_it_says_so():
    """One of before the field keeps its bytes, and so its CID."""
    assert "confidential" not in json.loads(MANIFEST.to_bytes())
    assert not Manifest.from_bytes(MANIFEST.to_bytes()).confidential
    sealed = replace(MANIFEST, confidential=True)
    assert Manifest.from_bytes(sealed.to_bytes()) == sealed


DOCUMENT = json.loads(MANIFEST.to_bytes())
TENSOR = DOCUMENT["tensors"][0]
CHANGES = [
    {"minerva": 2},
    {"minerva": True},
    {"title": 3},
    {"more": 1},
    {"code_sha256": "AB" * 32},
    {"code_sha256": "ab"},
    {"hyperparameters": []},
    {"hyperparameters": {"a": [1]}},
    {"hyperparameters": {"a": None}},
    {"tensors": []},
    {"tensors": 7},
    {"tensors": [7]},
    {"tensors": {"a": 1}},
    {"tensors": [{**TENSOR, "shape": [-1]}]},
    {"tensors": [{**TENSOR, "shape": [True]}]},
    {"tensors": [{**TENSOR, "shape": "12"}]},
    {"tensors": [{**TENSOR, "shape": [1] * 17}]},
    {"tensors": [{**TENSOR, "shape": [2**39, 2**39]}]},
    {"tensors": [{**TENSOR, "dtype": "F64"}]},
    {"tensors": [{**TENSOR, "dtype": ["F32"]}]},
    {"tensors": [{**TENSOR, "name": 3}]},
    {"tensors": [{**TENSOR, "name": "__metadata__"}]},
    {"tensors": [{**TENSOR, "more": 3}]},
    {"tensors": [TENSOR, TENSOR]},
    {"tensors": [{**TENSOR, "name": "b"}, {**TENSOR, "name": "a"}]},
    {"rules": []},
    {"rules": {"other": 1}},
    {"rules": {"tau_permille": 999}},
    {"rules": {"tau_permille": True}},
    {"rules": {"tau_permille": "5000"}},
    {"rules": {"ema_permille": 0}},
    {"rules": {"min_rate_ns": 10, "max_rate_ns": 9}},
    {"rules": {"copy_cosine_ppm": 1_000_001}},
    {"confidential": 1},
    {"confidential": "true"},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_reverts_when_it_is_no_manifest(change):
    with pytest.raises(VerificationFailed):
        Manifest.from_bytes(canonical.dumps({**DOCUMENT, **change}))


@pytest.mark.parametrize("field", sorted(DOCUMENT))
def test_reverts_when_a_field_is_missing(field):
    with pytest.raises(VerificationFailed):
        Manifest.from_bytes(
            canonical.dumps({name: value for name, value in DOCUMENT.items() if name != field})
        )


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"3", b'"x"', b"null", b"{}", b"\xff", b"[" * 10_000, b'{"minerva":1 }']
)
def test_reverts_when_it_is_not_even_an_object(data):
    with pytest.raises(VerificationFailed):
        Manifest.from_bytes(data)


def test_unusual_rules_are_taken():
    manifest = replace(MANIFEST, rules=RuleParameters(sample_cap=1, copy_cosine_ppm=900_000))
    assert Manifest.from_bytes(manifest.to_bytes()).rules.copy_cosine_ppm == 900_000
