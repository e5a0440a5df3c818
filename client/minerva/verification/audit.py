"""Re-derive a federation's blocks from chain and IPFS alone (docs/SPECIFICATION.md, B9)."""

from __future__ import annotations

from collections.abc import Callable

from minerva.chain.port import Chain
from minerva.errors import UserError, VerificationFailed
from minerva.protocol.history import History
from minerva.protocol.records import Address
from minerva.sealing.keyring import Keyring
from minerva.sealing.reading import Reader
from minerva.store.port import Store
from minerva.verification.checks import BlockCheck, Fetch, Missing
from minerva.verification.derive import Genesis
from minerva.verification.report import AuditReport

__all__ = ["AuditReport", "audit"]

MAX_MANIFEST_BYTES = 1 << 24


def audit(
    chain: Chain,
    store: Store,
    federation: Address,
    *,
    block: int | None = None,
    timeout: float,
    progress: Callable[[int, int], None] | None = None,
    keys: Keyring | None = None,
) -> AuditReport:
    """Re-derive one block, or all from the genesis on, up to the first difference.

    What the chain's own contracts enforce (proof, majority, deadlines) is taken from the chain; every hash,
    root and link that its logs state, the verdicts of rules 2 to 5 and the block's body and model are derived
    again.

    Parameters
    ----------
    chain, store
        Where everything is read.
    federation
        The federation's contract.
    block
        Number of the only block to check; it takes the parent's body and model as they are.
    timeout
        Seconds for one fetch.
    progress
        Called with blocks done and blocks in all.
    keys
        A miner's, which open the sealed updates of its rounds; other models are not derived again.

    Raises
    ------
    UserError
        There is no such block.
    WrongChain
        There is no such federation.
    StoreUnreachable, ChainUnreachable
        As they say: nothing was found out.
    """
    config = chain.config(federation)
    fetch = Fetch(store, timeout)
    history = History(chain.chain_id, federation)
    report = AuditReport(federation, chain.chain_id)
    try:
        manifest = fetch(config.manifest, MAX_MANIFEST_BYTES, "the manifest")
        genesis = Genesis.at(chain, federation, manifest)
        history.apply(chain.logs(federation))
    except VerificationFailed as difference:
        return report.differing(str(difference))
    except Missing as missing:
        return report.missing(str(missing))
    headers = history.blocks
    if block is not None and not 0 < block <= len(headers):
        raise UserError("no such block", value=block, remedy=f"The federation has {len(headers)}.")
    reader = Reader(history, genesis.manifest.confidential, keys)
    chosen = headers if block is None else headers[block - 1 : block]
    for done, header in enumerate(chosen):
        if progress:
            progress(done, len(chosen))
        check = BlockCheck(genesis, history, fetch, header, reader)
        try:
            if chain.block_of(federation, header.round) != header.hash():
                raise VerificationFailed("the contract keeps another block hash than its logs give")
            not_checked = check()
        except VerificationFailed as difference:
            return report.differing(f"block {header.number}: {difference}")
        except Missing as missing:
            report = report.missing(f"block {header.number}: {missing}")
        else:
            report = report.checked(header.number, not_checked, sealed=check.sealed)
    if progress:
        progress(len(chosen), len(chosen))
    return report
