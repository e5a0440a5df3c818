"""The module as a federation sees it: any account may stand for one."""

from __future__ import annotations

import pytest
from eth_abi import encode


@pytest.fixture
def configured(deployed, stranger):
    """Configure for ``stranger``, or for another account."""

    def configure(difficulty=1000, target_seconds=10, federation=stranger):
        parameters = encode(["uint64", "uint32"], [difficulty, target_seconds])
        deployed.proof_of_work.configure(parameters, {"from": federation})
        return deployed.proof_of_work

    return configure
