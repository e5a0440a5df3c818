"""Canaries on the device: commit to the steps of each training, and train once more when the own miner asks (V15, V16)."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from minerva.chain.port import Actor, Chain
from minerva.device.journal import Journal
from minerva.device.patience import Patience
from minerva.device.settings import DeviceSettings
from minerva.device.training import Trainer
from minerva.device.transport import Transport
from minerva.device.view import View
from minerva.errors import ContentUnavailable, StoreError, UserError
from minerva.learning.training import LocalResult
from minerva.protocol.canary import Answer, Challenge, Commitment, challenges
from minerva.protocol.cid import Cid
from minerva.protocol.evidence import Malformed

log = logging.getLogger(__name__)

_KEEP = 4
"""Rounds that are answered for; the device asks after each of its updates, so the one before is the usual one."""
_MOST_BYTES = 1 << 16
_ASKING_SECONDS = 5.0
_LONGEST_PAUSE_SECONDS = 60.0
_GONE = (400, 403, 404, 409, 413, 422)
"""Answers of a miner that will not change."""


@dataclass(frozen=True, slots=True)
class _Round:
    """What a round is trained again from, and what became of that: ``state`` is open, ready, answered or failed."""

    base: Cid
    commitment: Commitment
    state: str = "open"
    answer: str = ""


class Canaries:
    """The device's side, kept in its journal's folder; one re-run for a round at most, whoever asks for it how often.

    A miner has no say in what is trained again: the slice follows from the round's block, which the chain tells.
    """

    def __init__(
        self, chain: Chain, actor: Actor, view: View, trainer: Trainer, transport: Transport, journal: Journal,
        settings: DeviceSettings,
    ) -> None:  # fmt: skip
        self._chain, self._actor, self._view, self._trainer = chain, actor, view, trainer
        self._transport, self._journal, self._settings = transport, journal, settings
        self._rounds = self._load()
        self._patience = Patience(settings.retry_seconds, _LONGEST_PAUSE_SECONDS)
        self._due = 0.0

    def commit(self, round_: int, base: Cid, result: LocalResult) -> str:
        """Remember a training before its update is known to anybody; return what its metadata says."""
        if not result.steps:
            raise UserError(
                "canaries need a trainer that records its steps",
                value="device.canary",
                remedy="Leave it out.",
            )
        known = _Round(base, Commitment.to(result.steps))
        self._keep(round_, known)
        for old in [one for one in self._rounds if one <= round_ - _KEEP]:
            del self._rounds[old]
            (self._journal.root / _name(old)).unlink(missing_ok=True)
        return str(known.commitment)

    def attend(self, endpoint: str, over: int) -> None:
        """Ask the own miner, when it is time to, whether it wants something, and answer.

        Parameters
        ----------
        over
            The last round that is; a challenge of a later one waits, so that the next update is not held up.

        Raises
        ------
        ChainError
            The chain does not say which block a round ended with.
        """
        waiting = any(one.state in ("open", "ready") for one in self._rounds.values())
        if not endpoint or not waiting or time.monotonic() < self._due:
            return
        pause = self._settings.poll_seconds
        try:
            path = f"canaries/{self._actor.address}"
            asked = self._transport.ask(endpoint, path, most=_MOST_BYTES, timeout=_ASKING_SECONDS)
            for challenge in {one.round: one for one in challenges(asked)}.values():
                if challenge.round <= over:
                    self._attend_to(endpoint, challenge)
            self._patience.recovered()
        except (StoreError, Malformed) as error:
            fault = error if isinstance(error, StoreError) else ContentUnavailable(f"canaries: {error}")
            pause = self._patience.failed(fault)
        self._due = time.monotonic() + pause

    def document(self) -> dict[str, Any]:
        """Return what the device's status says: how each of the last rounds stands."""
        states = {str(round_): one.state for round_, one in sorted(self._rounds.items())}
        return {"rounds": states, "problem": self._patience.problem}

    def _attend_to(self, endpoint: str, challenge: Challenge) -> None:
        round_, known = challenge.round, self._rounds.get(challenge.round)
        if known is None or known.state not in ("open", "ready"):
            return
        if known.state == "open":
            if not self._is_due(challenge, known.commitment):
                return
            known = self._train_again(challenge, known)
        if known.state == "ready":
            path, data = f"canaries/{round_}/{self._actor.address}", known.answer.encode()
            status = self._transport.tell(endpoint, path, data, timeout=_ASKING_SECONDS)
            if status not in (200, *_GONE):
                raise ContentUnavailable("the miner did not take a canary's answer", value=f"status {status}")
            level = logging.INFO if status == 200 else logging.WARNING
            log.log(level, "round %d: the canary was answered, status %d", round_, status)
            self._keep(round_, replace(known, state="answered", answer=""))

    def _is_due(self, challenge: Challenge, commitment: Commitment) -> bool:
        """Whether the chain has the round's block; raises `Malformed` where that draws other steps, or is another."""
        block = self._chain.block_of(self._view.federation, challenge.round)
        due = Challenge.of(challenge.round, block, self._actor.address, commitment.count)
        if any(block) and challenge != due:
            raise Malformed(f"other steps than the block of round {challenge.round} draws")
        return any(block)

    def _train_again(self, challenge: Challenge, known: _Round) -> _Round:
        round_ = challenge.round
        base = self._transport.fetch(
            known.base, self._view.endpoints, max_bytes=self._view.config.max_model_bytes,
            timeout=self._settings.fetch_seconds,
        )  # fmt: skip
        log.info("round %d: training again for a canary", round_)
        steps = self._trainer.train(base, round_).steps
        if not steps or Commitment.to(steps) != known.commitment:
            log.error(
                "round %d: trained again, the model took other steps: have data, machine, threads or libraries changed?",
                round_,
            )
            return self._keep(round_, replace(known, state="failed"))
        answer = Answer.to(challenge, steps)
        digest = answer.digest(self._view.federation, round_, self._actor.address, self._chain.chain_id)
        signed = replace(answer, signature=self._actor.sign(digest))
        text = json.dumps(signed.document(), separators=(",", ":"))
        return self._keep(round_, replace(known, state="ready", answer=text))

    # -- what a restart must not forget

    def _keep(self, round_: int, one: _Round) -> _Round:
        document = {
            "base": str(one.base), "steps": str(one.commitment), "state": one.state, "answer": one.answer,
        }  # fmt: skip
        self._rounds[round_] = one
        self._journal.write(_name(round_), json.dumps(document).encode())
        return one

    def _load(self) -> dict[int, _Round]:
        found = {}
        for file in self._journal.root.glob(_name("*")):
            try:
                round_ = int(file.name.removeprefix("canary-").removesuffix(".json"))
                found[round_] = _read(file)
            except (OSError, ValueError, KeyError, TypeError, UserError):
                log.warning("what a canary needs cannot be read, so it will not be answered: %s", file)
        return found


def _read(file: Path) -> _Round:
    document = json.loads(file.read_bytes())
    commitment = Commitment.parse(document["steps"])
    if commitment is None:
        raise ValueError
    return _Round(Cid.parse(document["base"]), commitment, str(document["state"]), str(document["answer"]))


def _name(round_: int | str) -> str:
    return f"canary-{round_}.json"
