"""Signs what this miner says of candidates: written down first, then signed, then served, then sent."""

from __future__ import annotations

import logging

from minerva.chain.port import Actor
from minerva.errors import MinervaError
from minerva.miner.protection import Protection
from minerva.miner.statement_book import StatementBook
from minerva.protocol.actions import Attest, Propose
from minerva.protocol.evidence import Signed
from minerva.protocol.header import Header
from minerva.protocol.records import ZERO_ADDRESS, Address
from minerva.protocol.statements import Statement, StatementKind, statement_digest

log = logging.getLogger(__name__)


class Signing:
    """Turns what is to be sent into what may be sent.

    Without a vault nobody takes a statement, and none is signed; what would be said is written down all the same.
    """

    def __init__(
        self, federation: Address, actor: Actor, protection: Protection, statements: StatementBook
    ) -> None:
        self._federation, self._actor = federation, actor
        self._protection, self._book = protection, statements

    def propose(self, action: Propose) -> Propose:
        """Return ``action``, its candidate signed; raises `MinervaError` when it must not be, or cannot be noted."""
        self._protection.propose(action.header)
        self._say(action.header, StatementKind.PROPOSED)
        return action

    def attest(self, action: Attest, header: Header) -> Attest:
        """Return ``action`` on the candidate with this header, signed; raises as `propose`."""
        self._protection.attest(action.candidate, action.round, action.approve)
        self._say(header, StatementKind.APPROVED if action.approve else StatementKind.REJECTED)
        return action

    def _say(self, header: Header, kind: StatementKind) -> None:
        book = self._book
        if book.vault == ZERO_ADDRESS:
            return
        statement = Statement.of(self._federation, header, kind)
        digest = statement_digest(statement, book.chain_id, book.vault)
        try:
            book.add(Signed(self._actor.address, statement, self._actor.sign(digest)))
        except MinervaError as error:  # the federation goes on without it
            log.error("round %d: a statement was not signed: %s", header.round, error)
