"""Commands that pay: repeated because nobody knew how the first one ended, they pay once."""

from __future__ import annotations

from collections.abc import Callable

from minerva.chain.port import Receipt
from minerva.cli.common import complain
from minerva.former import FormerPayment


def pay_once(
    given: int | None,
    lacking: Callable[[], int],
    finish: Callable[[], None],
    pay: Callable[[int], Receipt],
) -> Receipt | None:
    """Pay, unless an earlier command did it; that one is told of.

    Parameters
    ----------
    given
        The sum that was asked for; None for all that is ``lacking``, which is read anew.
    finish
        Sees through what is under way; raises `FormerPayment` when that was such a payment.

    Returns
    -------
    Receipt or None
        Of the payment, or of the former one; None when nothing is lacking.

    Raises
    ------
    FormerPayment
        The former payment was of another sum than ``given``.
    """
    former: Receipt | None = None
    try:
        finish()
    except FormerPayment as found:
        if given is not None and given != found.amount:
            raise
        complain(found)
        if given is not None:
            return found.receipt
        former = found.receipt
    wanted = lacking() if given is None else given
    return former if given is None and not wanted else pay(wanted)
