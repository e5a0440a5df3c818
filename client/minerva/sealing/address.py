"""A miner's sealing key in the text of its endpoint: ``https://host#seal=<key in base64url>`` (Q2)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from minerva.errors import ConfigError
from minerva.protocol.machine.checks import MAX_ENDPOINT_BYTES

MARK = "#seal="
KEY_BYTES = 32
_ANY = X25519PrivateKey.from_private_bytes(bytes([1]) * KEY_BYTES)


def plain(endpoint: str) -> str:
    """Return an endpoint's URL, without the key."""
    url, _, _ = endpoint.partition(MARK)
    return url


@lru_cache(maxsize=4096)
def published(endpoint: str) -> bytes | None:
    """Return the X25519 key that an endpoint publishes; None when it has none that can be sealed to.

    The text is a stranger's. A point of low order, to which every exchange gives zero, is no key.
    """
    _, mark, text = endpoint.partition(MARK)
    try:
        key = urlsafe_b64decode(f"{text}=") if mark else b""
        if len(key) != KEY_BYTES or _text(key) != text:
            return None
        _ANY.exchange(X25519PublicKey.from_public_bytes(key))
    except ValueError:
        return None
    return key


def publishing(url: str, key: bytes) -> str:
    """Return the endpoint that publishes ``key`` beside a URL (which may be empty); raises `ConfigError`."""
    if "#" in url:
        raise ConfigError(
            "the miner's URL has a fragment, where its sealing key goes",
            value=url,
            remedy="Leave out what begins with #.",
        )
    endpoint = f"{url}{MARK}{_text(key)}"
    if len(endpoint.encode()) > MAX_ENDPOINT_BYTES:
        raise ConfigError(
            "the miner's URL leaves no room for its sealing key",
            value=url,
            remedy=f"It may have {MAX_ENDPOINT_BYTES - len(MARK) - len(_text(key))} bytes.",
        )
    return endpoint


def _text(key: bytes) -> str:
    return urlsafe_b64encode(key).rstrip(b"=").decode()
