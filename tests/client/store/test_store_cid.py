"""The CIDs below come from Kubo 0.43: ``ipfs add --cid-version=1 --raw-leaves --chunker=size-1048576``."""

from __future__ import annotations

import pytest

from minerva.protocol.cid import DAG_PB, RAW
from minerva.store import cid_of

ZEROS = {
    0: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
    1: "bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu",
    1_048_575: "bafkreigkp3imjkhgps64iyoezmgsq3jpvo6z6dcbu72cwzs7olv2vcxmky",
    1_048_576: "bafkreibq4fevl27rgurgnxbp7adh42aqiyd6ouflxhj3gzmcxcxzbh6lla",
    1_048_577: "bafybeihd4yzq7n5umhjngdum4r6k2to7egxfkf2jz6thvwzf6djus22cmq",
    10_485_760: "bafybeibfjdi66hrbmooad7adyrxlrjsn6cizfqmiyupkpye7nropwx4rya",
    182_452_224: "bafybeiehkrmqsoci5u5g4pzahfhb64hzyg4wtn62vjewazp5zjcngoifca",  # 174 leaves: one root
    183_500_800: "bafybeiao7cvcysbrpzqeapfsl57objgfoug63mnx65ei62c3f2ozomrw6y",  # 175: two levels
}


@pytest.mark.parametrize(("size", "expected"), ZEROS.items())
def test_equals_kubo(size: int, expected: str) -> None:
    assert str(cid_of(bytes(size))) == expected


def test_equals_kubo_on_text() -> None:
    assert str(cid_of(b"Minerva")) == "bafkreih2j2hasuxmxskuvz5nnqsthfnetbvt6yl5rkja7epzwnb7iqr7pa"


def test_takes_any_bytes_like_object() -> None:
    data = bytes(range(256)) * 5000
    assert cid_of(data) == cid_of(bytearray(data)) == cid_of(memoryview(data))


@pytest.mark.parametrize(("size", "codec"), [(1 << 20, RAW), ((1 << 20) + 1, DAG_PB)])
def test_bytes_stand_for_themselves_up_to_one_chunk(size: int, codec: int) -> None:
    assert cid_of(bytes(size)).codec == codec
