"""The miner's HTTP API: `create_app` for tests and other servers, `MinerServer` to serve it."""

from minerva.miner.api.app import ApiConfig, create_app
from minerva.miner.api.server import MinerServer

__all__ = ["ApiConfig", "MinerServer", "create_app"]
