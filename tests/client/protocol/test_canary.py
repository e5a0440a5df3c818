"""V15 and V16 as values: commitments, who is drawn, and which answers show what was committed to."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from federation_driver import address

from minerva.protocol.canary import (
    MOST_ANSWER_BYTES,
    SLICE,
    Answer,
    Challenge,
    Commitment,
    Step,
    challenges,
    is_drawn,
)
from minerva.protocol.evidence import Malformed

BLOCK, FEDERATION, CHAIN_ID = b"\5" * 32, address(0xFED), 31337
KEY = Account.from_key(b"\7" * 32)


def made(count: int, salt: int = 0) -> list[bytes]:
    return [hashlib.sha256(bytes([salt]) + number.to_bytes(4)).digest() for number in range(count)]


def signed(answer: Answer, key: Any = KEY, **changes: Any) -> Answer:
    where = {"federation": FEDERATION, "round_": 3, "device": KEY.address, "chain_id": CHAIN_ID, **changes}
    return replace(answer, signature=bytes(key.unsafe_sign_hash(answer.digest(**where)).signature))


def case(count: int) -> tuple[list[bytes], Commitment, Challenge, Answer]:
    hashes = made(count)
    challenge = Challenge.of(3, BLOCK, KEY.address, count)
    return hashes, Commitment.to(hashes), challenge, signed(Answer.to(challenge, hashes))


def test_a_commitment_is_a_text_and_back() -> None:
    commitment = Commitment.to(made(41))
    assert Commitment.parse(str(commitment)) == commitment and str(commitment).startswith("41:")


@pytest.mark.parametrize(
    "text",
    [
        "", "41", "41:", ":" + "a" * 64, "0:" + "a" * 64, "041:" + "a" * 64, "-1:" + "a" * 64, "1e9:" + "a" * 64,
        "1000000000:" + "a" * 64, "41:" + "a" * 63, "41:" + "a" * 65, "41:" + "A" * 64, "41:0x" + "a" * 64,
        " 41:" + "a" * 64, "41:" + "a" * 64 + "\n", "٤١:" + "a" * 64,
    ],
)  # fmt: skip
def test_no_other_text_is_one(text: str) -> None:
    assert Commitment.parse(text) is None


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 31, 64, 1000])
def test_an_honest_answer_shows_its_slice_and_the_update(count: int) -> None:
    hashes, commitment, challenge, answer = case(count)
    assert challenge.taken == min(SLICE, count) and challenge.first + challenge.taken <= count
    assert [step.hash for step in answer.steps[:-1]] == hashes[challenge.first :][: challenge.taken]
    assert answer.shows(challenge, commitment, hashes[-1])
    data = json.dumps(answer.document()).encode()
    assert len(data) <= MOST_ANSWER_BYTES and Answer.parse(data) == answer
    assert answer.is_by(FEDERATION, 3, KEY.address, CHAIN_ID)


def test_the_longest_answer_fits_its_bound() -> None:
    step = Step(b"\1" * 32, (b"\2" * 32,) * 30)
    data = json.dumps(Answer(BLOCK, (step,) * (SLICE + 1), bytes(65)).document()).encode()
    assert len(data) <= MOST_ANSWER_BYTES
    Answer.parse(data)


def test_a_root_that_was_made_up_is_found_out() -> None:
    hashes, _, challenge, answer = case(40)
    assert not answer.shows(challenge, Commitment(40, b"\1" * 32), hashes[-1])


def test_steps_that_do_not_end_in_the_update_are_found_out() -> None:
    hashes, commitment, challenge, answer = case(40)
    assert not answer.shows(challenge, commitment, made(40, 1)[-1])
    other = made(40, 1)
    assert not Answer.to(challenge, other).shows(challenge, Commitment.to(other), hashes[-1])


def test_another_slice_count_or_block_is_found_out() -> None:
    hashes, commitment, challenge, answer = case(40)
    other = replace(challenge, first=(challenge.first + 1) % 36)
    assert not Answer.to(other, hashes).shows(challenge, commitment, hashes[-1])
    assert not answer.shows(challenge, replace(commitment, count=39), hashes[-1])
    assert not replace(answer, block=b"\6" * 32).shows(challenge, commitment, hashes[-1])
    assert not replace(answer, steps=answer.steps[1:]).shows(challenge, commitment, hashes[-1])


def test_only_the_devices_key_for_this_round_and_federation_signs() -> None:
    answer, where = case(40)[3], (FEDERATION, 3, KEY.address, CHAIN_ID)
    assert answer.is_by(*where)
    for wrong in (
        {"round_": 4}, {"federation": address(1)}, {"chain_id": 1}, {"key": Account.from_key(b"\x08" * 32)},
    ):  # fmt: skip
        assert not signed(answer, **wrong).is_by(*where)
    changed = replace(answer, steps=(replace(answer.steps[0], hash=b"\0" * 32), *answer.steps[1:]))
    assert not changed.is_by(*where), "nobody on the way can make an answer wrong"
    assert not replace(answer, signature=bytes(65)).is_by(*where)


def test_a_share_of_the_devices_is_drawn_the_same_for_everybody() -> None:
    devices = [address(number) for number in range(1, 2001)]
    drawn = [device for device in devices if is_drawn(BLOCK, device, 0.25)]
    assert 400 < len(drawn) < 600
    assert set(drawn) < {device for device in devices if is_drawn(BLOCK, device, 0.5)}
    assert all(is_drawn(BLOCK, device, 1.0) and not is_drawn(BLOCK, device, 0.0) for device in devices)
    assert drawn != [device for device in devices if is_drawn(b"\6" * 32, device, 0.25)]


def test_slices_lie_everywhere() -> None:
    firsts = {Challenge.of(3, number.to_bytes(32), KEY.address, 10).first for number in range(200)}
    assert firsts == set(range(7))


def test_challenges_are_read_back() -> None:
    asked = [Challenge.of(round_, BLOCK, KEY.address, 40) for round_ in (1, 2)]
    text = json.dumps({"challenges": [one.document() for one in asked]})
    assert challenges(text.encode()) == asked


def test_ten_thousand_broken_documents_are_malformed_or_sound() -> None:
    """Whatever a stranger sends, nothing but `Malformed` is raised."""
    dice = random.Random(5)
    odd: list[Any] = [
        None,
        True,
        -1,
        1.5,
        2**70,
        "",
        "0x",
        "0x1",
        "0xzz",
        [],
        {},
        [[]],
        "0x" + "a" * 64,
        "\ud800",
    ]
    refused = 0
    for _ in range(10_000):
        document: Any = json.loads(dice.choice([ANSWER, ASKED]))
        target = document
        while isinstance(target, dict | list) and target:
            key = dice.choice(list(target)) if isinstance(target, dict) else dice.randrange(len(target))
            if dice.random() < 0.4 or not isinstance(target[key], dict | list):
                target[key] = dice.choice(odd)
                break
            target = target[key]
        data = json.dumps(document).encode("utf-8", "surrogatepass")
        if dice.random() < 0.2:
            at = dice.randrange(len(data))
            data = data[:at] + bytes([dice.randrange(256)]) + data[at + dice.randrange(3) :]
        for read in (Answer.parse, challenges):
            try:
                found = read(data)
            except Malformed:
                refused += 1
            else:
                if isinstance(found, Answer) and dice.random() < 0.02:
                    found.is_by(FEDERATION, 3, KEY.address, CHAIN_ID)
    assert refused > 15_000


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff", b"[]", b"1" * 10_000])
def test_what_is_no_document_is_malformed(data: bytes) -> None:
    for read in (Answer.parse, challenges):
        with pytest.raises(Malformed):
            read(data)


ANSWER = json.dumps(case(40)[3].document())
ASKED = json.dumps({"challenges": [case(40)[2].document()]})
