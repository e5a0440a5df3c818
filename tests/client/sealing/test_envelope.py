"""Envelopes: what they open to, for whom, and that nothing in them can be changed (Q3 to Q5)."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from minerva.protocol import canonical
from minerva.protocol.reasons import Reason
from minerva.sealing import envelope as module
from minerva.sealing.envelope import MAGIC, OVERHEAD, Context, Envelope, Seal, SealRefused, seal
from minerva.sealing.keyring import Keyring

START = len(MAGIC) + 4
CONTENT = b"tensors " * 40
MINERS = [f"0x{number:040d}" for number in range(1, 4)]
"""Digits have no case, so that these are checksummed."""
CONTEXT = Context(31337, "0x" + "7" * 40, 3, "0x" + "9" * 40)


@pytest.fixture(scope="module")
def rings() -> list[Keyring]:
    return [Keyring(Path("none"), [X25519PrivateKey.generate()]) for _ in MINERS]


@pytest.fixture(scope="module")
def keys(rings: list[Keyring]) -> dict[str, bytes]:
    return {miner: ring.public for miner, ring in zip(MINERS, rings, strict=True)}


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    length = int.from_bytes(data[len(MAGIC) : START], "little")
    return canonical.loads(data[START : START + length]), data[START + length :]


def build(document: object, ciphertext: bytes) -> bytes:
    header = canonical.dumps(document)
    return MAGIC + len(header).to_bytes(4, "little") + header + ciphertext


def refusal(data: bytes, ring: Keyring) -> Reason:
    with pytest.raises(SealRefused) as caught:
        Envelope.read(data).open(ring)
    return caught.value.reason


def test_every_miner_opens_it_and_nobody_else_does(rings: list[Keyring], keys: dict[str, bytes]) -> None:
    data = seal(CONTEXT, CONTENT, keys)
    assert [Envelope.read(data).open(ring) for ring in rings] == [CONTENT] * 3
    assert Envelope.read(data).context == CONTEXT
    assert Envelope.read(data).content_hash == sha256(CONTENT).digest()
    assert CONTENT[:16] not in data
    stranger = Keyring(Path("none"), [X25519PrivateKey.generate()])
    assert refusal(data, stranger) is Reason.NOT_OPENED


def test_two_envelopes_of_one_update_share_no_key(keys: dict[str, bytes]) -> None:
    first, second = (Envelope.read(seal(CONTEXT, CONTENT, keys)) for _ in range(2))
    assert bytes(first.ciphertext) != bytes(second.ciphertext)
    assert not {one.ephemeral for one in first.seals} & {one.ephemeral for one in second.seals}


@pytest.mark.parametrize("miners", [1, 3, 64])
def test_it_is_longer_by_at_most_the_overhead(miners: int) -> None:
    key = X25519PrivateKey.generate().public_key().public_bytes_raw()
    widest = replace(CONTEXT, chain_id=(1 << 256) - 1, round=1_000_000)
    data = seal(widest, CONTENT, {f"0x{number:040d}": key for number in range(miners)})
    assert len(data) - len(CONTENT) <= OVERHEAD
    assert len(Envelope.read(data).seals) == miners


def test_no_byte_of_it_can_be_changed(rings: list[Keyring], keys: dict[str, bytes]) -> None:
    """Every byte of the frame and the header, and of the ciphertext and its tag."""
    data = seal(CONTEXT, CONTENT, keys)
    reasons = set()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        reasons.add(refusal(bytes(changed), rings[0]))
    assert reasons == {
        Reason.NOT_SEALED, Reason.MALFORMED_SEAL, Reason.NOT_OPENED, Reason.SEALED_UNEQUALLY, Reason.WRONG_CONTENT
    }  # fmt: skip
    assert refusal(data[:-1], rings[0]) is Reason.WRONG_CONTENT
    assert refusal(data + b"\0", rings[0]) is Reason.WRONG_CONTENT


@pytest.mark.parametrize(
    "change",
    [
        {"chainId": 1},
        {"round": 4},
        {"federation": MINERS[0]},
        {"device": MINERS[0]},
        {"contentHash": "ab" * 32},
    ],
)
def test_what_it_is_for_cannot_be_rewritten(
    change: dict[str, Any], rings: list[Keyring], keys: dict[str, bytes]
) -> None:
    document, ciphertext = parts(seal(CONTEXT, CONTENT, keys))
    assert {refusal(build(document | change, ciphertext), ring) for ring in rings} == {Reason.NOT_OPENED}


@pytest.mark.parametrize("field", ["ephemeral", "wrapped"])
def test_a_broken_seal_for_one_miner_is_seen_by_all(
    field: str, rings: list[Keyring], keys: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without that a device splits honest miners: some accept what others cannot open."""
    real = module._seal

    def broken(secret: bytes, binding: bytes, miner: str, key: bytes) -> Seal:
        made = real(secret, binding, miner, key)
        return replace(made, **{field: os.urandom(len(getattr(made, field)))}) if miner == MINERS[1] else made

    with monkeypatch.context() as patch:
        patch.setattr(module, "_seal", broken)
        data = seal(CONTEXT, CONTENT, keys)
    assert [refusal(data, ring) for ring in rings] == [
        Reason.SEALED_UNEQUALLY, Reason.NOT_OPENED, Reason.SEALED_UNEQUALLY
    ]  # fmt: skip
    envelope = Envelope.read(data)
    given = iter(envelope.seals)
    monkeypatch.setattr(
        module, "_seal", lambda *_: next(given)
    )  # the defence switched off: all compare equal
    assert envelope.open(rings[0]) == CONTENT
    assert refusal(data, rings[1]) is Reason.NOT_OPENED


