"""Content identifiers: one text for one CID, and nothing else accepted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minerva.errors import UserError
from minerva.protocol.cid import DAG_PB, RAW, Cid


@given(st.binary(min_size=32, max_size=32), st.sampled_from([RAW, DAG_PB]))
def test_text_round_trips(digest: bytes, codec: int) -> None:
    assert Cid.parse(str(Cid(digest, codec))) == Cid(digest, codec)


def test_equals_the_multiformats_library() -> None:
    from multiformats import CID

    cid = Cid(bytes(range(32)), DAG_PB)
    assert str(CID.decode(str(cid))) == str(cid)
    assert CID.decode(str(cid)).codec.name == "dag-pb"


GOOD = str(Cid(bytes(range(32))))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "Qm" + "a" * 44,
        GOOD.upper(),
        "B" + GOOD[1:],
        GOOD[:-1] + "z",
        GOOD + "a",
        GOOD[:-1],
        "bé" + GOOD[2:],
        GOOD + " ",
    ],
)
def test_refuses_any_other_text(text: str) -> None:
    with pytest.raises(UserError, match="not a CID"):
        Cid.parse(text)


def test_refuses_a_digest_of_another_length() -> None:
    with pytest.raises(UserError):
        Cid(b"short")
