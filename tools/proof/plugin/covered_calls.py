"""A plugin of pytest for runs of brownie that measure coverage.

There brownie sends every read as a transaction, which moves the chain's clock under tests that set it, and traces it.
Reads are left as they are; what costs gas is not judged, for the code is not the one that is deployed.

Brownie forgets where the code of a contract with immutables came from: on the chain it has their values in it, and is
not what the compiler wrote. It counts as that where it has its length.

A trace comes without the memory at each step, which is most of it and says nothing of what was run through.
"""

from __future__ import annotations

from typing import Any

import brownie.network.contract as contracts
import pytest
from brownie.network import web3
from web3 import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

OF_DEPLOYED_CODE = ("test_gas.py", "test_storage.py")


_verify = contracts._verify_deployed_code


def _is_ours(address: str, expected: str, language: str) -> bool:
    deployed = web3.eth.get_code(address)
    return _verify(address, expected, language) or len(deployed) * 2 == len(expected.removeprefix("0x"))


contracts._verify_deployed_code = _is_ours


_request = HTTPProvider.make_request


def _without_memory(provider: HTTPProvider, method: RPCEndpoint, params: Any) -> RPCResponse:
    if method != "debug_traceTransaction" or not params:  # brownie asks for nothing, to learn whether it may
        return _request(provider, method, params)
    answer = _request(provider, method, (params[0], {"disableStorage": True, "enableMemory": False}))
    trace = answer.get("result")
    if isinstance(trace, dict) and trace["structLogs"]:
        for step in trace["structLogs"]:
            step["memory"] = []
        last = trace["structLogs"][-1]
        if last["op"] in ("RETURN", "REVERT"):  # brownie reads there why a call reverted
            returned = bytes.fromhex((trace.get("returnValue") or "").removeprefix("0x"))
            memory = bytes(int(last["stack"][-1], 16)) + returned
            last["memory"] = [memory[start : start + 32].hex() for start in range(0, len(memory), 32)]
    return answer


HTTPProvider.make_request = _without_memory  # type: ignore[method-assign]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test for brownie."""
    for item in items:
        item.add_marker("skip_coverage" if item.path.name in OF_DEPLOYED_CODE else "no_call_coverage")