def test_two_miners_cannot_be_shown_two_contents(
    rings: list[Keyring], keys: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One secret for the first miner, another for the rest; each seal by itself is as it should be."""
    binding = module._binding(CONTEXT, sha256(CONTENT).digest())
    first, second = bytes(32), bytes([1]) * 32
    seals = [
        module._seal(first if miner == MINERS[0] else second, binding, miner, keys[miner]) for miner in MINERS
    ]
    document = parts(seal(CONTEXT, CONTENT, keys))[0] | {"seals": [_written(one) for one in seals]}
    for secret in (first, second):
        header = canonical.dumps(document)
        ciphertext = module._cipher(secret, binding).encrypt(module._NONCE, CONTENT, header)
        data = build(document, ciphertext)
        assert {refusal(data, ring) for ring in rings} == {Reason.SEALED_UNEQUALLY}


def test_a_content_other_than_the_named_one_is_refused(rings: list[Keyring], keys: dict[str, bytes]) -> None:
    """All seals are well made for a hash that the content does not have."""
    secret, binding = bytes(32), module._binding(CONTEXT, sha256(b"another").digest())
    seals = [_written(module._seal(secret, binding, miner, key)) for miner, key in keys.items()]
    document = module._document(CONTEXT, sha256(b"another").digest()) | {"seals": seals}
    ciphertext = module._cipher(secret, binding).encrypt(module._NONCE, CONTENT, canonical.dumps(document))
    assert refusal(build(document, ciphertext), rings[2]) is Reason.WRONG_CONTENT


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.NOT_SEALED),
        (b"\x40" + bytes(7) + b"{}", Reason.NOT_SEALED),
        (MAGIC, Reason.MALFORMED_SEAL),
        (MAGIC + b"\xff\xff\xff\xff" + bytes(64), Reason.MALFORMED_SEAL),
        (build({}, bytes(16)), Reason.MALFORMED_SEAL),
        (build([], bytes(16)), Reason.MALFORMED_SEAL),
        (build({"seals": [[]]}, bytes(16)), Reason.MALFORMED_SEAL),
        (MAGIC + (20_000).to_bytes(4, "little") + b"[" * 20_000 + bytes(16), Reason.MALFORMED_SEAL),
    ],
)
def test_what_is_no_envelope_is_refused_by_name(data: bytes, reason: Reason, rings: list[Keyring]) -> None:
    assert refusal(data, rings[0]) is reason


@pytest.mark.parametrize(
    "change",
    [
        {"minerva": 2},
        {"minerva": True},
        {"more": 1},
        {"round": True},
        {"round": -1},
        {"device": "0x" + "aB" * 20},
        {"contentHash": "AB" * 32},
        {"contentHash": "ab " * 21 + "a"},
        {"seals": {}},
    ],
)
def test_a_header_has_one_form(change: dict[str, Any], rings: list[Keyring], keys: dict[str, bytes]) -> None:
    document, ciphertext = parts(seal(CONTEXT, CONTENT, keys))
    expected = Reason.NOT_OPENED if change == {"seals": {}} else Reason.MALFORMED_SEAL
    assert refusal(build(document | change, ciphertext), rings[0]) is expected


def test_seals_are_in_order_and_none_is_there_twice(rings: list[Keyring], keys: dict[str, bytes]) -> None:
    document, ciphertext = parts(seal(CONTEXT, CONTENT, keys))
    for seals in (document["seals"][::-1], [*document["seals"], document["seals"][-1]]):
        assert refusal(build(document | {"seals": seals}, ciphertext), rings[0]) is Reason.MALFORMED_SEAL


def test_an_ephemeral_key_of_low_order_is_refused(rings: list[Keyring], keys: dict[str, bytes]) -> None:
    document, ciphertext = parts(seal(CONTEXT, CONTENT, keys))
    document["seals"][0]["ephemeral"] = "00" * 32
    assert refusal(build(document, ciphertext), rings[0]) is Reason.NOT_OPENED


def test_a_seal_for_a_key_of_low_order_is_refused(rings: list[Keyring], keys: dict[str, bytes]) -> None:
    document, ciphertext = parts(seal(CONTEXT, CONTENT, keys))
    document["seals"][1]["key"] = "00" * 32
    assert refusal(build(document, ciphertext), rings[0]) is Reason.SEALED_UNEQUALLY


def test_bytes_at_random_never_raise_anything_else(rings: list[Keyring], keys: dict[str, bytes]) -> None:
    data = seal(CONTEXT, CONTENT, keys)
    for seed in range(300):
        noise = os.urandom(8)
        at = int.from_bytes(noise[:4], "little") % len(data)
        refusal(data[:at] + noise + data[at + seed % 12 :], rings[0])


def _written(one: Seal) -> dict[str, str]:
    return {
        "miner": one.miner, "key": one.key.hex(), "ephemeral": one.ephemeral.hex(), "wrapped": one.wrapped.hex()
    }  # fmt: skip
