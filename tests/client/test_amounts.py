"""Sums of money: read as people write them, shown exactly, never rounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerva.amounts import parse_amount, show_amount
from minerva.errors import UserError

TOKEN = "0x" + "70" * 20


@pytest.mark.parametrize(
    ("text", "wei"),
    [
        ("7", 7), (7, 7), (" 7 wei ", 7), ("1ether", 10**18), ("0.01 ether", 10**16), ("1.5 Gwei", 1_500_000_000),
        ("0.000000000000000001 ETH", 1), ("123456789.000000000000000001 ether", 123_456_789 * 10**18 + 1),
        ("0", 0), (str(1 << 127), 1 << 127),
    ],
)  # fmt: skip
def test_a_sum_is_read_to_the_last_digit(text: str | int, wei: int) -> None:
    assert parse_amount(text) == wei


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "not a sum of money"), ("-1", "not a sum of money"), ("1e18", "not a sum of money"), ("1,5 ether", "not a sum"),
        ("ether", "not a sum"), ("1 dollar", "not a sum"), ("nan", "not a sum"), ("9" * 99, "not a sum"), ("١ ether", "not a"),
        ("0.5", "more decimals than its unit"), ("0.0000000000000000001 ether", "more decimals than its unit"),
    ],
)  # fmt: skip
def test_what_is_no_sum_is_named(text: str, line: str) -> None:
    with pytest.raises(UserError, match=line):
        parse_amount(text)


def test_a_token_has_no_units() -> None:
    assert parse_amount("12", TOKEN) == 12
    with pytest.raises(UserError, match="whole number of the token's least unit"):
        parse_amount("1 ether", TOKEN)
    assert show_amount(12, TOKEN) == f"12 of {TOKEN}"


@given(st.integers(0, 1 << 128))
def test_what_is_shown_is_read_again(wei: int) -> None:
    assert parse_amount(show_amount(wei)) == wei
