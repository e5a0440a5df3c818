"""One deployment by the script, for all tests that only look at it."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def deployment(accounts):
    from scripts.deploy import deploy

    return deploy(accounts[0])
