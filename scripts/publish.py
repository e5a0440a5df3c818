"""Publish the sources of a deployment on Sourcify:  tools/run brownie run scripts/publish.py --network sepolia.

It sends what lies beside the deployment file, and nothing else: no key is needed. MINERVA_SOURCIFY_URL names another
server than https://sourcify.dev/server.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from minerva.errors import ChainUnreachable, ConfigError, VerificationFailed
from scripts.config import DEPLOYMENT, deployment_file
from scripts.connection import connect, report
from scripts.export import read_document

SERVER = "MINERVA_SOURCIFY_URL"
EXACT = "exact_match"
_SERVER = "https://sourcify.dev/server"
_REQUEST_SECONDS = 60.0
_VERIFY_SECONDS = 600.0
_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Sourcify:
    """A server that speaks version 2 of Sourcify's API.

    Parameters
    ----------
    url
        Without a slash at its end.
    """

    url: str

    def publish(self, chain_id: int, entry: Mapping[str, Any], folder: Path) -> str:
        """Have one contract verified; return how well it matches, ``exact_match`` where nothing differs.

        Raises
        ------
        ConfigError
            Its sources are not beside the deployment file.
        VerificationFailed
            The server says that the sources do not give the code.
        ChainUnreachable
            It does not answer, or not in time.
        """
        address = str(entry["address"])
        known = self._ask("GET", f"/v2/contract/{chain_id}/{address}")
        if known.get("match") == EXACT:
            return EXACT
        job = self._ask("POST", f"/v2/verify/{chain_id}/{address}", _request(entry, folder))
        until = time.monotonic() + _VERIFY_SECONDS
        while time.monotonic() < until:
            found = self._ask("GET", f"/v2/verify/{job.get('verificationId')}")
            if found.get("isJobCompleted"):
                match = (found.get("contract") or {}).get("match")
                if match is None:
                    why = (found.get("error") or {}).get("message", "no reason is given")
                    raise VerificationFailed(f"{folder.name} is not verified", value=f"{address}: {why}")
                return str(match)
            time.sleep(_PAUSE)
        raise ChainUnreachable("the verification does not end", value=address, remedy="Run it again later.")

    def _ask(self, method: str, path: str, document: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = requests.request(method, self.url + path, json=document, timeout=_REQUEST_SECONDS)
            body = answer.json()
            if not isinstance(body, dict):
                raise ValueError("no document")
        except (requests.RequestException, ValueError) as error:
            raise ChainUnreachable(
                f"Sourcify does not answer at {self.url}",
                value=type(error).__name__,
                remedy=f"Run it again later, or name another server with {SERVER}.",
            ) from None
        if answer.status_code >= 400 and not (method == "GET" and answer.status_code == 404):
            raise VerificationFailed("Sourcify refuses", value=body.get("message", answer.status_code))
        return body


def run() -> None:
    """Publish every contract of the deployment that the environment names."""
    rpc, chain_id = connect()
    rpc.close()
    path = deployment_file(os.environ, chain_id)
    document = read_document(path, chain_id)
    server = Sourcify((os.environ.get(SERVER) or _SERVER).rstrip("/"))
    for contract, entry in document["contracts"].items():
        match = server.publish(chain_id, entry, path.with_suffix("") / "sources" / contract)
        print(f"published   {contract} at {entry['address']}: {match}")


def main() -> None:
    """Run as brownie's script."""
    report(run)


def _request(entry: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    try:
        given = json.loads((folder / "input.json").read_text(encoding="utf-8"))
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        ((source, contract),) = metadata["settings"]["compilationTarget"].items()
        request = {
            "stdJsonInput": given,
            "compilerVersion": metadata["compiler"]["version"],
            "contractIdentifier": f"{source}:{contract}",
        }
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f"the sources of {folder.name} are not beside the deployment file",
            value=f"{folder}: {type(error).__name__}",
            remedy=f"Run scripts/export.py with the checkout that was deployed, or name another file with {DEPLOYMENT}.",
        ) from None
    transaction = entry.get("transaction")
    return request | ({"creationTransactionHash": transaction} if transaction else {})
