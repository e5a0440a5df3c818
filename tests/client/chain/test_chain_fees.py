"""What a transaction may cost."""

from __future__ import annotations

import pytest

from minerva.chain.fees import GWEI, MAX_GAS, FeePolicy, gas_limit
from minerva.errors import ChainError
from minerva.protocol.actions import Close, Vote

POLICY = FeePolicy(max_fee=100 * GWEI, max_tip=2 * GWEI)


def test_ceiling_leaves_room_for_full_blocks() -> None:
    quote = POLICY.quote(GWEI, GWEI)
    assert quote.tip == GWEI
    assert quote.max_fee >= GWEI * 1.125**17


def test_tip_is_capped_and_never_multiplied() -> None:
    assert POLICY.quote(GWEI, 50 * GWEI).tip == 2 * GWEI
    assert POLICY.quote(GWEI, 3).tip == 3


def test_ceiling_is_the_cap_when_gas_is_dear() -> None:
    assert POLICY.quote(90 * GWEI, GWEI).max_fee == 100 * GWEI


def test_free_gas_is_taken() -> None:
    quote = POLICY.quote(0, 0)
    assert (quote.max_fee, quote.tip) == (0, 0)


def test_base_fee_above_the_cap_is_refused() -> None:
    with pytest.raises(
        ChainError, match=r"gas costs more than the cap allows: 101.000 of at most 100 gwei.*max_fee_gwei"
    ):
        POLICY.quote(101 * GWEI, 0)


def test_replacement_pays_an_eighth_more() -> None:
    quote = POLICY.quote(GWEI, GWEI, replaced=40 * GWEI)
    assert quote.max_fee >= 45 * GWEI and quote.tip > GWEI
    with pytest.raises(ChainError, match="cap"):
        POLICY.quote(GWEI, GWEI, replaced=99 * GWEI)


def test_gas_limit_leaves_room_to_close_a_phase() -> None:
    ballot, close = Vote("0x", 1, b"", b""), Close("0x")
    assert gas_limit(ballot, 80_000) > 1_000_000 > gas_limit(close, 80_000) > 100_000
    assert gas_limit(ballot, 16_000_000) == MAX_GAS
