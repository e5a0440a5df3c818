"""Keystores and anvil's keys."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from minerva.errors import KeystoreError
from minerva.keys import PASSWORD_VARIABLE, PasswordSource, anvil_address, create_keystore, load_account

NOBODY = PasswordSource(prompt=None)
FIRST_ANVIL_KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")


@pytest.fixture(autouse=True)
def no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    create_keystore(tmp_path / "keys" / "a.json", "secret", scrypt_n=2)
    return tmp_path / "keys" / "a.json"


def password_file(tmp_path: Path, text: str) -> PasswordSource:
    (tmp_path / "password").write_text(text)
    return PasswordSource(tmp_path / "password")


def test_keystore_opens_with_its_password(keystore: Path, tmp_path: Path) -> None:
    account = load_account(str(keystore), 1, password_file(tmp_path, "secret\nignored\n"))
    assert account.address[2:].lower() == json.loads(keystore.read_text())["address"].lower()


def test_keystore_is_for_its_owner_alone(keystore: Path) -> None:
    assert keystore.stat().st_mode & 0o777 == 0o600


def test_keystore_is_never_written_over(keystore: Path) -> None:
    before = keystore.read_bytes()
    with pytest.raises(KeystoreError, match="exists already"):
        create_keystore(keystore, "other", scrypt_n=2)
    assert keystore.read_bytes() == before


def test_password_comes_from_the_environment(keystore: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    assert load_account(str(keystore), 1, NOBODY)


def test_file_comes_before_environment(
    keystore: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    assert load_account(str(keystore), 1, password_file(tmp_path, "secret"))


def test_person_is_asked_on_a_terminal(keystore: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(text: str) -> str:
        asked.append(text)
        return "secret"

    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    assert load_account(str(keystore), 1, PasswordSource(prompt=answer))
    assert asked == [f"Password for {keystore}: "]


def test_wrong_password_is_named(keystore: Path, tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="wrong password for the keystore") as caught:
        load_account(str(keystore), 1, password_file(tmp_path, "sesame"))
    assert "sesame" not in str(caught.value)


def test_nobody_to_ask_is_named(keystore: Path) -> None:
    with pytest.raises(KeystoreError, match=f"no password.*--password-file.*{PASSWORD_VARIABLE}"):
        load_account(str(keystore), 1, NOBODY)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0x" + FIRST_ANVIL_KEY.hex(), "not a keystore file"),
        ("{}", "not a keystore file"),
        ("[]", "not a keystore file"),
        ('{"version": 1, "crypto": {}}', "not a keystore file"),
        ('{"version": 3, "crypto": {}}', "damaged"),
    ],
)
def test_other_files_are_refused_and_not_shown(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "file"
    path.write_text(content)
    with pytest.raises(KeystoreError, match=message) as caught:
        load_account(str(path), 1, password_file(tmp_path, "x"))
    assert FIRST_ANVIL_KEY.hex() not in str(caught.value)


def test_damaged_keystore_is_no_wrong_password(keystore: Path, tmp_path: Path) -> None:
    document = json.loads(keystore.read_text())
    document["crypto"]["kdfparams"].pop("n")
    keystore.write_text(json.dumps(document))
    with pytest.raises(KeystoreError, match="damaged"):
        load_account(str(keystore), 1, password_file(tmp_path, "secret"))


@pytest.mark.parametrize("spec", ["", "nowhere.json", "anvil:", "anvil:x", "anvil:-1", "anvil:9999999"])
def test_no_account_is_named(spec: str) -> None:
    with pytest.raises(KeystoreError):
        load_account(spec, 31337, NOBODY)


def test_anvils_accounts_are_its_own() -> None:
    assert load_account("anvil:0", 31337).key == FIRST_ANVIL_KEY
    assert anvil_address(9) == "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"


@pytest.mark.parametrize("chain_id", [1, 11155111, 1337])
def test_published_key_is_refused_elsewhere(tmp_path: Path, chain_id: int) -> None:
    with pytest.raises(KeystoreError, match=f"published with anvil.*chain {chain_id}"):
        load_account("anvil:3", chain_id)
    create_keystore(tmp_path / "k", "secret", scrypt_n=2, key=FIRST_ANVIL_KEY)
    with pytest.raises(KeystoreError, match="published with anvil"):
        load_account(str(tmp_path / "k"), chain_id, password_file(tmp_path, "secret"))
    assert load_account(str(tmp_path / "k"), 31337, password_file(tmp_path, "secret"))


def test_published_key_is_recognised_in_a_file_that_hides_its_address(tmp_path: Path) -> None:
    create_keystore(tmp_path / "k", "secret", scrypt_n=2, key=FIRST_ANVIL_KEY)
    document = json.loads((tmp_path / "k").read_text())
    del document["address"]
    (tmp_path / "k").write_text(json.dumps(document))
    with pytest.raises(KeystoreError, match="published with anvil"):
        load_account(str(tmp_path / "k"), 1, password_file(tmp_path, "secret"))


def test_empty_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match="empty"):
        create_keystore(tmp_path / "k", "", scrypt_n=2)
    assert not (tmp_path / "k").exists()


def test_no_key_is_logged_or_shown(keystore: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        account = load_account(str(keystore), 1, password_file(tmp_path, "secret"))
    shown = repr(account) + str(account) + caplog.text + repr(PasswordSource(tmp_path / "password"))
    assert account.key.hex() not in shown and "secret" not in shown
