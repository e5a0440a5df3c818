"""Sums of money as people write and read them."""

from __future__ import annotations

import re

from minerva.errors import UserError
from minerva.protocol.records import ZERO_ADDRESS, Address

_UNITS = {"": 0, "wei": 0, "gwei": 9, "ether": 18, "eth": 18}
_SUM = re.compile(r"([0-9]{1,60})(?:\.([0-9]{1,60}))? ?([A-Za-z]*)")


def parse_amount(text: int | str, token: Address = ZERO_ADDRESS) -> int:
    """Return a sum in the least unit.

    Parameters
    ----------
    text
        A number of least units; of ether also ``0.01 ether`` or ``5 gwei``.
    token
        What it is a sum of; the zero address stands for ether.

    Raises
    ------
    UserError
        It is no sum, or smaller than the least unit.
    """
    match = _SUM.fullmatch(str(text).strip())
    unit = match[3].lower() if match else None
    if match is None or unit not in _UNITS or (unit and token != ZERO_ADDRESS):
        remedy = (
            "Write wei, or a unit as well: 0.01 ether."
            if token == ZERO_ADDRESS
            else "Write a whole number of the token's least unit."
        )
        raise UserError("not a sum of money", value=ascii(text)[:80], remedy=remedy)
    fraction, places = (match[2] or "").rstrip("0"), _UNITS[unit]
    if len(fraction) > places:
        raise UserError(
            "the sum has more decimals than its unit", value=ascii(text)[:80], remedy="Give fewer decimals."
        )
    return int(match[1] + fraction.ljust(places, "0"))


def show_amount(amount: int, token: Address = ZERO_ADDRESS) -> str:
    """Return a sum in words, exactly."""
    if token != ZERO_ADDRESS:
        return f"{amount} of {token}"
    whole, rest = divmod(amount, 10**18)
    decimals = f".{rest:018d}".rstrip("0") if rest else ""
    return f"{whole}{decimals} ether"
