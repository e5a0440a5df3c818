"""A plugin of pytest for runs of brownie that measure coverage.

There brownie sends every read as a transaction, which moves the chain's clock under tests that set it, and traces it.
Here reads are left as they are and traced as reads, as are transactions that a test sends past brownie. What costs gas
is not judged, for the code is not the one that is deployed.

Brownie forgets where the code of a contract with immutables came from: on the chain it has their values in it, and is
not what the compiler wrote. It counts as that where it has its length.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import brownie.network.contract as contracts
import pytest
from brownie.network import history, state, web3
from brownie.network.transaction import Status, TransactionReceipt
from web3 import HTTPProvider

OF_DEPLOYED_CODE = ("test_gas.py", "test_storage.py")
ALIKE = 16
"""How many reads, and transactions past brownie, of one function of a contract are traced in a file: a crowd's are alike."""


_verify = contracts._verify_deployed_code


def _is_ours(address: str, expected: str, language: str) -> bool:
    deployed = web3.eth.get_code(address)
    return _verify(address, expected, language) or len(deployed) * 2 == len(expected.removeprefix("0x"))


contracts._verify_deployed_code = _is_ours


class Traced(TransactionReceipt):  # type: ignore[misc]
    """What brownie's evaluation of a trace needs of a transaction; ``txid`` may be a call's request instead."""

    def __init__(self, txid: Any, receiver: str, data: str) -> None:
        self.txid, self.receiver, self.input = txid, receiver, data
        self.sender, self.value, self.gas_used, self.contract_address = None, 0, 0, None
        self.status, self._raw_trace, self._trace = Status(1), None, None
        named = json.dumps([txid, receiver, data], sort_keys=True)
        self.coverage_hash = hashlib.sha1(named.encode()).hexdigest()

    def _confirmed_return_value(self, value: str) -> None:
        """Leave it: only the steps are looked at."""

    _reverted_return_value = _confirmed_return_value


class Witness:
    """Sees what goes to the chain, and has traced what brownie would not."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask
        self._sent: dict[str, dict[str, str]] = {}
        self._read: set[tuple[str, str]] = set()
        self._seen: Counter[tuple[str, str]] = Counter()
        self._file: object = None
        self._busy = False

    def begin(self, file: object) -> None:
        """Take note that a test of this file begins."""
        if file != self._file:
            self._file = file
            self._read.clear()
            self._seen.clear()

    def ask(self, provider: HTTPProvider, method: str, parameters: Any) -> Any:
        """Do what a provider does."""
        if method == "debug_traceTransaction" and parameters and isinstance(parameters[0], dict):
            return self._ask(provider, "debug_traceCall", [parameters[0], "latest", parameters[1]])
        answer = self._ask(provider, method, parameters)
        if self._busy or not method.startswith(("eth_call", "eth_send")):
            return answer
        if method == "eth_call":
            self._call(parameters[0])
        elif method == "eth_sendTransaction" and "result" in answer:
            self._sent[str(answer["result"])] = parameters[0]
        return answer

    def trace_sent(self) -> None:
        """Trace the transactions that brownie does not know of."""
        known = {transaction.txid for transaction in history}
        for hash_, request in self._sent.items():
            if hash_ not in known:
                self._trace(hash_, str(request.get("to", "")), str(request.get("data", "0x")))
        self._sent.clear()

    def _call(self, request: dict[str, Any]) -> None:
        receiver, data = str(request.get("to", "")), str(request.get("data", "0x"))
        if (receiver, data) not in self._read:
            self._read.add((receiver, data))
            self._trace({**request, "data": data}, receiver, data)

    def _trace(self, txid: Any, receiver: str, data: str) -> None:
        contract = state._find_contract(receiver) if receiver else None
        if contract is None:
            return
        self._seen[contract._name, data[:10]] += 1
        if self._seen[contract._name, data[:10]] > ALIKE:
            return
        self._busy = True
        try:
            Traced(txid, receiver, data)._expand_trace()
        finally:
            self._busy = False


_witness = Witness(HTTPProvider.make_request)
HTTPProvider.make_request = lambda provider, method, parameters: _witness.ask(provider, method, parameters)  # type: ignore[method-assign]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Trace at the end of a test, before its transactions are taken back."""
    _witness.begin(item.path)
    yield
    _witness.trace_sent()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test for brownie."""
    for item in items:
        item.add_marker("skip_coverage" if item.path.name in OF_DEPLOYED_CODE else "no_call_coverage")
