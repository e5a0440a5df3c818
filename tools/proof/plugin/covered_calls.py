"""A plugin of pytest for runs of brownie that measure coverage.

There brownie sends every read as a transaction, which moves the chain's clock under tests that set it, and traces it.
Reads are left as they are; what costs gas is not judged, for the code is not the one that is deployed.

Brownie forgets where the code of a contract with immutables came from: on the chain it has their values in it, and is
not what the compiler wrote. It counts as that where it has its length.
"""

from __future__ import annotations

import brownie.network.contract as contracts
import pytest
from brownie.network import web3

OF_DEPLOYED_CODE = ("test_gas.py", "test_storage.py")


_verify = contracts._verify_deployed_code


def _is_ours(address: str, expected: str, language: str) -> bool:
    deployed = web3.eth.get_code(address)
    return _verify(address, expected, language) or len(deployed) * 2 == len(expected.removeprefix("0x"))


contracts._verify_deployed_code = _is_ours


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test for brownie."""
    for item in items:
        item.add_marker("skip_coverage" if item.path.name in OF_DEPLOYED_CODE else "no_call_coverage")
