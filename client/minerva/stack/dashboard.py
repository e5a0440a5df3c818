"""The dashboard as a part of a local stack."""

from __future__ import annotations

import json

import requests

from minerva.errors import MinervaError
from minerva.stack.parts import Stack
from minerva.webui.service import ADDRESS_FILE, NOT_BUILT, built

NAME = "webui"
_READY_SECONDS = 60.0


def start_dashboard(stack: Stack, federation: str) -> str:
    """Serve the page for the stack's chain; return its address, or nothing where it is not built."""
    if built() is None:
        stack.say(f"the dashboard is not built: {NOT_BUILT}")
        return ""
    stack.say("starting the dashboard")
    settings = stack.settings(
        NAME,
        0,
        federation=federation,
        webui={"port": stack.ports.get(NAME, 0), "gateway": stack.gateway},
    )
    address = stack.root / NAME / ADDRESS_FILE
    address.unlink(missing_ok=True)
    child = stack.run(NAME, settings, ["minerva.cli", "webui"])
    urls: list[str] = []

    def answers() -> bool:
        try:
            urls[:] = [str(json.loads(address.read_text())["url"])]
            return requests.get(f"{urls[0]}/config.json", timeout=2).status_code == 200
        except (OSError, ValueError, KeyError, requests.RequestException):
            return False

    try:
        child.await_ready(answers, _READY_SECONDS)
    except MinervaError as error:
        stack.say(f"the dashboard is not served: {error}")  # the stack works without it
        stack.children.pop(NAME).terminate()
        return ""
    return urls[0]
