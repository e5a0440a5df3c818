"""Rules other than FedAvg in a federation: what they remember follows from the chain, and an audit derives it (G8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from small_federation import TENSORS, SmallFederation, arrays, manifest

from minerva.errors import VerificationFailed
from minerva.learning.aggregation import rule
from minerva.learning.aggregation.memory import pack_state
from minerva.learning.weights import check_model, parse, serialize
from minerva.protocol.reasons import Reason
from minerva.store.cid import cid_of
from minerva.verification.combining import state_named
from minerva.verification.derive import Genesis

RULES = ("median", "nnm+trimmed_mean", "fedavgm", "fedadam", "centred_clipping+fedyogi")


def flat(tensors: dict[str, Any]) -> np.ndarray[Any, Any]:
    return np.concatenate([tensors[name].astype(np.float64).reshape(-1) for name in ("bias", "weight")])


def model(federation: SmallFederation) -> dict[str, Any]:
    weights = parse(federation.base())
    return {spec.name: weights[spec.name] for spec in weights.specs}


@pytest.mark.parametrize("text", RULES)
def test_a_stranger_derives_model_and_state_of_every_round(text: str) -> None:
    federation, state = SmallFederation(aggregation=text), {}
    for round_ in (1, 2, 3):
        before = flat(model(federation))
        local = np.stack([flat(arrays(100 * round_ + device + 1)) for device in range(3)])
        step, state = rule(text).combine(local - before, [100] * 3, state)
        header = federation.finish()
        np.testing.assert_array_equal(flat(model(federation)), (before + step).astype(np.float32))
        data, remembers = federation.get(header.model), bool(rule(text).remembers)
        named = {"federation": federation.address, "round": str(round_)}
        kept = pack_state(state, named)
        assert state_named(data) == (cid_of(kept) if remembers else None)
        check_model(
            data, TENSORS, **named | {"round": round_}, max_bytes=10**6,
            state=str(cid_of(kept)) if remembers else None,
        )  # fmt: skip
        assert not remembers or federation.get(cid_of(kept)) == kept
    assert federation.audit().ok


def test_a_round_without_accepted_updates_keeps_the_state() -> None:
    federation = SmallFederation(aggregation="fedavgm")
    first = federation.finish()
    second = federation.finish(bytes([Reason.UNAVAILABLE] * 3))
    assert second.model == first.model
    third = federation.finish()
    assert state_named(federation.get(third.model)) != state_named(federation.get(first.model))
    assert federation.audit().ok


def test_the_audit_names_a_block_whose_state_is_not_the_rules() -> None:
    federation = SmallFederation(aggregation="fedavgm")
    federation.finish()
    federation.close_training()
    federation.vote()
    honest = federation.derive()
    assert honest.state is not None
    weights = parse(honest.state)
    forged = serialize({"momentum": weights["momentum"] * np.float32(2)}, weights.metadata)
    lie = parse(honest.model)
    wrong = serialize(
        {spec.name: lie[spec.name] for spec in lie.specs},
        {**lie.metadata, "state": str(federation.store.put(forged))},
    )
    federation.propose(model=federation.store.put(wrong))
    report = federation.audit()
    assert not report.ok
    assert report.blocks == (1,)
    assert "block 2" in str(report.first_difference) and "header.model" in str(report.first_difference)


@pytest.mark.parametrize(
    "state", [b"nothing", serialize({"momentum": np.ones(2, "f4")}, {"federation": "x", "round": "1"})]
)
def test_no_block_follows_from_a_state_that_is_none(state: bytes) -> None:
    federation = SmallFederation(aggregation="fedavgm")
    base = serialize(arrays(0), {"state": str(federation.store.put(state))})
    federation.base = lambda: base  # type: ignore[method-assign]
    federation.close_training()
    federation.vote()
    with pytest.raises(VerificationFailed, match="no block follows from the parent's model or state"):
        federation.derive()


def test_an_audit_that_lacks_the_state_says_so() -> None:
    federation = SmallFederation(aggregation="fedavgm")
    first = federation.finish()
    federation.finish()
    named = state_named(federation.get(first.model))
    assert named is not None
    federation.store.unpin(named)
    federation.store.collect()
    report = federation.audit()
    assert report.blocks == (1,) and report.first_difference is None
    assert "block 2: the state of the aggregation rule" in report.unavailable[0]


@pytest.mark.parametrize("text", ["bulyan", "median+krum", "krum:f=x"])
def test_a_manifest_with_a_rule_that_is_none_is_refused(text: str) -> None:
    federation = SmallFederation()
    config = federation.chain.config(federation.address)
    data = manifest(text).to_bytes()
    with pytest.raises(VerificationFailed, match="aggregation rule|not a parameter"):
        Genesis.of(1, federation.address, replace(config, manifest=cid_of(data)), data)
