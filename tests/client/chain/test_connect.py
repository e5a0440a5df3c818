"""From a configuration to a chain: what may be paid for gas comes along."""

from __future__ import annotations

from typing import Any

import pytest

from minerva.chain.fees import GWEI, FeePolicy
from minerva.chain.web3 import Web3Chain
from minerva.config import Settings
from minerva.connect import connect


@pytest.mark.parametrize(
    "chain, policy",
    [
        ({}, FeePolicy()),
        ({"max_fee_gwei": 60, "max_tip_gwei": 50}, FeePolicy(max_fee=60 * GWEI, max_tip=50 * GWEI)),
        ({"max_tip_gwei": 0.5}, FeePolicy(max_tip=GWEI // 2)),
    ],
)
def test_fees_are_capped_as_configured(
    monkeypatch: pytest.MonkeyPatch, chain: dict[str, Any], policy: FeePolicy
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(Web3Chain, "connect", lambda *_, **options: given.update(options))
    connect(Settings.model_validate({"chain": chain}))
    assert given["fees"] == policy
