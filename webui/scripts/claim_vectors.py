"""Write src/features/rewards/claim-vectors.json: a claim to another address as the Python client signs and sends it.

Run by `tools/run python webui/scripts/claim_vectors.py` after a change of the encodings; the file is committed.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from eth_account import Account

from minerva.chain.abi import Function
from minerva.chain.money import RewardVault
from minerva.protocol.cid import Cid
from minerva.protocol.header import Header
from minerva.protocol.reward_actions import ClaimTo
from minerva.rewards import sign_claim
from minerva.verification.earnings import Entitlement, Standing

ROOT = Path(__file__).parents[2]
FILE = ROOT / "webui" / "src" / "features" / "rewards" / "claim-vectors.json"
KEY = "0x" + "01" * 32
FEDERATION, VAULT, PROPOSER, RECIPIENT = (f"0x{digit * 40}" for digit in ("1", "2", "3", "4"))
WORDS = [bytes([number]) * 32 for number in range(1, 8)]


def document() -> dict[str, Any]:
    """Return what is signed, what is saved of it, and the call that pays."""
    signer = Account.from_key(KEY)
    account, cumulative, claimed = str(signer.address), 3 * 10**18 + 1, 10**17
    header = Header(
        4, WORDS[0], 5, WORDS[1], WORDS[2], WORDS[3], Cid(WORDS[4]), Cid(WORDS[5], 0x70), WORDS[6], 10**18, (7, 2**200),
        PROPOSER, b"\x05\x06",
    )  # fmt: skip
    entitled = Entitlement(header, cumulative, (WORDS[0], WORDS[6]))
    earnings: Any = SimpleNamespace(
        escrow=SimpleNamespace(vault=VAULT, closes_at=0),
        standing=lambda _: Standing(account, cumulative, claimed, 0),
        entitlement=lambda _: entitled,
    )
    chain: Any = SimpleNamespace(chain_id=31337, now=lambda: 0)
    signed = sign_claim(chain, signer, FEDERATION, earnings, RECIPIENT)
    entry = (header, account, cumulative, entitled.proof, RECIPIENT, bytes.fromhex(signed.signature[2:]))
    abi = json.loads((ROOT / "build" / "contracts" / "IRewardVault.json").read_text())["abi"]
    functions = {part["name"]: Function(part) for part in abi if part["type"] == "function"}
    call = RewardVault(VAULT, functions).call(ClaimTo(FEDERATION, VAULT, *entry))
    return {"key": KEY, "vault": VAULT, "document": signed.document(), "data": "0x" + call.data.hex()}


if __name__ == "__main__":
    FILE.write_text(json.dumps(document(), indent=2) + "\n", encoding="utf-8")
