"""A plugin of pytest for runs of brownie that measure coverage.

There brownie sends every read as a transaction, which moves the chain's clock under tests that set it, and traces it.
Reads are left as they are; what costs gas is not judged, for the code is not the one that is deployed.
"""

from __future__ import annotations

import pytest

OF_DEPLOYED_CODE = ("test_gas.py", "test_storage.py")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test for brownie."""
    for item in items:
        item.add_marker("skip_coverage" if item.path.name in OF_DEPLOYED_CODE else "no_call_coverage")
