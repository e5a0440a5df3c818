"""One deployment by the script, for all tests that only look at it."""

from __future__ import annotations

import pytest
from scripts.config import ScriptConfig
from scripts.contracts import load_all
from scripts.sources import collect
from support.deploying import Site

from minerva.chain.fees import FeePolicy
from minerva.chain.rpc import Rpc


@pytest.fixture(scope="session")
def site(web3):
    return Site(Rpc(web3.provider.endpoint_uri), load_all())


@pytest.fixture(scope="session")
def deployed(site, tmp_path_factory):
    return site.create(site.sender(), tmp_path_factory.mktemp("deployed"))


@pytest.fixture(scope="session")
def sources(site):
    return collect(site.artefacts.values())


@pytest.fixture
def config(tmp_path):
    return ScriptConfig("anvil:0", None, tmp_path / "deployment.json", FeePolicy())
